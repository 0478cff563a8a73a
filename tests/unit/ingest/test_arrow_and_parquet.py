from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge
from mlflow_sentinel_plugin.ingest.payload import Limits, read_rows

STREAM, FILE = "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"
SMALL = Limits(rows=1_000, columns=4, cells=1_000, bytes=100_000)
PLAIN = pa.table({"a": [1, 2, None], "b": ["x", "", None], "c": [0.5, 1.5, None]})


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_stream_and_a_file_are_read_under_either_media_type(arrow_stream, arrow_file, compression):
    for body in (arrow_stream(PLAIN, compression), arrow_file(PLAIN, compression)):
        for media_type in (STREAM, FILE, None):
            assert read_rows(body, media_type).table.to_pydict() == PLAIN.to_pydict()


def test_parquet_is_read_with_its_types(parquet):
    rows = read_rows(parquet(PLAIN), "application/vnd.apache.parquet")
    assert [str(kind) for kind in rows.table.schema.types] == ["int64", "large_string", "double"]
    assert rows.table["b"].to_pylist() == ["x", "", None]
    assert not rows.untyped


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        (pa.array(["x", None, "x"]).dictionary_encode(), "large_string", ["x", None, "x"]),
        (pa.array(["x", "y" * 20], pa.string_view()), "large_string", ["x", "y" * 20]),
        (pa.array([b"x", None]), "large_string", ["x", None]),
        (pa.array([b"\xffx"]), "large_string", ["\ufffdx"]),
        (pa.array([b"ab"], pa.binary(2)), "large_string", ["ab"]),
        (pa.nulls(2), "large_string", [None, None]),
        (pa.array(np.array([1.5], np.float16)), "float", [1.5]),
        (pa.array([[1, 2], None]), "large_string", ["[1,2]", None]),
        (pa.array([{"k": "v"}]), "large_string", ['{"k":"v"}']),
        (pa.array([decimal.Decimal("1.50")]), "decimal128(3, 2)", [decimal.Decimal("1.50")]),
        (pa.array([dt.date(2024, 5, 1)]), "date32[day]", [dt.date(2024, 5, 1)]),
        (pa.array([2**63], pa.uint64()), "uint64", [2**63]),
    ],
)
def test_columns_become_plain_and_keep_their_meaning(arrow_stream, column, kind, expected):
    read = read_rows(arrow_stream(pa.table({"a": column})), STREAM).table["a"]
    assert str(read.type) == kind
    assert read.to_pylist() == expected


def test_the_unnamed_index_of_pandas_is_no_column(parquet):
    frame = PLAIN.to_pandas().iloc[[2, 0]]
    assert read_rows(parquet(pa.Table.from_pandas(frame)), None).columns == ["a", "b", "c"]


def test_what_polars_writes_is_read(tmp_path):
    path = tmp_path / "rows.arrow"
    pl.DataFrame({"a": [1, 2], "b": ["x", "y" * 40]}).write_ipc(path)
    assert read_rows(path.read_bytes(), FILE).table.to_pydict() == {"a": [1, 2], "b": ["x", "y" * 40]}


@pytest.mark.parametrize("kind", ["parquet", "arrow_stream", "arrow_file"])
class TestBadBodies:
    @pytest.fixture
    def write(self, kind, request):
        return request.getfixturevalue(kind)

    def test_no_rows(self, write):
        with pytest.raises(InvalidInput, match="holds no rows"):
            read_rows(write(PLAIN.slice(0, 0)), None)

    def test_a_name_twice(self, write):
        with pytest.raises(InvalidInput, match="two columns are named 'a'"):
            read_rows(write(pa.table([[1], [2]], names=["a", "a"])), None)

    def test_too_many_rows(self, write):
        with pytest.raises(TooLarge, match="1001 rows"):
            read_rows(write(pa.table({"a": np.zeros(1_001)})), None, limits=SMALL)

    def test_too_many_columns(self, write):
        with pytest.raises(TooLarge, match="5 columns"):
            read_rows(write(pa.table([[1]] * 5, names=list("abcde"))), None, limits=SMALL)

    def test_one_long_text_in_every_row(self, write):
        long = pa.DictionaryArray.from_arrays(np.zeros(900, np.int32), pa.array(["x" * 10_000]))
        body = write(pa.table({"a": long}))
        assert len(body) < 60_000
        with pytest.raises(TooLarge, match="once decoded"):
            read_rows(body, None, limits=SMALL)

    def test_cut_off(self, write):
        body = write(PLAIN)
        for end in (len(body) // 4, len(body) // 2, len(body) - 20):
            with pytest.raises(InvalidInput):
                read_rows(body[:end], "application/parquet" if body[:4] == b"PAR1" else STREAM)

    def test_flipped_bytes_are_refused_or_read_but_never_crash(self, write):
        source = write(pa.table({"a": np.arange(50.0), "b": ["x", "y"] * 25, "c": [[1], [2, 3]] * 25}))
        generator = np.random.default_rng(7)
        media_type = "application/parquet" if source[:4] == b"PAR1" else STREAM
        refused = 0
        for _ in range(200):
            body = bytearray(source)
            body[generator.integers(len(body))] = generator.integers(256)
            try:
                read_rows(bytes(body), media_type)
            except (InvalidInput, TooLarge):
                refused += 1
        assert refused > 0


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_arrow_that_inflates_beyond_the_limit_is_refused_before_it_does(
    arrow_stream, arrow_file, compression
):
    zeros = pa.table({str(i): np.zeros(1_000, np.int64) for i in range(4)})
    limits = Limits(rows=1_000, columns=4, cells=10_000, bytes=20_000)
    for write in (arrow_stream, arrow_file):
        body = write(zeros, compression)
        assert len(body) < 4_000
        with pytest.raises(TooLarge, match="32000 bytes once decoded"):
            read_rows(body, STREAM, limits=limits)


def test_parquet_that_inflates_beyond_the_limit_is_refused_by_its_metadata(parquet):
    texts = pa.table({"a": ["x" * 1_000] * 500})
    body = parquet(texts, compression="zstd", use_dictionary=False)
    assert len(body) < 5_000
    with pytest.raises(TooLarge, match="once decoded"):
        read_rows(body, None, limits=SMALL)


def test_texts_that_share_their_beginnings_are_bounded_too(parquet):
    options = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    few = parquet(pa.table({"a": ["x" * 10, "x" * 11]}), **options)
    assert read_rows(few, None).table["a"].to_pylist() == ["x" * 10, "x" * 11]
    many = parquet(pa.table({"a": ["x" * 10_000] * 900}), **options)
    with pytest.raises(TooLarge, match="once decoded"):
        read_rows(many, None, limits=SMALL)


def test_rows_without_any_bytes_are_bounded(arrow_stream):
    with pytest.raises(TooLarge, match="1000000000 rows"):
        read_rows(arrow_stream(pa.table({"a": pa.nulls(10**9)})), STREAM)


@pytest.mark.parametrize(
    "column",
    [
        pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"])),
        pa.array([["x"]], pa.list_(pa.dictionary(pa.int32(), pa.string()))),
        pa.array([["x"]], pa.list_view(pa.string())),
        pa.array([["x"]], pa.list_(pa.string_view())),
    ],
    ids=lambda column: str(column.type),
)
def test_types_that_can_repeat_values_without_bound_are_refused(arrow_stream, column):
    with pytest.raises(InvalidInput, match=r"column 'a' has the type .* not supported"):
        read_rows(arrow_stream(pa.table({"a": column})), STREAM)
