"""``mlflow-sentinel demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlflow_sentinel_plugin.demo import run_demo


@click.command("demo")
@click.option(
    "--once", is_flag=True, help="End after the report; exit code 0 if everything expected was seen."
)
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="New or empty folder for database, artifacts and log. Default: a temporary one, removed at the end.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the server on 127.0.0.1. Default: a free one."
)
@click.option("--no-browser", is_flag=True, help="Do not open the page.")
def demo_command(once: bool, directory: Path | None, port: int | None, no_browser: bool) -> None:
    """Watch a real model drift: a real MLflow server, real flights, and a storm that is in the news.

    Trains a model on flights out of New York in January 2013, then replays February and early March as live
    traffic. Takes about a minute and stays up until Ctrl-C.
    """
    sys.exit(run_demo(once=once, directory=directory, port=port, browser=not no_browser))
