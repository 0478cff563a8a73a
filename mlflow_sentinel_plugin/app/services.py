"""Build one worker's services from its settings."""

from __future__ import annotations

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.alert.sinks import Sinks, build_sinks
from mlflow_sentinel_plugin.api.context import Services
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.config import Config, load_config
from mlflow_sentinel_plugin.errors import ConfigError, InvalidInput, Unavailable
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.scheduler import Background
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


def build() -> Services:
    """Running services of this process.

    Raises:
        SentinelError: they cannot be built now; the message says why.
    """
    config = load_config().config
    if not config.server.enabled:
        raise Unavailable("Sentinel is switched off (server.enabled: false)", code="disabled")
    mlflow_compat.check()
    sinks = check_names(config)
    db = open_database(config)
    try:
        ensure_schema(db, config)
        return _start(config, db, sinks)
    except BaseException:
        db.close()
        raise


def _start(config: Config, db: Database, sinks: Sinks) -> Services:
    pipeline = Pipeline(db, config, now_ms, sinks)
    tracking = TrackingSource()
    background = Background(pipeline, tracking, db, config)
    background.start()
    return Services(config, db, pipeline, tracking, background)


def stop(services: Services) -> None:
    """End the background work of ``services``."""
    services.background.stop()


def open_database(config: Config) -> Database:
    """The configured database; nothing is connected to yet.

    Raises:
        ConfigError: it is no database that Sentinel works with.
    """
    return Database.open(config.database_uri(mlflow_compat.backend_uri()), wal=config.storage.wal)


def ensure_schema(db: Database, config: Config) -> None:
    """Bring the tables up to date, or say why they are not.

    Raises:
        Unavailable: the database is away, its tables are newer, or may not be changed (``storage.migrate``).
    """
    if config.storage.migrate == "auto":
        migrate.upgrade(db)
        return
    state = migrate.check(db)
    if state != "current":
        raise Unavailable(
            f"the tables of Sentinel are {state}, and storage.migrate is manual",
            hint="run mlflow-sentinel db upgrade",
            code="schema_missing",
        )


def check_names(config: Config) -> Sinks:
    """Check what only the registries know: metrics, thresholds, and the sinks, which are returned.

    Raises:
        ConfigError: an unknown metric or kind of sink, or a wrong setting of a sink.
    """
    from mlflow_sentinel_plugin.detect.metrics import METRICS

    thresholds = config.drift.thresholds or {}
    for key, names in (("algorithms", config.drift.algorithms), ("thresholds", list(thresholds))):
        for name in names:
            metric = name.removesuffix("_pvalue") if key == "thresholds" else name
            try:
                METRICS.get(metric)
            except InvalidInput as error:
                raise ConfigError(f"drift.{key}: {error.message}", hint=error.hint) from None
    return build_sinks(config.alerting)
