"""What open pages hear of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "sentinel_stream"
JSON = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table(TABLE):
        # MySQL keeps the table of an interrupted run of this revision; nothing can be in it yet.
        op.drop_table(TABLE)
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("monitor_id", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
