"""Windows and runs in full: silence and pauses of monitors, datasets of runs, versions of models."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
VERSIONS = "sentinel_model_versions"
BY_START = ("ix_sentinel_windows_monitor_id_start_ms_id", ["monitor_id", "start_ms", "id"])


def _new_columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("sentinel_monitors", sa.Column("resumed_at", sa.BigInteger())),
        ("sentinel_monitors", sa.Column("no_data_at", sa.BigInteger())),
        ("sentinel_monitors", sa.Column("problem", JSON)),
        ("sentinel_runs", sa.Column("datasets", JSON)),
    ]


def upgrade() -> None:
    # MySQL keeps what an interrupted run of this revision has done.
    for table, column in _new_columns():
        if column.name not in _columns(table):
            op.add_column(table, column)
    if BY_START[0] not in _indexes("sentinel_windows"):
        op.create_index(BY_START[0], "sentinel_windows", BY_START[1])
    if sa.inspect(op.get_bind()).has_table(VERSIONS):
        op.drop_table(VERSIONS)
    _create_versions()


def downgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(VERSIONS):
        op.drop_table(VERSIONS)
    if BY_START[0] in _indexes("sentinel_windows"):
        op.drop_index(BY_START[0], "sentinel_windows")
    for table, column in _new_columns():
        if column.name in _columns(table):
            op.drop_column(table, column.name)


def _create_versions() -> None:
    op.create_table(
        VERSIONS,
        sa.Column("workspace", sa.String(63), nullable=False, server_default="default"),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(32)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("aliases", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "name", "version", name=f"pk_{VERSIONS}"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )
    op.create_index(f"ix_{VERSIONS}_run_id", VERSIONS, ["run_id"])


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _indexes(table: str) -> set[str | None]:
    return {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
