"""Alerts that people act on: acknowledged, resolved, re-opened, silenced; digests of many."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
ALERTS, DELIVERIES, SILENCES = "sentinel_alerts", "sentinel_deliveries", "sentinel_silences"
INDEXES = (
    (f"ix_{DELIVERIES}_workspace_created_at", DELIVERIES, ["workspace", "created_at"]),
    (f"ix_{DELIVERIES}_digest_id", DELIVERIES, ["digest_id"]),
)


def _new_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        (ALERTS, sa.Column("acknowledged_at", sa.BigInteger())),
        (ALERTS, sa.Column("acknowledged_by", sa.String(255))),
        (ALERTS, sa.Column("resolved_by", sa.String(255))),
        (ALERTS, sa.Column("reopened", sa.Integer(), nullable=False, server_default="0")),
        (ALERTS, sa.Column("fired_at", sa.BigInteger())),
        (ALERTS, sa.Column("held", JSON)),
        (DELIVERIES, sa.Column("workspace", sa.String(63), nullable=False, server_default="default")),
        (DELIVERIES, sa.Column("monitor", sa.String(200))),
        (DELIVERIES, sa.Column("digest_id", sa.String(32))),
    ]


def upgrade() -> None:
    # MySQL keeps what an interrupted run of this revision has done.
    for table, column in _new_columns():
        if column.name not in _columns(table):
            op.add_column(table, column)
    for name, table, columns in INDEXES:
        if name not in _indexes(table):
            op.create_index(name, table, columns)
    if sa.inspect(op.get_bind()).has_table(SILENCES):
        op.drop_table(SILENCES)
    _create_silences()
    _fill()


def downgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(SILENCES):
        op.drop_table(SILENCES)
    for name, table, _ in INDEXES:
        if name in _indexes(table):
            op.drop_index(name, table)
    for table, column in _new_columns():
        if column.name in _columns(table):
            op.drop_column(table, column.name)


def _create_silences() -> None:
    op.create_table(
        SILENCES,
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63), nullable=False, server_default="default"),
        sa.Column("monitor_id", sa.String(32)),
        sa.Column("experiment_id", sa.String(32)),
        sa.Column("pattern", sa.String(200)),
        sa.Column("condition", sa.String(32)),
        sa.Column("severity", sa.String(16)),
        sa.Column("reason", JSON, nullable=False),
        sa.Column("author", sa.String(255)),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.String(255)),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{SILENCES}"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )
    op.create_index(f"ix_{SILENCES}_workspace_created_at", SILENCES, ["workspace", "created_at"])
    op.create_index(f"ix_{SILENCES}_workspace_ends_at", SILENCES, ["workspace", "ends_at"])
    op.create_index(f"ix_{SILENCES}_monitor_id", SILENCES, ["monitor_id"])


def _fill() -> None:
    """Give rows from before what they would have: when they fired, whose messages they are."""
    run = op.get_bind().execute
    alerts = sa.table(
        ALERTS, *(sa.column(name) for name in ("id", "workspace", "monitor_id", "fired_at", "notified_at"))
    )
    told = alerts.c.fired_at.is_(None) & alerts.c.notified_at.is_not(None)
    run(sa.update(alerts).where(told).values(fired_at=alerts.c.notified_at))
    deliveries = sa.table(
        DELIVERIES, sa.column("alert_id"), sa.column("workspace"), sa.column("monitor", sa.String)
    )
    monitors = sa.table("sentinel_monitors", sa.column("id"), sa.column("name"))
    of_alert = alerts.c.id == deliveries.c.alert_id
    name = sa.select(monitors.c.name).where(monitors.c.id == alerts.c.monitor_id, of_alert)
    workspace = sa.select(alerts.c.workspace).where(of_alert)
    run(
        sa.update(deliveries)
        .where(deliveries.c.monitor.is_(None))
        .values(
            monitor=name.limit(1).scalar_subquery(),
            workspace=sa.func.coalesce(workspace.limit(1).scalar_subquery(), "default"),
        )
    )


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _indexes(table: str) -> set[str | None]:
    return {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
