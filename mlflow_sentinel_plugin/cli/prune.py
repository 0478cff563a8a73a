"""``mlflow-sentinel prune``: what retention allows to go, now."""

from __future__ import annotations

import click

from mlflow_sentinel_plugin.cli.common import BACKEND, CONFIG, load, open_database, reported

_LEASE_MS = 60_000


@click.command()
@CONFIG
@BACKEND
def prune(path: str | None, backend_store_uri: str | None) -> None:
    """Delete what retention allows now. A running server does it every hour by itself."""
    from mlflow_sentinel_plugin.clock import now_ms
    from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
    from mlflow_sentinel_plugin.pipeline.prune import prune as pruned
    from mlflow_sentinel_plugin.store.lease import Lease

    with reported(), open_database(path, backend_store_uri) as database:
        lease = Lease(database, "prune", ttl_ms=_LEASE_MS)
        epoch = lease.try_acquire()
        if epoch is None:
            raise click.ClickException(
                "a server or worker is running on this database, and prunes it every hour by itself"
            )
        try:
            gone = pruned(database, load(path).config, now_ms, BaselineCache(database), epoch)
        finally:
            lease.release()
        click.echo(
            f"{database}: {gone.rows} old rows deleted, {gone.reduced} windows made coarse, "
            f"coarse counts of {gone.dropped} windows deleted"
        )
