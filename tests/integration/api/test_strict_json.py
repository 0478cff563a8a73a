"""Whatever numbers come in, no answer holds one that JSON does not have."""

from __future__ import annotations

import io
import math

import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.api.conftest import HOUR, MINUTE, Server

WILD = [math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 5e-324, 0.0, -0.0, 1.0, None]


def body(columns: dict) -> dict:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return {"data": sink.getvalue(), "content_type": "application/vnd.apache.parquet"}


def rows(count: int, numbers: list) -> dict:
    cycled = (numbers * count)[:count]
    return {
        "wild": pa.array(cycled, pa.float64()),
        "nan": pa.array([math.nan] * count, pa.float64()),
        "constant": pa.array([7.0] * count, pa.float64()),
        "infinite": pa.array([math.inf] * count, pa.float64()),
        "null": pa.array([None] * count, pa.float64()),
        "big": pa.array([2**62 + i for i in range(count)], pa.int64()),
        "word": pa.array(["nan", "Infinity"] * (count // 2)),
    }


def visit(server: Server) -> None:
    """Every page of the monitor; the client refuses what is not strict JSON."""
    shown = server.get("/monitors/churn")
    for path in ("/monitors", "/monitors/churn/windows", "/drift", "/alerts", "/drift/summary", "/baseline"):
        server.get(path)
    for event in server.get("/drift")["items"]:
        server.get(f"/drift/{event['id']}")
    for feature in server.get(f"/baseline/{shown['baseline']['id']}")["features"]:
        server.get("/drift/timeseries", monitor="churn", feature=feature["name"])
        if feature["kind"] != "ignored":
            server.get("/drift/distribution", monitor="churn", feature=feature["name"])


def test_wild_numbers_leave_every_answer_readable(server):
    baseline = server.post("/baseline?monitor=churn", 201, **body(rows(100, WILD)))
    assert {f["name"]: f["kind"] for f in baseline["features"]}["wild"] == "numeric"

    for numbers in (WILD, [math.nan], [math.inf], [1.7e308], [None]):
        server.post("/predictions?monitor=churn", 202, **body(rows(100, numbers)))
        server.tick()
        assert server.get("/monitors/churn")["open_window"]["rows"] == 100
        server.tick(HOUR + 10 * MINUTE)

    visit(server)
    for window in server.get("/monitors/churn/windows")["items"]:
        server.get("/drift/distribution", monitor="churn", feature="wild", window=window["id"])


def test_a_window_of_nothing_but_nulls_is_readable(server):
    server.post("/baseline?monitor=churn", 201, **body(rows(100, [1.0, 2.0])))
    empty = {name: pa.array([None] * 100, column.type) for name, column in rows(100, WILD).items()}
    server.post("/predictions?monitor=churn", 202, **body(empty))
    server.tick()
    server.tick(HOUR + 10 * MINUTE)

    visit(server)

    assert server.get("/monitors/churn")["state"] == "drift"


def test_rows_given_to_compare_may_be_constant_or_empty(server):
    odd = [{"a": 1e308, "b": None, "c": 0}, {"a": -1e308, "b": None, "c": 0}] * 40

    verdict = server.post("/evaluate", json={"reference": odd, "current": odd})

    assert verdict["score"] == 0
