"""Accepted rows as bytes: one compressed Arrow stream a post, with event times and the baseline in force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlflow_sentinel_plugin.errors import CorruptData

Times = npt.NDArray[np.int64]

_BASELINE = b"sentinel.baseline"
_TIMED = b"sentinel.timed"
_UNTYPED = b"sentinel.untyped"
_TIME_COLUMN = "event time"
_DAMAGE = (pa.ArrowException, KeyError, OSError, UnicodeDecodeError, ValueError)


@dataclass(frozen=True)
class Rows:
    """Accepted rows.

    Attributes:
        table: Columns of the baseline, as they arrived.
        times: Event time of each row in ms; ``None`` when arrival counts.
        baseline_id: The active baseline when they arrived; empty while the monitor has none.
        untyped: All values are texts because their format has no types (CSV).
    """

    table: pa.Table
    times: Times | None
    baseline_id: str
    untyped: bool = False


def encode(rows: Rows) -> bytes:
    """An Arrow stream, zstd. The event times are its last column, whatever the others are called."""
    table = rows.table
    if rows.times is not None:
        table = table.append_column(_TIME_COLUMN, pa.array(rows.times, pa.int64()))
    timed = b"0" if rows.times is None else b"1"
    metadata = {_BASELINE: rows.baseline_id.encode(), _TIMED: timed}
    if rows.untyped:
        metadata[_UNTYPED] = b"1"
    table = table.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def decode(data: bytes) -> Rows:
    """Inverse of :func:`encode`.

    Raises:
        CorruptData: the bytes are damaged.
    """
    try:
        with pa.ipc.open_stream(data) as reader:
            table = reader.read_all()
        metadata = table.schema.metadata or {}
        baseline_id, timed = metadata[_BASELINE].decode(), metadata[_TIMED] == b"1"
        table.validate(full=True)
    except _DAMAGE as error:
        raise CorruptData(f"a block of rows is damaged: {error}") from None
    untyped = _UNTYPED in metadata
    table = table.replace_schema_metadata(None)
    if not timed:
        return Rows(table, None, baseline_id, untyped)
    last = table.num_columns - 1
    times = table.column(last).to_numpy().astype(np.int64, copy=False)
    return Rows(table.remove_column(last), times, baseline_id, untyped)
