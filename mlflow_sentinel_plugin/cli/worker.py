"""``mlflow-sentinel worker``: poll, fold, judge and alert in a process of its own."""

from __future__ import annotations

import os
import signal
import threading

import click

from mlflow_sentinel_plugin.cli.common import BACKEND, CONFIG, load, reported


@click.command()
@CONFIG
@BACKEND
@click.option(
    "--registry-store-uri",
    envvar="MLFLOW_REGISTRY_STORE_URI",
    help="MLflow's model registry, if it is elsewhere.",
)
@click.option(
    "--artifacts-destination",
    envvar="MLFLOW_ARTIFACTS_DESTINATION",
    default="./mlartifacts",
    show_default=True,
    help="As given to mlflow server.",
)
def worker(
    path: str | None,
    backend_store_uri: str | None,
    registry_store_uri: str | None,
    artifacts_destination: str,
) -> None:
    """Do the background work of servers that say server.background: worker. Ends on SIGTERM or Ctrl-C.

    Give it what mlflow server is given. Several may run: one works, another takes over when it dies.
    """
    from mlflow_sentinel_plugin import mlflow_compat
    from mlflow_sentinel_plugin.app import worker as process
    from mlflow_sentinel_plugin.app.factory import log_to_stderr
    from mlflow_sentinel_plugin.app.preparation import check_names

    with reported():
        loaded = load(path)
        if not loaded.config.server.enabled:
            raise click.ClickException("Sentinel is switched off (server.enabled: false)")
        if backend_store_uri is None:
            raise click.UsageError("which MLflow? Give --backend-store-uri")
        check_names(loaded.config)
        loaded.config.database_uri(backend_store_uri)
    if loaded.config.server.background == "server":
        click.echo(
            "the servers do the background work too, unless they say server.background: worker", err=True
        )
    if path is not None:
        os.environ["SENTINEL_CONFIG"] = path
    mlflow_compat.act_as_server(backend_store_uri, registry_store_uri, artifacts_destination)
    log_to_stderr()
    process.run(_until_signal())


def _until_signal() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
