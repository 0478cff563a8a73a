"""What comes before any service: settings that make sense, and tables of this version."""

from __future__ import annotations

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.alert.sinks import build_sinks
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.detect.metrics import METRICS
from mlflow_sentinel_plugin.errors import ConfigError, InvalidInput, Unavailable
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


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


def check_names(config: Config) -> None:
    """Check what only the registries know: metrics, thresholds and sinks.

    Raises:
        ConfigError: an unknown metric or kind of sink, or a wrong setting of a sink.
    """
    thresholds = config.drift.thresholds or {}
    for key, names in (("algorithms", config.drift.algorithms), ("thresholds", list(thresholds))):
        for name in names:
            metric = name.removesuffix("_pvalue") if key == "thresholds" else name
            try:
                METRICS.get(metric)
            except InvalidInput as error:
                raise ConfigError(f"drift.{key}: {error.message}", hint=error.hint) from None
    build_sinks(config.alerting)
