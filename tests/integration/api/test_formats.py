"""The same rows mean the same in every format, whatever the baseline came in."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.api.conftest import Server

Table = dict[str, list]
"""Column -> values."""

ROWS = 300


def table(seed: int, shift: float) -> Table:
    """Fourteen columns: numbers, booleans, categories, texts, dates, integers as strings, and empty cells."""
    source = random.Random(seed)
    columns: Table = {
        "key": list(range(10_000, 10_000 + ROWS)),
        "amount": [round(source.gauss(100 + shift, 20), 2) for _ in range(ROWS)],
        "ratio": [source.random() for _ in range(ROWS)],
        "visits": [source.randrange(0, 9) for _ in range(ROWS)],
        "balance": [source.choice([None, -0.5, 1e-7, 12_345.25]) for _ in range(ROWS)],
        "age": [source.choice([None, source.randrange(18, 90)]) for _ in range(ROWS)],
        "code": [str(source.randrange(100, 130)) for _ in range(ROWS)],
        "member": [source.random() < 0.4 for _ in range(ROWS)],
        "agreed": [source.choice([True, False, None]) for _ in range(ROWS)],
        "city": [source.choice(["Ulm", "Bonn", "São Paulo", "東京"]) for _ in range(ROWS)],
        "plan": [source.choice(["free", "pro", None]) for _ in range(ROWS)],
        "remark": [f"{source.choice(['yes', 'no', 'a, b'])} {source.randrange(10**6)}" for _ in range(ROWS)],
        "since": [dt.date(2025, 1, 1) + dt.timedelta(source.randrange(400)) for _ in range(ROWS)],
        "empty": [None] * ROWS,
    }
    assert len(columns) == 14
    return columns


def records(columns: Table) -> list[dict]:
    """As JSON has them: a date is text."""
    rows = zip(*columns.values(), strict=True)
    texts = ([str(cell) if isinstance(cell, dt.date) else cell for cell in row] for row in rows)
    return [dict(zip(columns, row, strict=True)) for row in texts]


def as_csv(columns: Table) -> tuple[str, bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return "text/csv", text.getvalue().encode()


def as_records(columns: Table) -> tuple[str, bytes]:
    return "application/json", json.dumps({"dataframe_records": records(columns)}).encode()


def as_split(columns: Table) -> tuple[str, bytes]:
    data = [list(row.values()) for row in records(columns)]
    return "application/json", json.dumps(
        {"dataframe_split": {"columns": list(columns), "data": data}}
    ).encode()


def as_ndjson(columns: Table) -> tuple[str, bytes]:
    return "application/x-ndjson", "\n".join(map(json.dumps, records(columns))).encode()


def as_parquet(columns: Table) -> tuple[str, bytes]:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return "application/vnd.apache.parquet", sink.getvalue()


def as_arrow(columns: Table) -> tuple[str, bytes]:
    typed, sink = pa.table(columns), io.BytesIO()
    with pa.ipc.new_stream(sink, typed.schema) as writer:
        writer.write_table(typed)
    return "application/vnd.apache.arrow.stream", sink.getvalue()


FORMATS: list[Callable[[Table], tuple[str, bytes]]] = [
    as_csv,
    as_records,
    as_split,
    as_ndjson,
    as_parquet,
    as_arrow,
]


def learn(server: Server, name: str, form: Callable[[Table], tuple[str, bytes]]) -> dict:
    kind, body = form(table(seed=1, shift=0))
    query = {"monitor": name, "id": "key"}
    return server.post("/baseline", 201, query_string=query, data=body, content_type=kind)


@pytest.mark.parametrize("form", [as_csv, as_records, as_parquet])
def test_live_rows_score_the_same_in_every_format(server, form):
    server.post("/monitors", 201, json={"name": "churn", "window": {"rows": ROWS}})
    baseline = learn(server, "churn", form)
    live = table(seed=2, shift=15)

    for kind, body in (other(live) for other in FORMATS):
        answer = server.post("/predictions?monitor=churn", 202, data=body, content_type=kind)
        assert (answer["rows"], answer["rejected"], answer["unknown_columns"]) == (ROWS, 0, [])
    server.tick()

    watched = [f["name"] for f in baseline["features"] if f["kind"] != "ignored"]
    assert set(table(1, 0)) - set(watched) == {"key", "empty"}
    for name in watched:
        points = server.get("/drift/timeseries", monitor="churn", feature=name)["points"]
        assert len(points) == len(FORMATS)
        seen = [(point["state"], point["effect"], point["metrics"]) for point in points]
        assert seen == [seen[0]] * len(FORMATS), name
        assert seen[0][0] == ("drift" if name == "amount" else "ok"), name


def test_a_baseline_is_the_same_from_every_typed_format(server):
    learnt = [learn(server, form.__name__, form)["features"] for form in (as_records, as_split, as_ndjson)]
    typed = [learn(server, form.__name__, form)["features"] for form in (as_parquet, as_arrow)]

    assert learnt == [learnt[0]] * 3
    assert typed == [typed[0]] * 2
    assert [(f["name"], f["kind"], f["missing"]) for f in learnt[0]] == [
        (f["name"], f["kind"], f["missing"]) for f in typed[0]
    ]


def test_a_csv_baseline_knows_numbers_and_booleans_from_texts(server):
    kinds = {feature["name"]: feature["kind"] for feature in learn(server, "churn", as_csv)["features"]}

    assert kinds == {
        "key": "ignored",
        **dict.fromkeys(["amount", "ratio", "visits", "balance", "age", "code"], "numeric"),
        **dict.fromkeys(["member", "agreed"], "boolean"),
        **dict.fromkeys(["city", "plan"], "categorical"),
        "remark": "text",
        "since": "datetime",
        "empty": "ignored",
    }
