"""``mlflow-sentinel demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlflow_sentinel_plugin.demo import run_demo, seed_demo


def _address(context: click.Context, option: click.Parameter, url: str | None) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter("an address begins with http:// or https://")
    return url.rstrip("/") if url else None


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
@click.option(
    "--into",
    "url",
    metavar="URL",
    callback=_address,
    help="Play into this running server, which keeps it, and end. Logs in with MLFLOW_TRACKING_USERNAME and "
    "MLFLOW_TRACKING_PASSWORD.",
)
def demo_command(
    once: bool, directory: Path | None, port: int | None, no_browser: bool, url: str | None
) -> None:
    """Watch a real model drift: a real MLflow server, real flights, and a storm that is in the news.

    Trains a model on flights out of New York in January 2013, then replays February and early March as live
    traffic. Takes about a minute and stays up until Ctrl-C.
    """
    if url is not None:
        if directory or port:
            raise click.UsageError("--dir and --port belong to the demo's own server; --into starts none")
        sys.exit(seed_demo(url))
    sys.exit(run_demo(once=once, directory=directory, port=port, browser=not no_browser))
