"""What the demo does to a server, whoever started it: train, register, tell what was found."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from mlflow_sentinel_plugin.demo.replay import Day
from mlflow_sentinel_plugin.demo.report import report
from mlflow_sentinel_plugin.demo.story import Verdict

MONITOR = "late-flights"
MONITOR_SETTINGS: dict[str, Any] = {
    "window": {"period": "1d"},
    "timestamp_column": TIMESTAMP,
    "timezone": TIMEZONE,
    # Days come seconds apart, and each is complete: the last one need not wait long for late rows.
    "lateness": "3s",
}


def train() -> tuple[model.Trained, list[Day]]:
    """The model of January, and the days that follow."""
    flights = load_flights()
    training, days = training_rows(flights), list(live_days(flights))
    click.echo(
        f"Training on January 2013: {len(training):,} flights out of New York, {len(days)} days follow"
    )
    trained = model.train(training)
    scores = ", ".join(f"{name} {value:.3f}" for name, value in trained.metrics.items())
    click.echo(f"  logistic regression, out-of-fold {scores}")
    return trained, days


def register(api: SentinelApi, trained: model.Trained, url: str) -> None:
    """Log the model's run to the MLflow at ``url`` and make its training rows the monitor's baseline."""
    logged = model.log_run(trained, url)
    click.echo(f"Logged run {url}/#/experiments/{logged.experiment_id}/runs/{logged.run_id}")
    if api.monitor() is None:
        api.create_monitor({**MONITOR_SETTINGS, "experiment_id": logged.experiment_id})
    source = {
        "run_id": logged.run_id,
        "artifact_path": model.ARTIFACT,
        "prediction": model.PREDICTION,
        "target": TARGET,
        "timestamp": TIMESTAMP,
    }
    baseline = api.register_baseline(source)
    click.echo(
        f"Registered its training rows as the baseline of monitor {MONITOR!r} ({baseline['rows']:,} rows)"
    )
    click.echo(f"Watch the page: {click.style(f'{url}/sentinel/', fg='cyan', underline=True)}\n")


def tell(verdicts: Sequence[Verdict]) -> None:
    """Print what was found."""
    click.echo("\nWhat Sentinel found, against January:")
    for line in report(verdicts):
        click.echo(line)


def conclude(problems: Sequence[str], expected: str) -> None:
    """Print what is not as expected, or that everything is."""
    for problem in problems:
        click.secho(f"Not as expected: {problem}", fg="red", err=True)
    if not problems:
        click.echo(f"As expected: {expected}.")


@contextmanager
def stops_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: with all its processes."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
