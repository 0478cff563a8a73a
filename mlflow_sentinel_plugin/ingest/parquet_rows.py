"""Parquet. What its metadata promises is checked before anything is decoded."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.plain import plain_table
from mlflow_sentinel_plugin.ingest.rows import (
    Limits,
    Rejects,
    Rows,
    checked_bytes,
    checked_rows,
    finished,
    too_large,
)

MAGIC = b"PAR1"
_BATCH_ROWS = 16_384
_CAREFUL_ROWS = 512
"""At a time, where each row's text may be as long as the whole body."""
_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(body: bytes, limits: Limits) -> Rows:
    """Rows of a Parquet body. The index that pandas saves without a name is no column.

    Raises:
        InvalidInput: not Parquet, damaged, bad column names, a type that is not supported, no rows.
        TooLarge: more rows, columns or decoded bytes than allowed.
    """
    try:
        metadata = pq.read_metadata(pa.BufferReader(body))
        _check_promises(metadata, limits)
        table = _decoded(body, metadata, limits)
    except pa.ArrowMemoryError:
        raise too_large("more data than fits into memory", "fewer rows") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInput(f"the Parquet data cannot be read: {reason}", code="malformed_parquet") from None
    return finished(table, Rejects())


def _check_promises(metadata: Any, limits: Limits) -> None:
    checked_rows(metadata.num_rows, limits)
    if metadata.num_columns > limits.columns:
        raise too_large(f"{metadata.num_columns} columns", f"at most {limits.columns}")
    checked_bytes(sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)), limits)


def _decoded(body: bytes, metadata: Any, limits: Limits) -> pa.Table:
    # As dictionaries: one long text repeated in every row then takes its size once.
    texts = [
        column.path
        for column in map(metadata.schema.column, range(metadata.num_columns))
        if column.physical_type == "BYTE_ARRAY" and "." not in column.path
    ]
    try:
        return _table(body, texts, _BATCH_ROWS, limits)
    except (pa.ArrowException, OSError) as error:
        if "Not yet implemented" not in str(error):
            raise
        # Texts that share their beginnings (DELTA_BYTE_ARRAY) cannot be dictionaries.
        return _table(body, [], _CAREFUL_ROWS, limits)


def _table(body: bytes, as_dictionaries: list[str], batch_rows: int, limits: Limits) -> pa.Table:
    file = pq.ParquetFile(pa.BufferReader(body), read_dictionary=as_dictionaries)
    names: list[str] = file.schema_arrow.names
    table = plain_table(map(_valid, file.iter_batches(batch_rows, use_threads=False)), names, limits)
    return table.select(_data_columns(names, file.schema_arrow.metadata))


def _valid(batch: pa.RecordBatch) -> pa.RecordBatch:
    batch.validate(full=True)
    return batch


def _data_columns(names: list[str], metadata: dict[bytes, bytes] | None) -> list[str]:
    if b"pandas" not in (metadata or {}):
        return names
    return [name for name in names if not _UNNAMED_INDEX.fullmatch(name)]
