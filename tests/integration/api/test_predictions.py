"""Live rows are taken in once, or refused as a whole with the reason."""

from __future__ import annotations

import gzip

import pytest

from tests.integration.api.conftest import HOUR, Server, as_csv, as_json, people

CHURN = "/predictions?monitor=churn"


@pytest.fixture
def ready(server) -> Server:
    server.baseline()
    return server


def rows_of(server: Server, name: str = "churn") -> dict[str, int]:
    return server.get(f"/monitors/{name}")["rows"]


def test_rows_are_acknowledged_and_wait_to_be_counted(ready):
    assert ready.send(people(70)) == {
        "rows": 70,
        "rejected": 0,
        "samples": [],
        "unknown_columns": [],
        "missing_columns": [],
        "replayed": False,
    }
    assert rows_of(ready) == {"accepted": 0, "pending": 70, "rejected": 0}


def test_malformed_rows_are_counted_and_some_are_shown(ready):
    body = {"data": "age,city\n1,Ulm\n2\n3,Bonn,x\n4,Kiel\n", "content_type": "text/csv"}

    answer = ready.post(CHURN, 202, **body)

    assert (answer["rows"], answer["rejected"]) == (2, 2)
    assert [sample["row"] for sample in answer["samples"]] == [2, 3]
    assert answer["samples"][0]["reason"] == "has 1 cells, the header has 2"


def test_columns_beside_the_baselines_are_named(ready):
    answer = ready.send([{"age": 1, "wind": 2}])

    assert (answer["unknown_columns"], answer["missing_columns"]) == (["wind"], ["city"])


def test_gzipped_rows_are_unpacked(ready):
    packed = gzip.compress(as_csv(people(70))["data"].encode())

    answer = ready.post(
        CHURN, 202, data=packed, content_type="text/csv", headers={"Content-Encoding": "gzip"}
    )

    assert answer["rows"] == 70


# --- retries ---------------------------------------------------------------------------------------------


def test_a_second_post_with_the_same_key_adds_no_rows(ready):
    first = ready.send(people(70), **{"Idempotency-Key": "batch-1"})
    second = ready.send(people(70), **{"Idempotency-Key": "batch-1"})

    assert second == {**first, "replayed": True}
    assert rows_of(ready)["pending"] == 70


def test_a_retry_is_recognised_after_its_rows_were_counted(ready):
    ready.send(people(70), **{"Idempotency-Key": "batch-1"})
    ready.tick(2 * HOUR)

    assert ready.send(people(70), **{"Idempotency-Key": "batch-1"})["replayed"] is True
    ready.tick()
    assert rows_of(ready) == {"accepted": 70, "pending": 0, "rejected": 0}


def test_the_same_key_with_other_rows_is_a_conflict(ready):
    key = {"Idempotency-Key": "batch-1"}
    ready.send(people(70), **key)

    ready.refused("POST", CHURN, 409, "idempotency_key_reused", headers=key, **as_csv(people(60)))


def test_a_key_is_a_monitors_own(ready):
    ready.baseline("fraud")
    ready.send(people(70), **{"Idempotency-Key": "batch-1"})

    assert ready.send(people(60), monitor="fraud", **{"Idempotency-Key": "batch-1"})["rows"] == 60


def test_a_key_of_a_refused_post_is_free(ready):
    key = {"Idempotency-Key": "batch-1"}
    ready.refused("POST", CHURN, 400, "no_known_column", headers=key, **as_csv([{"wind": 1}]))

    assert ready.send(people(70), **key)["replayed"] is False


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(ready, key):
    header = {"Idempotency-Key": key}
    error = ready.refused("POST", CHURN, 400, "invalid_input", headers=header, **as_csv(people(70)))

    assert "Idempotency-Key" in error["message"]


# --- refusals --------------------------------------------------------------------------------------------


def test_rows_for_an_unknown_monitor_are_not_found_and_the_hint_says_what_to_do(server):
    error = server.refused("POST", CHURN, 404, "monitor_not_found", **as_csv(people(70)))

    assert "POST /api/v1/baseline?monitor=churn" in error["hint"]


