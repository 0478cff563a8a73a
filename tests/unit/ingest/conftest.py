"""Bodies of every binary format, made from tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Writer = Callable[..., bytes]


def _parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def _arrow(open_writer: Any) -> Writer:
    def write(table: pa.Table, compression: str | None = None) -> bytes:
        sink = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with open_writer(sink, table.schema, options=options) as out:
            out.write_table(table)
        return sink.getvalue()

    return write


@pytest.fixture
def parquet() -> Writer:
    return _parquet


@pytest.fixture
def arrow_stream() -> Writer:
    return _arrow(pa.ipc.new_stream)


@pytest.fixture
def arrow_file() -> Writer:
    return _arrow(pa.ipc.new_file)
