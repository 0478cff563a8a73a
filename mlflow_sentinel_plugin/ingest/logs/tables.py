"""Parquet and Arrow files: written once, read row by row from where the last look ended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.arrow_rows import read_arrow
from mlflow_sentinel_plugin.ingest.logs.marks import Known, Mark, digest
from mlflow_sentinel_plugin.ingest.logs.portion import BLOCK_LIMITS, Portion, Unit
from mlflow_sentinel_plugin.ingest.plain import plain_table
from mlflow_sentinel_plugin.ingest.rows import checked_bytes, too_large

BATCH_ROWS = 1 << 16
_START, _END = 4 << 10, 64 << 10
"""Bytes of a file's two ends by which it is known: its footer tells one Parquet file from any other."""
_MAX_INFLATED = 4 << 30


class Tables:
    """Reads a file of columns, see :class:`Reader`."""

    unit: Unit = "rows"
    is_ready = True
    untyped = False

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._mark = _whole_file(raw)
        self._position = 0

    def resume(self, position: int, mark: Mark) -> Known:
        if mark != self._mark:
            return "other"
        self._position = position
        return "same"

    def portions(self, *, final: bool, wanted: Collection[str] | None) -> Iterator[Portion]:
        del final
        try:
            for table in self._tables(wanted):
                if table.num_rows:
                    self._position += table.num_rows
                    yield Portion((table,), self._position, self._mark)
        except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise InvalidInput(f"the file cannot be read: {reason}", code="malformed_file") from None

    def _tables(self, wanted: Collection[str] | None) -> Iterator[Any]:
        raise NotImplementedError


class ParquetTables(Tables):
    """Reads Parquet, one batch of one row group at a time."""

    def _tables(self, wanted: Collection[str] | None) -> Iterator[Any]:
        self._raw.seek(0)
        file = pq.ParquetFile(self._raw, pre_buffer=False)
        names: list[str] = file.schema_arrow.names
        columns = names if wanted is None else [name for name in names if name in wanted]
        others = [name for name in names if name not in columns]
        skip = self._position
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if skip >= rows:
                skip -= rows
                continue
            for batch in file.iter_batches(BATCH_ROWS, [group], columns or names[:1], use_threads=False):
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                yield _table(batch.slice(skip), columns, others)
                skip = 0


class ArrowTables(Tables):
    """Reads an Arrow file or stream of a moderate size as a whole, and gives it in parts."""

    def _tables(self, wanted: Collection[str] | None) -> Iterator[Any]:
        del wanted
        size = self._raw.seek(0, os.SEEK_END)
        if size > BLOCK_LIMITS.bytes:
            raise too_large(f"{size} bytes of Arrow", f"at most {BLOCK_LIMITS.bytes}, or Parquet,")
        self._raw.seek(0)
        table = read_arrow(_all(self._raw), BLOCK_LIMITS).table
        for first in range(self._position, table.num_rows, BATCH_ROWS):
            yield table.slice(first, BATCH_ROWS)


def inflated_copy(content: Any) -> BinaryIO:
    """A temporary file with the inflated content, for formats that are not read front to back.

    Raises:
        TooLarge: it inflates to more than 4 GiB.
    """
    copy = tempfile.TemporaryFile(prefix="sentinel-log-")  # noqa: SIM115  (the caller closes it)
    while piece := content.read(1 << 20):
        copy.write(piece)
        if copy.tell() > _MAX_INFLATED:
            copy.close()
            raise too_large(f"more than {_MAX_INFLATED} bytes once inflated", "smaller files")
    copy.seek(0)
    return copy


def _table(batch: Any, columns: list[str], others: list[str]) -> Any:
    """The batch as plain columns; of columns that nobody needs only the names, over nulls."""
    batch.validate()
    checked_bytes(batch.nbytes, BLOCK_LIMITS)
    table = plain_table(iter([batch]), batch.schema.names, BLOCK_LIMITS)
    table = table.select(columns) if columns else table.select([])
    for name in others:
        table = table.append_column(name, pa.nulls(batch.num_rows))
    return table


def _whole_file(raw: BinaryIO) -> Mark:
    size = raw.seek(0, os.SEEK_END)
    raw.seek(0)
    start = raw.read(_START)
    raw.seek(max(0, size - _END))
    return Mark(0, digest(size.to_bytes(8, "little") + start + _all(raw)))


def _all(raw: BinaryIO) -> bytes:
    pieces = []
    while piece := raw.read(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)
