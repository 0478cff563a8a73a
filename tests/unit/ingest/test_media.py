from __future__ import annotations

import gzip

import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge, UnsupportedMediaType
from mlflow_sentinel_plugin.ingest.media import format_of, inflated
from mlflow_sentinel_plugin.ingest.payload import Limits, read_artifact, read_rows


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/csv; charset=utf-8", b"{", "csv"),
        ("Application/JSON", b"a,b", "json"),
        ("application/jsonl", b"", "ndjson"),
        ("application/vnd.apache.arrow.file", b"", "arrow"),
        (None, b"PAR1...", "parquet"),
        (None, b"ARROW1\0\0", "arrow"),
        (None, b"\xff\xff\xff\xff\x10\0\0\0", "arrow"),
        (None, b'\xef\xbb\xbf {"a": 1}', "json"),
        (None, b'{\n  "inputs": []\n}', "json"),
        (None, b'{"a": 1}\n{"a": 2}\n', "ndjson"),
        ("application/x-www-form-urlencoded", b"[1]", "json"),
        ("application/octet-stream", b"a,b\n1,2\n", "csv"),
    ],
)
def test_the_media_type_decides_and_else_the_first_bytes(content_type, body, expected):
    assert format_of(content_type, body) == expected


def test_the_file_name_decides_where_the_media_type_does_not():
    assert format_of(None, b"{}", "rows.JSONL.gz") == "ndjson"


def test_an_unknown_media_type_is_refused_with_the_known_ones():
    with pytest.raises(UnsupportedMediaType, match="application/xml") as caught:
        format_of("application/xml", b"<a/>")
    assert "text/csv" in caught.value.hint


@pytest.mark.parametrize("body", [b"\x80\x04\x95\x05\x00", b"PK\x03\x04\x14\x00"])
def test_binary_data_of_no_known_format_is_refused(body):
    with pytest.raises(UnsupportedMediaType, match="binary"):
        format_of(None, body)


@pytest.mark.parametrize("body", [b"", b" \n\t"])
@pytest.mark.parametrize("content_type", [None, "text/csv", "application/json", "application/x-ndjson"])
def test_an_empty_body_is_refused(content_type, body):
    with pytest.raises(InvalidInput, match="empty"):
        read_rows(body, content_type)


def test_a_gzipped_body_is_inflated_with_all_its_members():
    body = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert read_rows(body, "text/csv", encoding="gzip").table.num_rows == 2


def test_a_body_that_inflates_beyond_the_limit_is_refused():
    limits = Limits(rows=10, columns=10, cells=100, bytes=1_000)
    with pytest.raises(TooLarge, match="more than 1000 bytes once inflated"):
        read_rows(gzip.compress(b"\0" * 1_001), "text/csv", encoding="gzip", limits=limits)
    assert inflated(gzip.compress(b"x" * 1_000), "gzip", 1_000) == b"x" * 1_000


@pytest.mark.parametrize("body", [b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n")[:-9], b"\x1f\x8b\x08"])
def test_damaged_gzip_is_refused(body):
    with pytest.raises(InvalidInput, match="gzip"):
        inflated(body, "gzip", 1_000)


def test_another_encoding_is_refused():
    with pytest.raises(UnsupportedMediaType, match="'br'"):
        inflated(b"", "br", 10)


@pytest.mark.parametrize("name", ["rows.csv", "rows.txt", "rows", "rows.csv.gz", "train.data"])
def test_a_csv_artifact_is_read_under_any_of_its_names(tmp_path, name):
    body = b"a,b\n1,2\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    assert read_artifact(path).table.to_pydict() == {"a": ["1"], "b": ["2"]}


def test_artifacts_of_the_other_formats_are_read(tmp_path, parquet, arrow_file):
    table = pa.table({"a": [1, 2]})
    bodies = {
        "rows.json": b'{"columns": ["a"], "data": [[1], [2]]}',
        "rows.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "rows.parquet": parquet(table),
        "rows.feather": arrow_file(table),
        "no-extension": parquet(table),
    }
    for name, body in bodies.items():
        path = tmp_path / name
        path.write_bytes(body)
        assert read_artifact(path).table.to_pydict() == {"a": [1, 2]}, name


def test_an_artifact_that_is_no_table_is_refused(tmp_path):
    for name, body in {"model.pkl": b"\x80\x04\x95", "notes.md": b"# hello\n"}.items():
        path = tmp_path / name
        path.write_bytes(body)
        with pytest.raises(UnsupportedMediaType):
            read_artifact(path)


def test_an_artifact_beyond_the_limit_is_not_read(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a\n" + b"1\n" * 50)
    with pytest.raises(TooLarge, match="102 bytes"):
        read_artifact(path, limits=Limits(rows=100, columns=10, cells=100, bytes=100))
