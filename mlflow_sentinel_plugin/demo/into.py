"""The demo's traffic into a server that is already running."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from typing import Any

import click

from mlflow_sentinel_plugin.demo import steps
from mlflow_sentinel_plugin.demo.api import SentinelApi
from mlflow_sentinel_plugin.demo.flights import live_days, load_flights
from mlflow_sentinel_plugin.demo.replay import collect_verdicts, local_day, replay
from mlflow_sentinel_plugin.demo.server import DemoFailed
from mlflow_sentinel_plugin.demo.story import shortcomings
from mlflow_sentinel_plugin.errors import SentinelError

READY_SECONDS = 180.0
ALERT_SECONDS = 20.0
OTHER_RUNS = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")


def run_into(url: str) -> int:
    """Seed the server at ``url``; 0 if what was expected was found, 1 with a reason otherwise.

    A second time it posts only what is missing, so an interrupted one can simply be repeated.
    """
    started = time.monotonic()
    try:
        with steps.stops_on_sigterm():
            forget_other_runs(os.environ)
            problems = _seed(SentinelApi(url, steps.MONITOR), url)
            click.echo(f"\nDone in {time.monotonic() - started:.0f} s.")
            steps.conclude(problems, "quiet days, the storms' days, and an alert")
        return 1 if problems else 0
    except SentinelError as error:
        click.secho(
            f"The demo failed: {error}" + (f"; {error.hint}" if error.hint else ""), fg="red", err=True
        )
        return 1
    except KeyboardInterrupt:
        click.echo("\nStopped; the same command goes on from here.")
        return 130


def forget_other_runs(environ: MutableMapping[str, str]) -> None:
    """Drop what would put the demo's run into a run or experiment of the caller's; logins stay."""
    for name in OTHER_RUNS:
        environ.pop(name, None)


def _seed(api: SentinelApi, url: str) -> list[str]:
    click.echo(f"Waiting for Sentinel at {url}")
    api.wait_ready(READY_SECONDS)
    monitor = api.monitor()
    _refuse_foreign(monitor)
    closed = len(api.closed_windows())
    days = [day for day, _ in live_days(load_flights())]
    if closed < len(days):
        _replay(api, url, has_baseline=bool(monitor and monitor["baseline"]))
    else:
        click.echo(f"It holds the demo's {closed} days already; nothing was changed.")
    verdicts = collect_verdicts(api)
    steps.tell(verdicts)
    problems = shortcomings(verdicts, days)
    return problems if _tell_alerts(api) else [*problems, "no alert told of the drift"]


def _replay(api: SentinelApi, url: str, *, has_baseline: bool) -> None:
    trained, days = steps.train()
    if has_baseline:
        click.echo(f"Monitor {steps.MONITOR!r} has its baseline already; going on with its days.")
    else:
        steps.register(api, trained, url)
    replay(api, trained.pipeline, days, known={local_day(window["start"]) for window in api.windows()})


def _refuse_foreign(monitor: dict[str, Any] | None) -> None:
    """Raise if somebody's own monitor has the name of the demo's."""
    if monitor is None:
        return
    ours = steps.MONITOR_SETTINGS
    same = monitor["window"].get("period") == ours["window"]["period"]
    if not same or any(monitor[key] != ours[key] for key in ("timestamp_column", "timezone")):
        raise DemoFailed(
            f"this server has a monitor {steps.MONITOR!r} that is not the demo's; nothing was changed"
        )


def _tell_alerts(api: SentinelApi) -> bool:
    """Print the alerts, newest last; whether there is one."""
    deadline = time.monotonic() + ALERT_SECONDS
    while not (alerts := api.alerts()) and time.monotonic() < deadline:
        time.sleep(0.5)
    click.echo("\nAlerts:")
    for alert in sorted(alerts, key=lambda alert: str(alert["opened_at"])):
        click.echo(f"  {alert['condition']}, {alert['severity']}, {alert['status']}: {alert['summary']}")
    return bool(alerts)
