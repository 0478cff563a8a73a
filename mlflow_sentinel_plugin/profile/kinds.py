"""What a column is: inferred once from the reference, or said by the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.entities import Kind, Role
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.convert import (
    Numbers,
    booleans,
    datetimes,
    is_number,
    is_text,
    is_time,
    numbers,
)

KINDS: tuple[Kind, ...] = get_args(Kind)
ROLES: tuple[Role, ...] = get_args(Role)
Source = Literal["number", "boolean", "time", "text", "other"]
"""What type the reference column had; decides how texts become levels."""

UNSCORED_ROLES: frozenset[Role] = frozenset({"timestamp", "id"})
OPTIONAL_ROLES: frozenset[Role] = frozenset({"timestamp", "id", "target"})
PREDICTION = "prediction"

_MOSTLY_DISTINCT = 0.5
_FEW_LEVELS = 50
_EXACT_INTEGERS = 2**53
_FIRST_LOOK = 100


def infer_kind(column: Any) -> Kind:
    """The kind of a reference column (an Arrow array).

    Numbers are ``numeric`` however few their values; integers beyond 2^53, which float64 cannot tell apart,
    are ``categorical`` (``ignored`` where nearly each row has its own: an identifier). Texts are ``datetime``
    if each is an ISO 8601 date, ``text`` if there are more than 50 and over half of the rows have their own,
    else ``categorical``. Nested and empty columns are ``ignored``.
    """
    if column.null_count == len(column):
        return "numeric" if is_number(column) else "ignored"
    if pa.types.is_integer(column.type):
        return _integer_kind(column)
    if is_number(column) or pa.types.is_duration(column.type):
        return "numeric"
    if pa.types.is_boolean(column.type):
        return "boolean"
    if is_time(column):
        return "datetime"
    return _text_kind(column) if is_text(column) else "ignored"


def _integer_kind(column: Any) -> Kind:
    low, high = pc.min_max(column).as_py().values()
    return "numeric" if max(abs(low), abs(high)) <= _EXACT_INTEGERS else _key_kind(column)


def _number_text_kind(column: Any) -> Kind:
    whole = pc.all(pc.match_substring_regex(column, r"^\s*([+-]?\d+)?\s*$")).as_py()
    exact = np.nanmax(np.abs(numbers(column).values)) <= _EXACT_INTEGERS
    return "numeric" if exact or not whole else _key_kind(column)


def _key_kind(column: Any) -> Kind:
    return "ignored" if _mostly_distinct(column) else "categorical"


def _text_kind(column: Any) -> Kind:
    if datetimes(column.slice(0, _FIRST_LOOK)).malformed == 0 and _all_fit(datetimes(column)):
        return "datetime"
    return "text" if _mostly_distinct(column) else "categorical"


def _mostly_distinct(column: Any) -> bool:
    distinct = pc.count_distinct(column).as_py()
    return bool(distinct > _FEW_LEVELS and distinct > _MOSTLY_DISTINCT * (len(column) - column.null_count))


def infer_untyped(column: Any) -> tuple[Kind, Source]:
    """Kind and type of a text column whose file format has no types."""
    if _all_fit(numbers(column)):
        return _number_text_kind(column), "number"
    if _all_fit(booleans(column)):
        return "boolean", "boolean"
    return infer_kind(column), "text"


def _all_fit(converted: Numbers) -> bool:
    return converted.malformed == 0 and not np.isnan(converted.values).all()


def source_of(column: Any) -> Source:
    """What type a reference column has."""
    if is_number(column):
        return "number"
    if pa.types.is_boolean(column.type):
        return "boolean"
    if is_time(column):
        return "time"
    return "text" if is_text(column) else "other"


def checked_kinds(kinds: Mapping[str, str] | None, columns: Iterable[str]) -> dict[str, str]:
    """``kinds`` (column name -> kind) if each column exists and each kind is one of :data:`KINDS`."""
    return _checked("kind", KINDS, kinds, columns)


def checked_roles(
    roles: Mapping[str, str] | None, timestamp: str | None, columns: Iterable[str]
) -> dict[str, str]:
    """``roles`` (column name -> role) with ``timestamp`` added."""
    given = dict(roles or {})
    if timestamp is not None:
        given[timestamp] = "timestamp"
    return _checked("role", ROLES, given, columns)


def default_role(name: str) -> Role:
    """``prediction`` for the columns ``prediction`` and ``prediction.<output>``, else ``feature``."""
    return "prediction" if name == PREDICTION or name.startswith(PREDICTION + ".") else "feature"


def _checked(
    what: str, allowed: tuple[str, ...], given: Mapping[str, str] | None, columns: Iterable[str]
) -> dict[str, str]:
    known = list(columns)
    for name, value in (given or {}).items():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"columns: {', '.join(known[:20])}"
            raise InvalidInput(f"{what} given for {name!r}, which the data does not have", hint=hint)
        if value not in allowed:
            raise InvalidInput(
                f"{value!r} is not a {what} (column {name!r})", hint=f"one of {', '.join(allowed)}"
            )
    return dict(given or {})
