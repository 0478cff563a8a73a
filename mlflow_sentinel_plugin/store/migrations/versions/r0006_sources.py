"""Log files that are read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

SOURCES = "sentinel_sources"
FILES = "sentinel_source_files"
TEXT = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    for table in (FILES, SOURCES):
        if sa.inspect(op.get_bind()).has_table(table):
            # MySQL keeps the tables of an interrupted run of this revision; nothing can be in them yet.
            op.drop_table(table)
    _create(
        SOURCES,
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63), nullable=False, server_default="default"),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("experiment_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("created_by", sa.String(255)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", TEXT),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("alerted", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.BigInteger()),
        sa.Column("read_at", sa.BigInteger()),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("files_behind", sa.Integer(), nullable=False),
        sa.Column("files_failing", sa.Integer(), nullable=False),
        sa.Column("bytes_behind", sa.BigInteger(), nullable=False),
        sa.Column("samples", TEXT, nullable=False),
        sa.UniqueConstraint("monitor_id", "name", name=f"uq_{SOURCES}_monitor_id_name"),
    )
    op.create_index(f"ix_{SOURCES}_workspace_name", SOURCES, ["workspace", "name"])
    _create(
        FILES,
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("inode", sa.String(64)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ms", sa.BigInteger()),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("mark", TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("error", TEXT),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger()),
    )
    op.create_index(f"ix_{FILES}_source_id_read_at", FILES, ["source_id", "read_at"])
    op.create_index(f"ix_{FILES}_monitor_id", FILES, ["monitor_id"])


def downgrade() -> None:
    for table in (FILES, SOURCES):
        if sa.inspect(op.get_bind()).has_table(table):
            op.drop_table(table)


def _create(table: str, *columns: Any) -> None:
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )
