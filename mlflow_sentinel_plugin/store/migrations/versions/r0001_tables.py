"""The first tables.

Written out rather than taken from the models, so that what a database got from this revision never changes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG_TEXT = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
BLOB = sa.LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = LONG_TEXT


def _required(kind: TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _optional(kind: TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _ids(*names: str) -> list[sa.Column[Any]]:
    return _required(sa.String(32), *names)


def _times(*names: str) -> list[sa.Column[Any]]:
    return _required(sa.BigInteger(), *names)


def _serial() -> sa.Column[Any]:
    return sa.Column("id", SERIAL, nullable=False, autoincrement=True)


def _workspace() -> sa.Column[Any]:
    return sa.Column("workspace", sa.String(63), nullable=False, server_default="default")


def _table(name: str, *columns: sa.Column[Any], key: str = "id", unique: str = "") -> None:
    """``key`` and ``unique``: columns, separated by blanks."""
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}")]
    if unique:
        constraints.append(sa.UniqueConstraint(*unique.split(), name=f"uq_{name}_{unique.replace(' ', '_')}"))
    op.create_table(
        name,
        *columns,
        *constraints,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        # As on the other databases, names that differ in case or accents are different names.
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    _monitors()
    _baselines()
    _inbox()
    _windows()
    _window_features()
    _events()
    _alerts()
    _deliveries()
    _runs()
    _cursors_and_lease()


def _monitors() -> None:
    _table(
        "sentinel_monitors",
        *_ids("id"),
        _workspace(),
        *_required(sa.String(200), "name"),
        *_required(sa.String(32), "experiment_id"),
        *_optional(sa.String(255), "model"),
        *_required(JSON, "settings"),
        *_required(sa.Boolean(), "paused"),
        *_optional(sa.String(32), "baseline_id"),
        *_required(sa.BigInteger(), "rows_accepted", "rows_rejected"),
        *_optional(sa.String(32), "state"),
        *_optional(sa.String(16), "severity"),
        *_optional(sa.BigInteger(), "last_row_at", "max_event_ms"),
        *_optional(BLOB, "detector_state"),
        *_times("created_at", "updated_at"),
        unique="workspace name",
    )
    _index("sentinel_monitors", "experiment_id")


def _baselines() -> None:
    _table(
        "sentinel_baselines",
        *_ids("id"),
        _workspace(),
        *_ids("monitor_id"),
        *_required(sa.Integer(), "version"),
        *_required(sa.BigInteger(), "rows"),
        *_required(sa.String(64), "digest"),
        *_required(JSON, "source", "features"),
        *_optional(sa.String(32), "run_id"),
        *_required(BLOB, "data"),
        *_times("created_at"),
        *_optional(sa.BigInteger(), "activated_at"),
        unique="monitor_id version",
    )
    _index("sentinel_baselines", "run_id")


def _inbox() -> None:
    _table(
        "sentinel_inbox",
        _serial(),
        *_ids("monitor_id"),
        *_times("received_at"),
        *_required(sa.Integer(), "rows", "rejected"),
        *_required(BLOB, "data"),
    )
    _index("sentinel_inbox", "monitor_id", "id")
    _table(
        "sentinel_idempotency",
        *_ids("monitor_id"),
        *_required(sa.String(64), "key_hash", "digest"),
        *_required(sa.Integer(), "rows", "rejected"),
        *_times("created_at"),
        key="monitor_id key_hash",
    )
    _index("sentinel_idempotency", "created_at")


def _windows() -> None:
    _table(
        "sentinel_windows",
        *_ids("id"),
        _workspace(),
        *_ids("monitor_id", "baseline_id"),
        *_required(sa.String(80), "spec"),
        *_required(sa.BigInteger(), "ordinal", "start_ms", "end_ms"),
        *_required(sa.Boolean(), "is_open", "is_due"),
        *_required(sa.BigInteger(), "rows", "last_arrival_ms"),
        *_required(sa.Integer(), "data_version", "scored_version"),
        *_optional(sa.String(32), "state"),
        *_optional(sa.String(16), "severity"),
        *_optional(sa.Double(), "score"),
        *_optional(JSON, "result"),
        *_required(JSON, "history"),
        *_optional(BLOB, "profile"),
        *_optional(sa.BigInteger(), "closed_at", "scored_at"),
        unique="monitor_id baseline_id spec ordinal",
    )
    _index("sentinel_windows", "monitor_id", "end_ms")
    _index("sentinel_windows", "is_open", "monitor_id")
    _index("sentinel_windows", "is_due", "monitor_id")


def _window_features() -> None:
    _table(
        "sentinel_window_features",
        *_ids("window_id", "feature_key"),
        *_required(LONG_TEXT, "feature"),
        *_ids("monitor_id"),
        *_times("at_ms"),
        *_required(sa.String(32), "state"),
        *_optional(sa.Double(), "effect", "p_value"),
        *_required(JSON, "scores"),
        key="window_id feature_key",
    )
    _index("sentinel_window_features", "monitor_id", "feature_key", "at_ms")


def _events() -> None:
    _table(
        "sentinel_events",
        *_ids("id"),
        _workspace(),
        *_ids("monitor_id", "experiment_id", "window_id", "baseline_id"),
        *_times("at_ms"),
        *_required(sa.String(32), "state"),
        *_required(sa.String(16), "severity"),
        *_required(sa.Double(), "score"),
        *_required(JSON, "features"),
        *_required(LONG_TEXT, "summary"),
        *_required(sa.Boolean(), "withdrawn"),
        *_times("created_at", "updated_at"),
        unique="window_id",
    )
    _index("sentinel_events", "monitor_id", "at_ms")
    _index("sentinel_events", "workspace", "at_ms")


def _alerts() -> None:
    _table(
        "sentinel_alerts",
        *_ids("id"),
        _workspace(),
        *_ids("monitor_id", "experiment_id"),
        *_required(sa.String(32), "condition"),
        *_required(sa.String(16), "status", "severity"),
        *_required(LONG_TEXT, "summary"),
        *_required(JSON, "features"),
        *_optional(sa.String(32), "event_id"),
        *_required(sa.Integer(), "windows", "clean_windows"),
        *_times("opened_at", "updated_at"),
        *_optional(sa.BigInteger(), "resolved_at", "notified_at"),
        *_optional(sa.String(16), "notified_severity"),
    )
    _index("sentinel_alerts", "monitor_id", "condition", "status")
    _index("sentinel_alerts", "workspace", "opened_at")
    _table(
        "sentinel_alert_log",
        _serial(),
        *_ids("alert_id"),
        *_times("at_ms"),
        *_required(sa.String(32), "reason"),
        *_required(LONG_TEXT, "text"),
        *_optional(sa.String(255), "actor"),
    )
    _index("sentinel_alert_log", "alert_id", "id")


def _deliveries() -> None:
    _table(
        "sentinel_deliveries",
        *_ids("id", "alert_id"),
        *_required(sa.String(200), "sink"),
        *_required(sa.String(16), "action"),
        *_required(JSON, "message"),
        *_required(sa.String(16), "status"),
        *_required(sa.Integer(), "attempts"),
        *_times("next_at"),
        *_optional(sa.String(200), "claimed_by"),
        *_optional(LONG_TEXT, "last_error"),
        *_times("created_at"),
        *_optional(sa.BigInteger(), "sent_at"),
    )
    _index("sentinel_deliveries", "status", "next_at")
    _index("sentinel_deliveries", "alert_id")


def _runs() -> None:
    _table(
        "sentinel_runs",
        *_ids("run_id"),
        _workspace(),
        *_ids("experiment_id"),
        *_required(sa.String(255), "experiment_name"),
        *_optional(LONG_TEXT, "name"),
        *_required(sa.String(20), "status", "lifecycle"),
        *_optional(sa.String(255), "user_name"),
        *_optional(sa.BigInteger(), "start_ms", "end_ms"),
        *_required(JSON, "metrics", "params", "tags", "artifacts"),
        *_required(sa.String(64), "digest"),
        *_times("updated_at"),
        key="run_id",
    )
    _index("sentinel_runs", "workspace", "start_ms")
    _index("sentinel_runs", "experiment_id", "start_ms")


def _cursors_and_lease() -> None:
    _table("sentinel_cursors", *_required(sa.String(200), "name"), *_required(JSON, "value"), key="name")
    _table(
        "sentinel_lease",
        *_required(sa.String(64), "name"),
        *_optional(sa.String(200), "owner"),
        *_required(sa.BigInteger(), "epoch", "expires_at", "beat_at"),
        key="name",
    )
