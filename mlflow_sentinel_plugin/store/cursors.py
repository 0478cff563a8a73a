"""How far each reader got: a small JSON object by name."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.store.models import Cursor
from mlflow_sentinel_plugin.store.results import rows_touched

_LONGEST = 200


def get(session: Session, name: str) -> dict[str, Any] | None:
    """What was last set under the name."""
    cursor = session.get(Cursor, _key(name), populate_existing=True)
    return None if cursor is None else cursor.value


def set(session: Session, name: str, value: dict[str, Any]) -> None:
    """Set it, in the transaction that stores what was read."""
    change = update(Cursor).where(Cursor.name == _key(name)).values(value=value)
    if rows_touched(session, change):
        return
    try:
        with session.begin_nested():
            session.add(Cursor(name=_key(name), value=value))
    except IntegrityError:
        session.execute(change)


def _key(name: str) -> str:
    """A name that is too long for the column, such as one with a file's path, goes by its hash."""
    return name if len(name) <= _LONGEST else "sha256:" + hashlib.sha256(name.encode()).hexdigest()
