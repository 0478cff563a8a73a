"""Columns as the monitor knows them: other names, and event times that are numbers."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.config.sources import SourceSettings, TimeUnit


def wanted_of(settings: SourceSettings, needed: set[str]) -> set[str]:
    """Names in the files of the columns that are needed."""
    back = {new: old for old, new in settings.columns.items()}
    return {back.get(name, name) for name in needed}


def shaped(table: Any, settings: SourceSettings, timestamp_column: str | None) -> Any:
    """The table with the monitor's names, and times where ``timestamp_unit`` says that numbers are times.

    A column that is in the way of a new name is left out.
    """
    names = [settings.columns.get(name, name) for name in table.column_names]
    renamed = set(settings.columns.values())
    kept = [
        index
        for index, (old, new) in enumerate(zip(table.column_names, names, strict=True))
        if new not in renamed or old in settings.columns or names.count(new) == 1
    ]
    table = table.select(kept).rename_columns([names[index] for index in kept])
    if settings.timestamp_unit is None or timestamp_column not in table.column_names:
        return table
    index = table.column_names.index(timestamp_column)
    times = _times(table.column(index), settings.timestamp_unit)
    return table.set_column(index, timestamp_column, times)


def _times(column: Any, unit: TimeUnit) -> Any:
    """Numbers, or texts of numbers, as timestamps; null where there is none."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return column
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        number = pc.match_substring_regex(column, r"^\s*[+-]?\d{1,18}(\.\d*)?\s*$")
        column = pc.if_else(number, column, pa.scalar(None, kind))
        column = pc.utf8_trim_whitespace(column)
    factor = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001}[unit]
    micros = pc.multiply(pc.cast(column, pa.float64()), factor)
    usable = pc.and_(pc.is_finite(micros), pc.less(pc.abs(micros), 9e17))
    micros = pc.if_else(usable, micros, pa.scalar(None, pa.float64()))
    return pc.cast(pc.round(micros), pa.int64()).cast(pa.timestamp("us"))
