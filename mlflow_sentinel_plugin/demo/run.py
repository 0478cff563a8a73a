"""The demo from start to end: server, model, baseline, replay, report."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click

from mlflow_sentinel_plugin.demo import model
from mlflow_sentinel_plugin.demo.api import SentinelApi
from mlflow_sentinel_plugin.demo.flights import (
    TARGET,
    TIMESTAMP,
    TIMEZONE,
    live_days,
    load_flights,
    training_rows,
)
from mlflow_sentinel_plugin.demo.receiver import Receiver
from mlflow_sentinel_plugin.demo.replay import collect_verdicts, replay
from mlflow_sentinel_plugin.demo.report import report, webhook_line
from mlflow_sentinel_plugin.demo.server import MLflowServer, forget_settings, free_port, port_is_free
from mlflow_sentinel_plugin.demo.story import shortcomings
from mlflow_sentinel_plugin.errors import InvalidInput, SentinelError

MONITOR = "late-flights"
MESSAGES = 3
"""The February storm begins, is over, and the March storm begins."""
WEBHOOK_SECONDS = 20.0
MONITOR_SETTINGS: dict[str, Any] = {
    "window": {"period": "1d"},
    "timestamp_column": TIMESTAMP,
    "timezone": TIMEZONE,
    # Days come seconds apart, and each is complete: the last one need not wait long for late rows.
    "lateness": "3s",
}


@dataclass(frozen=True)
class Options:
    once: bool
    directory: Path | None
    port: int | None
    browser: bool


def run(options: Options) -> int:
    """Run the demo; 0 if the expected events and webhook came, 1 with a reason otherwise."""
    started = time.monotonic()
    try:
        port = _port(options.port)
        with (
            _stops_on_sigterm(),
            _folder(options.directory) as folder,
            Receiver() as receiver,
            MLflowServer(folder, port, receiver.url) as server,
        ):
            forget_settings(os.environ)
            _say(f"Starting mlflow server --app-name sentinel at {server.url} (files in {folder})")
            with _log_shown_on_failure(server):
                problems = _play(server, receiver, options)
                _say(f"\nDone in {time.monotonic() - started:.0f} s.")
                _conclude(problems)
                if not options.once:
                    _stay_up(server)
        return 1 if problems else 0
    except SentinelError as error:
        click.secho(f"The demo failed: {error}", fg="red", err=True)
        return 1
    except KeyboardInterrupt:
        _say("\nStopped.")
        return 130 if options.once else 0


def _play(server: MLflowServer, receiver: Receiver, options: Options) -> list[str]:
    flights = load_flights()
    training, days = training_rows(flights), list(live_days(flights))
    _say(f"Training on January 2013: {len(training):,} flights out of New York, {len(days)} days follow")
    trained = model.train(training)
    _say(
        "  logistic regression, out-of-fold " + ", ".join(f"{k} {v:.3f}" for k, v in trained.metrics.items())
    )
    server.wait_ready()
    api = SentinelApi(server.url, MONITOR)
    _register(api, trained, server.url)
    if options.browser and not options.once:
        click.launch(f"{server.url}/sentinel/")
    replay(api, trained.pipeline, days)
    verdicts = collect_verdicts(api)
    _say("\nWhat Sentinel found, against January:")
    for line in report(verdicts):
        _say(line)
    receiver.wait_for(MESSAGES, WEBHOOK_SECONDS)
    _say(f"\nThe webhook {receiver.url} received:")
    for message in receiver.messages:
        _say(webhook_line(message))
    return shortcomings(verdicts, [day for day, _ in days], receiver.messages)


def _register(api: SentinelApi, trained: model.Trained, url: str) -> None:
    logged = model.log_run(trained, url)
    _say(f"Logged run {url}/#/experiments/{logged.experiment_id}/runs/{logged.run_id}")
    api.create_monitor({**MONITOR_SETTINGS, "experiment_id": logged.experiment_id})
    source = {
        "run_id": logged.run_id,
        "artifact_path": model.ARTIFACT,
        "prediction": model.PREDICTION,
        "target": TARGET,
        "timestamp": TIMESTAMP,
    }
    baseline = api.register_baseline(source)
    _say(f"Registered its training rows as the baseline of monitor {MONITOR!r} ({baseline['rows']:,} rows)")
    _say(f"Watch the page: {click.style(f'{url}/sentinel/', fg='cyan', underline=True)}\n")


def _conclude(problems: list[str]) -> None:
    for problem in problems:
        click.secho(f"Not as expected: {problem}", fg="red", err=True)
    if not problems:
        _say("As expected: quiet days, the storms' days, and the webhook.")


def _stay_up(server: MLflowServer) -> None:
    _say(f"Still serving at {server.url}/sentinel/ (MLflow itself: {server.url}); Ctrl-C ends it.")
    while server.running():
        time.sleep(0.5)
    raise SentinelError("the MLflow server ended")


def _port(asked: int | None) -> int:
    if asked is None:
        return free_port()
    if not port_is_free(asked):
        raise InvalidInput(f"port {asked} is in use", hint="leave --port out for a free one")
    return asked


@contextmanager
def _log_shown_on_failure(server: MLflowServer) -> Iterator[None]:
    """What the server said last, while its log is still there."""
    try:
        yield
    except SentinelError:
        click.echo(f"The server's last lines:\n{server.last_lines()}\n", err=True)
        raise


@contextmanager
def _folder(asked: Path | None) -> Iterator[Path]:
    if asked is None:
        with tempfile.TemporaryDirectory(prefix="sentinel-demo-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    asked.mkdir(parents=True, exist_ok=True)
    if any(asked.iterdir()):
        raise InvalidInput(f"{asked} is not empty; --dir needs a new or empty folder")
    yield asked.resolve()


@contextmanager
def _stops_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: with all its processes."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(text: str) -> None:
    click.echo(text)
