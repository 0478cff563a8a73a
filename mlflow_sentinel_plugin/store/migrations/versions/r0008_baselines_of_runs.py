"""Baselines that runs declare, and aliases that monitors follow."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LONG_TEXT = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
FOUND = "sentinel_run_baselines"
FOLLOWED = "sentinel_followed_aliases"


def upgrade() -> None:
    # MySQL keeps the tables of an interrupted run of this revision; nothing can be in them yet.
    _drop()
    _table(
        FOUND,
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("tag", sa.String(250), nullable=False),
        sa.Column("workspace", sa.String(63), nullable=False, server_default="default"),
        sa.Column("location", LONG_TEXT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("monitor_id", sa.String(32)),
        sa.Column("baseline_id", sa.String(32)),
        sa.Column("problem", LONG_TEXT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "tag", name=f"pk_{FOUND}"),
    )
    op.create_index(f"ix_{FOUND}_status_next_at", FOUND, ["status", "next_at"])
    op.create_index(f"ix_{FOUND}_monitor_id", FOUND, ["monitor_id"])
    _table(
        FOLLOWED,
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("version", sa.String(32)),
        sa.Column("run_id", sa.String(32)),
        sa.Column("baseline_id", sa.String(32)),
        sa.Column("problem", LONG_TEXT),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("monitor_id", name=f"pk_{FOLLOWED}"),
    )


def downgrade() -> None:
    _drop()


def _drop() -> None:
    for table in (FOUND, FOLLOWED):
        if sa.inspect(op.get_bind()).has_table(table):
            op.drop_table(table)


def _table(name: str, *columns: Any) -> None:
    op.create_table(
        name,
        *columns,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )
