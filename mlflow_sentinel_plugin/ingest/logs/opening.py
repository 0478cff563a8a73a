"""From an open file to the reader of its format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa

from mlflow_sentinel_plugin.config.sources import SourceFormat
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.logs.forward import Forward
from mlflow_sentinel_plugin.ingest.logs.lines import Lines
from mlflow_sentinel_plugin.ingest.logs.naming import compression_of, format_of
from mlflow_sentinel_plugin.ingest.logs.portion import Reader
from mlflow_sentinel_plugin.ingest.logs.tables import ArrowTables, ParquetTables, inflated_copy


@contextmanager
def reader_of(raw: BinaryIO, path: str, said: SourceFormat) -> Iterator[Reader]:
    """A reader of the file.

    Args:
        path: Its name tells compression and, unless ``said``, format.

    Raises:
        InvalidInput: damaged.
    """
    try:
        content = Forward(raw, compression_of(path))
        kind = format_of(path, said, content.peek(16))
        if kind in ("jsonl", "csv"):
            yield Lines(content, csv=kind == "csv")
            return
        tables = ParquetTables if kind == "parquet" else ArrowTables
        if content.is_plain:
            yield tables(raw)
            return
        with inflated_copy(content) as copy:
            yield tables(copy)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise InvalidInput(f"the file cannot be read: {reason}", code="malformed_file") from error