def test_rows_without_a_baseline_to_compare_with_are_a_conflict(server):
    server.post("/monitors", 201, json={"name": "churn"})

    error = server.refused("POST", CHURN, 409, "no_baseline", **as_csv(people(70)))

    assert "POST /api/v1/baseline?monitor=churn" in error["hint"]


def test_rows_must_say_their_monitor(ready):
    error = ready.refused("POST", "/predictions", 400, "invalid_input", **as_csv(people(70)))

    assert error["message"].startswith("monitor")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("", "text/csv", 400, "no_rows"),
        (" \n", "application/json", 400, "no_rows"),
        ("age,city\n", "text/csv", 400, "no_rows"),
        ('{"inputs": []}', "application/json", 400, "no_rows"),
        ("age,city,age\n1,Ulm,2\n", "text/csv", 400, "duplicate_columns"),
        ('[{"age": 1, "age": 2}]', "application/json", 400, "duplicate_columns"),
        ("wind,rain\n1,2\n", "text/csv", 400, "no_known_column"),
        ('{"dataframe_records": [{"age": 1}', "application/json", 400, "malformed_json"),
        ('[{"age": NaN}]', "application/json", 400, "malformed_json"),
        ('[{"age": -Infinity}]', "application/json", 400, "malformed_json"),
        ("nonsense", "application/json", 400, "malformed_json"),
        ('{"rows": []}', "application/json", 400, "unknown_shape"),
        ('{"inputs": [[1]], "instances": [[1]]}', "application/json", 400, "unknown_shape"),
        ('{"inputs": {"age": [1, 2], "city": ["Ulm"]}}', "application/json", 400, "invalid_input"),
        ("[1, 2]", "application/json", 400, "no_valid_rows"),
        ("not json\n", "application/x-ndjson", 400, "no_valid_rows"),
        ('age,city\n1,"Ulm\n', "text/csv", 400, "unclosed_quote"),
        ("age;city\n1;Ulm\n", "text/csv", 400, "invalid_input"),
        ("ARROW1 no more", "application/vnd.apache.arrow.file", 400, "malformed_arrow"),
        ("PAR1 no more", "application/vnd.apache.parquet", 400, "malformed_parquet"),
        ("<rows/>", "application/xml", 415, "unsupported_media_type"),
        ("age\n1\n", "text/csv; charset=klingon", 415, "unsupported_media_type"),
        (b"\0\1\2\3", "application/octet-stream", 415, "unsupported_media_type"),
    ],
)
def test_a_body_that_holds_no_usable_rows_is_refused_as_a_whole(untouched, body, kind, status, code):
    error = untouched.refused(
        "POST", "/predictions?monitor=known", status, code, data=body, content_type=kind
    )

    assert error["message"]


def test_another_encoding_than_gzip_is_refused(ready):
    options = {"data": b"x", "content_type": "text/csv", "headers": {"Content-Encoding": "br"}}
    ready.refused("POST", CHURN, 415, "unsupported_media_type", **options)

    options["headers"] = {"Content-Encoding": "gzip"}
    ready.refused("POST", CHURN, 400, "malformed_gzip", **options)


def test_a_body_without_a_known_column_names_those_that_are_expected(ready):
    error = ready.refused("POST", CHURN, 400, "no_known_column", **as_csv([{"wind": 1}]))

    assert error["details"] == {"unknown_columns": ["wind"], "missing_columns": ["age", "city"]}
    assert "age, city" in error["hint"]


def test_rows_without_the_timestamp_column_are_refused(ready):
    ready.patch("/monitors/churn", timestamp_column="at")

    error = ready.refused("POST", CHURN, 400, "timestamp_missing", **as_csv(people(70)))

    assert "timestamp_column" in error["hint"]


def test_rows_whose_time_cannot_be_read_are_counted(ready):
    ready.patch("/monitors/churn", timestamp_column="at")
    times = ("2026-03-10T11:00:00Z", "soon", "2026-03-10T11:00:00Z", "2030-01-01T00:00:00Z")

    answer = ready.post(CHURN, 202, **as_json([{"age": 1, "city": "Ulm", "at": at} for at in times]))

    assert (answer["rows"], answer["rejected"]) == (2, 2)
    assert [sample["row"] for sample in answer["samples"]] == [2, 4]
