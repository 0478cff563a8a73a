"""Build one worker's services from its settings."""

from __future__ import annotations

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api.context import Services
from mlflow_sentinel_plugin.app.preparation import check_names, ensure_schema, open_database
from mlflow_sentinel_plugin.config import Config, load_config
from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.scheduler import Background
from mlflow_sentinel_plugin.store.engine import Database


def build(*, works: bool = False) -> Services:
    """Running services of this process.

    Args:
        works: Do background work whatever ``server.background`` says: this is ``mlflow-sentinel worker``.

    Raises:
        SentinelError: they cannot be built now; the message says why.
    """
    config = load_config().config
    if not config.server.enabled:
        raise Unavailable("Sentinel is switched off (server.enabled: false)", code="disabled")
    mlflow_compat.check()
    check_names(config)
    db = open_database(config)
    try:
        ensure_schema(db, config)
        return _start(config, db, works or config.server.background == "server")
    except BaseException:
        db.close()
        raise


def _start(config: Config, db: Database, works: bool) -> Services:
    pipeline = Pipeline(db, config)
    tracking = TrackingSource()
    background = Background(pipeline, tracking, db, config)
    if works:
        background.start()
    return Services(config, db, pipeline, tracking, background)


def stop(services: Services) -> None:
    """End the background work of ``services``."""
    services.background.stop()
