"""Rows as bytes and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.errors import CorruptData
from mlflow_sentinel_plugin.pipeline.blocks import Rows, decode, encode

TABLE = pa.table(
    {
        "age": pa.array([1.5, None, float("nan")]),
        "city": pa.array(["Ulm", None, ""], pa.large_string()),
        "event time": pa.array([True, False, None]),
        "extra": pa.nulls(3),
    }
)


def test_rows_come_back_as_they_were() -> None:
    found = decode(encode(Rows(TABLE, np.array([3, 1, 2], np.int64), "b1")))

    assert found.times is not None
    assert found.times.tolist() == [3, 1, 2]
    assert found.baseline_id == "b1"
    assert found.table.schema == TABLE.schema
    # NaN is not equal to itself, so compare the printed values.
    assert str(found.table.to_pylist()) == str(TABLE.to_pylist())


def test_rows_without_event_times_come_back_without() -> None:
    found = decode(encode(Rows(TABLE, None, "b1")))

    assert found.times is None
    assert found.table.column_names == TABLE.column_names


def test_the_body_is_compressed() -> None:
    table = pa.table({"city": ["Ulm"] * 10_000})

    assert len(encode(Rows(table, None, "b1"))) < table.nbytes / 2


def _stream_without_marks() -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return bytes(sink.getvalue())


WHOLE = encode(Rows(TABLE, None, "b1"))


@pytest.mark.parametrize(
    "data",
    [b"", b"not Arrow", WHOLE[:40], WHOLE[: len(WHOLE) // 2], b"\xff" * 200, _stream_without_marks()],
    ids=["empty", "text", "head", "half", "noise", "foreign"],
)
def test_damaged_bytes_are_told_from_rows(data: bytes) -> None:
    with pytest.raises(CorruptData, match="block of rows is damaged"):
        decode(data)


def test_any_single_damaged_byte_is_an_error_or_rows_but_never_a_crash() -> None:
    data = encode(Rows(pa.table({"city": ["Ulm", "Bonn"] * 50}), None, "b1"))
    for position in range(0, len(data), 7):
        broken = bytearray(data)
        broken[position] ^= 0xFF
        try:
            found = decode(bytes(broken))
        except CorruptData:
            continue
        assert found.table.num_rows >= 0
