"""Columns of parsed JSON values as Arrow arrays.

A column of one type keeps it: boolean, int64, float64 or text. A column of several types, or of integers that
int64 (or, among floats, float64) cannot hold, becomes text, each value written as the engine writes a level:
``3``, ``0.25``, ``true``. Lists and objects become their JSON text.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.ingest.rows import is_unicode
from mlflow_sentinel_plugin.profile.texts import value_text


def column_of(values: list[Any], name: str, bad: dict[int, str]) -> Any:
    """The values as an array of the same length.

    ``bad`` gets the index and a reason for each row whose text is not valid Unicode; its value is null.
    """
    types = set(map(type, values)) - {type(None)}
    if types == {bool}:
        return pa.array(values, pa.bool_())
    if types and types <= {int, float}:
        numbers = _numbers(values, pa.int64() if types == {int} else pa.float64())
        if numbers is not None:
            return numbers
    texts = values if types <= {str} else [text_of(value) for value in values]
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return _valid_only(texts, name, bad)


def text_of(value: Any) -> str | None:
    """The text of one JSON value; ``None`` for null.

    >>> text_of(3.0), text_of(True), text_of([1, {"a": None}])
    ('3', 'true', '[1,{"a":null}]')
    """
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return value_text(value)


def _numbers(values: list[Any], kind: Any) -> Any:
    """The values as ``kind``; ``None`` if it cannot hold each integer exactly."""
    try:
        return pa.array(values, kind)
    except (OverflowError, pa.ArrowInvalid):
        return None


def _valid_only(texts: list[str | None], name: str, bad: dict[int, str]) -> Any:
    wrong = [index for index, text in enumerate(texts) if text is not None and not is_unicode(text)]
    bad.update(dict.fromkeys(wrong, f"the text in column {name!r} is not valid Unicode"))
    valid = list(texts)
    for index in wrong:
        valid[index] = None
    return pa.array(valid, pa.large_string())
