"""Each format from a position on, portion by portion, and how a file is known again."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.logs import lines
from mlflow_sentinel_plugin.ingest.logs.cutting import records_end
from mlflow_sentinel_plugin.ingest.logs.marks import Mark
from mlflow_sentinel_plugin.ingest.logs.opening import reader_of
from mlflow_sentinel_plugin.ingest.logs.portion import Portion


def read(
    content: bytes, name: str, position: int = 0, mark: Mark | None = None, *, final: bool = False
) -> list[Portion]:
    with reader_of(io.BytesIO(content), name, "auto") as reader:
        if mark is not None:
            assert reader.resume(position, mark) == "same"
        return list(reader.portions(final=final, wanted=None))


def column(portions: Iterable[Portion], name: str = "a") -> list[object]:
    return [value for one in portions for table in one.tables for value in table.column(name).to_pylist()]


def known(content: bytes, name: str, after: Portion) -> str:
    with reader_of(io.BytesIO(content), name, "auto") as reader:
        return reader.resume(after.end, after.mark)


def json_lines(first: int, last: int) -> bytes:
    return b"".join(b'{"a": %d}\n' % n for n in range(first, last))


def csv_lines(first: int, last: int) -> bytes:
    return b"".join(b"%d\n" % n for n in range(first, last))


# --- lines -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "whole"), [("x.jsonl", json_lines(0, 500)), ("x.csv", b"a\n" + csv_lines(0, 500))]
)
@pytest.mark.parametrize("cut", [1, 700, 1_500])
def test_what_follows_a_position_is_read_wherever_the_file_ended_before(name, whole, cut):
    first = read(whole[:cut], name)
    position, mark = (first[-1].end, first[-1].mark) if first else (0, None)
    then = read(whole, name, position, mark)
    assert [int(value) for value in column(first + then)] == list(range(500))
    assert then[-1].end == len(whole)


def test_many_small_blocks_give_each_line_once(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 64)
    portions = read(json_lines(0, 300), "x.jsonl")
    assert len(portions) > 20
    assert column(portions) == list(range(300))
    assert sorted({one.end for one in portions}) == [one.end for one in portions]


@pytest.mark.parametrize(("tail", "rows"), [(b'{"a": 3}', 1), (b'{"a": 3', 0), (b"  ", 0)])
def test_a_last_json_line_without_an_end_counts_once_nobody_writes_if_it_is_whole(tail, rows):
    assert len(column(read(json_lines(0, 2) + tail, "x.jsonl"))) == 2
    assert len(column(read(json_lines(0, 2) + tail, "x.jsonl", final=True))) == 2 + rows


def test_a_csv_without_its_whole_header_waits():
    with reader_of(io.BytesIO(b"a,b"), "x.csv", "auto") as reader:
        assert not reader.is_ready
    with reader_of(io.BytesIO(b"a,b\n"), "x.csv", "auto") as reader:
        assert reader.is_ready


def test_the_header_is_kept_for_every_part_of_a_csv():
    first = read(b"a,b\n1,x\n", "x.csv")[-1]
    then = read(b"a,b\n1,x\n2,y\n", "x.csv", first.end, first.mark)
    assert (column(then), column(then, "b")) == (["2"], ["y"])


def test_a_line_end_in_quotes_ends_no_record():
    assert records_end(b'1,"x\ny"\n2,"z\n') == 8
    assert column(read(b'a,b\n1,"x\ny"\n2,z\n', "x.csv"), "b") == ["x\ny", "z"]


def test_bad_lines_are_counted_where_they_stand():
    content = json_lines(0, 2) + b"oops\n" + json_lines(2, 3)
    (portion,) = read(content, "x.jsonl")
    assert (column([portion]), portion.rejected) == ([0, 1, 2], 1)
    assert portion.samples[0][0] == len(json_lines(0, 2))


def test_a_line_that_never_ends_is_given_up_and_the_next_one_read(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 100)
    monkeypatch.setattr(lines, "MAX_RECORD", 300)
    portions = read(b"x" * 1_000 + b"\n" + json_lines(0, 1), "x.jsonl")
    assert column(portions) == [0]
    assert sum(one.rejected for one in portions) >= 1


# --- which file is which ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (json_lines(0, 900), "same"),
        (json_lines(0, 300), "shorter"),
        (json_lines(50, 600), "other"),
        (b"", "other"),
    ],
)
def test_content_says_whether_a_file_goes_on_was_cut_or_is_another(now, verdict):
    after = read(json_lines(0, 500), "x.jsonl")[-1]
    assert known(now, "x.jsonl", after) == verdict


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_a_compressed_file_goes_on_where_the_plain_one_was(compress):
    suffix = "gz" if compress is gzip.compress else "bz2"
    after = read(json_lines(0, 500), "x.jsonl")[-1]
    then = read(compress(json_lines(0, 600)), f"x.jsonl.{suffix}", after.end, after.mark)
    assert column(then) == list(range(500, 600))


def test_a_gzip_that_is_still_written_gives_its_whole_lines():
    content = gzip.compress(json_lines(0, 20_000))
    first = read(content[: len(content) // 2], "x.jsonl.gz")
    assert 0 < len(column(first)) < 20_000
    then = read(content, "x.jsonl.gz", first[-1].end, first[-1].mark)
    assert column(first + then) == list(range(20_000))


# --- tables ----------------------------------------------------------------------------------------------


def parquet(rows: int, group: int) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": range(rows), "b": ["x"] * rows}), sink, row_group_size=group)
    return sink.getvalue()


@pytest.mark.parametrize("position", [0, 1, 99, 100, 101, 250, 299])
def test_parquet_goes_on_in_the_middle_of_any_row_group(position):
    content = parquet(300, 100)
    mark = read(content, "x.parquet")[-1].mark
    assert column(read(content, "x.parquet", position, mark)) == list(range(position, 300))


def test_of_parquet_only_the_columns_that_are_needed_are_read():
    with reader_of(io.BytesIO(parquet(10, 10)), "x.parquet", "auto") as reader:
        (portion,) = reader.portions(final=False, wanted={"a"})
    (table,) = portion.tables
    assert table.column("a").to_pylist() == list(range(10))
    assert table.column("b").null_count == 10


def test_another_parquet_of_the_same_name_is_another():
    after = read(parquet(300, 100), "x.parquet")[-1]
    assert known(parquet(301, 100), "x.parquet", after) == "other"


def test_arrow_is_read_and_gone_on_with():
    sink = io.BytesIO()
    table = pa.table({"a": range(50)})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    portions = read(sink.getvalue(), "x.arrow")
    assert column(portions) == list(range(50))
    assert read(sink.getvalue(), "x.arrow", 50, portions[-1].mark) == []


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.jsonl.gz"])
def test_a_damaged_file_says_so(name):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(b"PAR1 this is none of these formats", name)
