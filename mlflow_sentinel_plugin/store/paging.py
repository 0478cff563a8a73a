"""Pages of a list, by the last row seen rather than by offset: rows that come or go move nothing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from mlflow_sentinel_plugin.errors import InvalidInput

T = TypeVar("T")
Expression = ColumnElement[Any] | InstrumentedAttribute[Any]

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
_MAX_INT = 2**63


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list; ``next`` is the cursor of the following page, ``None`` on the last."""

    items: list[T]
    next: str | None = None


def page(
    session: Session,
    query: Select[T],
    sort: Expression,
    unique: Expression,
    *,
    descending: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[T]:
    """One page of a list of entities.

    Args:
        query: Selects one entity, filtered, without an order.
        sort: What to order by; never null (wrap it in ``coalesce``). Text or whole numbers.
        unique: Breaks ties; differs in every row.
        descending: Newest first.
        limit: Rows of the page, 1 to 500.
        cursor: ``Page.next`` of the page before.

    Raises:
        InvalidInput: the limit is out of range, or the cursor damaged or of another list.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"limit must be 1 to {MAX_LIMIT}, got {limit}")
    if cursor is not None:
        query = query.where(_beyond(sort, unique, _decode(cursor, sort, unique), descending))
    keys = (sort.desc(), unique.desc()) if descending else (sort.asc(), unique.asc())
    rows = session.execute(query.add_columns(sort, unique).order_by(*keys).limit(limit + 1)).all()
    items = [row[0] for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items, _encode(*rows[limit - 1][1:]) if more else None)


def _beyond(
    sort: Expression, unique: Expression, last: tuple[Any, Any], descending: bool
) -> ColumnElement[bool]:
    """Rows after ``last``; the redundant bound on ``sort`` lets an index be used."""
    value, tie = last
    if descending:
        return and_(sort <= value, or_(sort < value, unique < tie))
    return and_(sort >= value, or_(sort > value, unique > tie))


def _encode(value: Any, tie: Any) -> str:
    text = json.dumps([value, tie], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, sort: Expression, unique: Expression) -> tuple[Any, Any]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        keys = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        keys = None
    if not isinstance(keys, list) or len(keys) != 2 or not _fits(keys[0], sort) or not _fits(keys[1], unique):
        raise InvalidInput(
            "the cursor is damaged or belongs to another list",
            hint="pass the value of 'next' from the page before, with the same path and filters",
        )
    return keys[0], keys[1]


def _fits(value: Any, column: Expression) -> bool:
    """Whether a value from outside is of the column's type, and one that every database takes."""
    if isinstance(value, bool) or not isinstance(value, column.type.python_type):
        return False
    if isinstance(value, int):
        return -_MAX_INT <= value < _MAX_INT
    return isinstance(value, str) and _is_plain(value)


def _is_plain(text: str) -> bool:
    return "\x00" not in text and text.encode("utf-8", "ignore").decode() == text
