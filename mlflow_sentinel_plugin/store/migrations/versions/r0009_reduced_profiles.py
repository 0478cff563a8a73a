"""Windows whose counts were made coarser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE, COLUMN = "sentinel_windows", "reduced"


def upgrade() -> None:
    if not _is_there():  # MySQL keeps it when a run of this revision was interrupted
        op.add_column(TABLE, sa.Column(COLUMN, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    if _is_there():
        op.drop_column(TABLE, COLUMN)


def _is_there() -> bool:
    return any(column["name"] == COLUMN for column in sa.inspect(op.get_bind()).get_columns(TABLE))
