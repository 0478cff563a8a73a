"""The event time of each row, from the monitor's timestamp column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.pipeline.blocks import Times
from mlflow_sentinel_plugin.profile.convert import datetimes
from mlflow_sentinel_plugin.profile.table import to_table
from mlflow_sentinel_plugin.profile.windows import MIN_MS

FUTURE_MS = 86_400_000
"""An event more than a day after its arrival is a wrong clock or a wrong unit."""


@dataclass(frozen=True)
class EventTimes:
    """Times of a batch.

    Attributes:
        ms: Event time of each row in ms; meaningless where not ``usable``.
        usable: Which rows have a time one can believe.
        reasons: Row number (from 0) -> why it has none, for the first few that have none.
    """

    ms: Times
    usable: npt.NDArray[np.bool_]
    reasons: dict[int, str]


def event_times(table: pa.Table, column: str, now_ms: int, max_reasons: int = 5) -> EventTimes:
    """Read the timestamp column: Arrow timestamps and dates, or ISO 8601 text; without a zone it is UTC.

    Raises:
        InvalidInput: the table has no such column.
    """
    if column not in table.column_names:
        raise InvalidInput(
            f"the timestamp column {column!r} is missing",
            hint="send it with each row, or clear the monitor's timestamp_column to go by arrival",
            code="timestamp_missing",
        )
    values = _one_array(to_table(table.select([column])).column(0))
    seconds = datetimes(values).values
    readable = np.isfinite(seconds)
    ms = np.floor_divide(np.rint(np.where(readable, seconds, 0.0) * 1e6), 1000).astype(np.int64)
    usable = readable & (ms >= MIN_MS) & (ms <= now_ms + FUTURE_MS)
    refused = np.flatnonzero(~usable)[:max_reasons].tolist()
    reasons = {row: _why(column, values[row].as_py(), bool(readable[row])) for row in refused}
    return EventTimes(ms, usable, reasons)


def _one_array(column: Any) -> Any:
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _why(column: str, value: Any, readable: bool) -> str:
    if value is None or value == "":
        return f"{column} is empty"
    shown = repr(value)[:60]
    if readable:
        return f"{column} is {shown}: not between 1970 and a day from now"
    return f"{column} is {shown}: write RFC 3339, for example 2026-01-31T08:00:00Z"
