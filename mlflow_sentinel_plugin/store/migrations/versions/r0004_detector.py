"""What the decision rule needs of earlier windows: what it found in them, and their counts once pruned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "sentinel_windows"
JSON = sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
BLOB = sa.LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    known = _columns()  # MySQL keeps those that an interrupted run of this revision has added
    for name, kind in (("memory", JSON), ("coarse", BLOB)):
        if name not in known:
            op.add_column(TABLE, sa.Column(name, kind))


def downgrade() -> None:
    for name in {"memory", "coarse"} & _columns():
        op.drop_column(TABLE, name)


def _columns() -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(TABLE)}
