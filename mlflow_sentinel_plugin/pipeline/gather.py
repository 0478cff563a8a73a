"""Rows of many posts as one table, although each post may write a column in its own type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def one_table(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows in order; a column that some tables lack is null there.

    A column that is numbers in one table and texts in another is numbers if every text is one, else texts.

    >>> one = pa.table({"a": [1, 2]}), pa.table({"a": ["3.5", ""]})
    >>> one_table(one)["a"].to_pylist()
    [1.0, 2.0, 3.5, None]
    """
    names = list(dict.fromkeys(name for table in tables for name in table.column_names))
    return pa.table({name: _column(name, tables) for name in names})


def _column(name: str, tables: Sequence[pa.Table]) -> Any:
    parts = [_plain(table, name) for table in tables]
    try:
        return _joined(name, parts)
    except pa.ArrowException:
        pass
    try:
        return _joined(name, [_numbers(part) for part in parts])
    except pa.ArrowException:
        return _joined(name, [part.cast(pa.large_string()) for part in parts])


def _plain(table: pa.Table, name: str) -> Any:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows)])
    column = table[name]
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _joined(name: str, parts: Sequence[Any]) -> Any:
    return pa.concat_tables([pa.table({name: part}) for part in parts], promote_options="permissive")[name]


def _numbers(part: Any) -> Any:
    if pa.types.is_string(part.type) or pa.types.is_large_string(part.type):
        trimmed = pc.utf8_trim_whitespace(part)
        part = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    return part.cast(pa.float64())
