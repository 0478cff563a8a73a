"""Baselines that were found on runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "sentinel_runs"
INDEX = f"ix_{TABLE}_found_state"
TEXT = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    # MySQL keeps what an interrupted run of this revision has done.
    there = _names("columns")
    for column in _new_columns():
        if column.name not in there:
            op.add_column(TABLE, column)
    if INDEX not in _names("indexes"):
        op.create_index(INDEX, TABLE, ["found_state"])


def downgrade() -> None:
    if INDEX in _names("indexes"):
        op.drop_index(INDEX, TABLE)
    there = _names("columns")
    for column in _new_columns():
        if column.name in there:
            op.drop_column(TABLE, column.name)


def _new_columns() -> list[sa.Column[str]]:
    return [
        sa.Column("found", sa.String(64)),
        sa.Column("found_state", sa.String(16)),
        sa.Column("found_error", TEXT),
    ]


def _names(what: str) -> set[str]:
    inspector = sa.inspect(op.get_bind())
    found = inspector.get_columns(TABLE) if what == "columns" else inspector.get_indexes(TABLE)
    return {str(one["name"]) for one in found}
