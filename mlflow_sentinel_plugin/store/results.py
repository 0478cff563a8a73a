"""How many rows a statement touched."""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.orm import Session


def rows_touched(session: Session, statement: Update | Delete) -> int:
    """Run it; the number of rows that matched, on MySQL too when their values stayed the same."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[object]", result).rowcount
