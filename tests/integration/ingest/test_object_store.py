"""Log files in an object store, against a server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import parquet

from mlflow_sentinel_plugin.errors import Conflict, Unavailable
from mlflow_sentinel_plugin.ingest.logs.look import look
from mlflow_sentinel_plugin.ingest.logs.opening import reader_of
from mlflow_sentinel_plugin.ingest.logs.place import Found
from mlflow_sentinel_plugin.ingest.logs.remote import RemoteFiles

BUCKET = "logs"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (
        ("MLFLOW_S3_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    with closing(boto3.client("s3", endpoint_url=endpoint)) as client:
        client.create_bucket(Bucket=BUCKET)
        yield client
        for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
        client.delete_bucket(Bucket=BUCKET)


def put(s3: Any, key: str, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def rows_of(place: RemoteFiles, found: Found) -> int:
    with place.open(found) as raw, reader_of(raw, found.path, "auto") as reader:
        return sum(
            table.num_rows for portion in reader.portions(final=True, wanted=None) for table in portion.tables
        )


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("s3://logs/day/*.jsonl", {"logs/day/a.jsonl", "logs/day/b.jsonl"}),
        ("s3://logs/day/a.*", {"logs/day/a.jsonl"}),
        ("s3://logs/**/*.jsonl", {"logs/day/a.jsonl", "logs/day/b.jsonl", "logs/day/deep/c.jsonl"}),
        ("s3://logs/*/*.csv", set()),
    ],
)
def test_objects_are_listed_by_a_pattern(s3, pattern, keys):
    for key in ("day/a.jsonl", "day/b.jsonl", "day/deep/c.jsonl"):
        put(s3, key, b'{"a": 1}\n')
    assert {found.path for found in RemoteFiles(pattern).files()} == keys


def test_objects_of_every_format_are_read(s3):
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"a": range(1_000)}), sink, row_group_size=100)
    put(s3, "x/a.parquet", sink.getvalue().to_pybytes())
    put(s3, "x/b.csv", b"a\n1\n2\n")
    place = RemoteFiles("s3://logs/x/*")
    assert {found.path: rows_of(place, found) for found in place.files()} == {
        "logs/x/a.parquet": 1_000,
        "logs/x/b.csv": 2,
    }


def test_an_object_that_was_read_is_read_again_only_once_it_is_replaced(s3):
    put(s3, "x/a.csv", b"a\n1\n")
    place, states = RemoteFiles("s3://logs/x/*"), []
    (task,) = look(place, states, "auto", 0, anew=False).tasks
    task.state.size, task.state.mtime_ms = task.found.size, task.found.mtime_ms
    assert look(place, [task.state], "auto", 0, anew=False).tasks == []
    put(s3, "x/a.csv", b"a\n1\n2\n")
    (again,) = look(place, [task.state], "auto", 0, anew=False).tasks
    assert again.found.size == 6


def test_an_object_that_is_gone_and_a_bucket_that_never_was_say_so(s3):
    with pytest.raises(Conflict, match="is gone"), RemoteFiles("s3://logs/*").open(Found("logs/none", 1)):
        pass
    with pytest.raises(Unavailable, match="bucket does not exist") as refused:
        RemoteFiles("s3://no-such-bucket/*").files()
    assert "Request ID" not in str(refused.value)
