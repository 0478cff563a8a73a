"""Baselines come as rows or as an artifact of a run; they are listed, inspected and switched."""

from __future__ import annotations

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.api.conftest import HOUR, Server, as_csv, as_json, people


def features(baseline) -> dict[str, tuple[str, str]]:
    return {feature["name"]: (feature["kind"], feature["role"]) for feature in baseline["features"]}


def parquet(rows) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


# --- rows ------------------------------------------------------------------------------------------------


def test_a_baseline_for_an_unknown_monitor_creates_it_with_defaults(server):
    made = server.baseline("churn", people(400))

    assert (made["monitor"], made["version"], made["active"]) == ("churn", 1, True)
    assert (made["rows"], made["rejected"], made["source"]) == (400, 0, {})
    assert features(made) == {"age": ("numeric", "feature"), "city": ("categorical", "feature")}
    shown = server.get("/monitors/churn")
    assert (shown["experiment_id"], shown["state"]) == ("0", "waiting")
    assert shown["baseline"]["id"] == made["id"]
    assert server.get(f"/baseline/{made['id']}") == made


def test_a_baseline_summarises_each_feature(server):
    rows = [{"age": age, "city": city} for age, city in zip(range(1, 6), ["Ulm"] * 3 + ["", ""], strict=True)]

    age, city = server.baseline(rows=rows)["features"]

    assert (age["summary"]["min"], age["summary"]["max"], age["summary"]["mean"]) == (1, 5, 3)
    assert (age["distinct"], age["missing"]) == (5, 0)
    assert city["summary"]["levels"] == [{"level": "Ulm", "count": 3, "share": 1}]
    assert city["missing"] == 0.4


def test_malformed_rows_of_a_baseline_are_counted(server):
    made = server.post(
        "/baseline",
        201,
        query_string={"monitor": "churn"},
        data="age,city\n1,Ulm\n2\n3,Bonn\n",
        content_type="text/csv",
    )

    assert (made["rows"], made["rejected"]) == (2, 1)


def test_roles_are_said_in_the_query(server):
    rows = [
        {"id": i, "at": "2026-03-10T10:00:00Z", "x": i % 7, "y": i % 2, "p": i % 2, "q": 0.5}
        for i in range(60)
    ]

    made = server.baseline(rows=rows, prediction="p, q", target="y", timestamp="at", id="id")

    assert {name: role for name, (_, role) in features(made).items()} == {
        "id": "id",
        "at": "timestamp",
        "x": "feature",
        "y": "target",
        "p": "prediction",
        "q": "prediction",
    }
    assert server.get("/monitors/churn")["timestamp_column"] == "at"


def test_predictions_beside_the_rows_become_columns_with_that_role(server):
    body = {
        "dataframe_records": people(60),
        "predictions": [{"score": i / 60, "label": i % 2} for i in range(60)],
    }

    made = server.post("/baseline", 201, query_string={"monitor": "churn"}, **as_json(body))

    assert features(made)["prediction.score"] == ("numeric", "prediction")


def test_a_new_monitor_belongs_to_the_experiment_that_was_said(server):
    server.baseline(experiment_id="1")

    assert server.get("/monitors/churn")["experiment_id"] == "1"


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ({}, 400, "invalid_input", "monitor"),
        ({"monitor": "a/b"}, 400, "invalid_input", "monitor"),
        ({"monitor": "churn", "targte": "age"}, 400, "invalid_input", "targte: unknown key"),
        ({"monitor": "churn", "target": "agee"}, 400, "invalid_input", "'agee'"),
        ({"monitor": "churn", "target": "age", "id": "age"}, 400, "invalid_input", "two roles"),
        ({"monitor": "churn", "experiment_id": "99"}, 404, "experiment_not_found", "'99'"),
        ({"monitor": "churn", "activate": "maybe"}, 400, "invalid_input", "activate"),
    ],
)
def test_a_wrong_query_registers_nothing(untouched, query, status, code, says):
    error = untouched.refused("POST", "/baseline", status, code, query_string=query, **as_csv(people(60)))

    assert says in error["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("", "text/csv", 400, "no_rows"),
        ("age,city\n", "text/csv", 400, "no_rows"),
        ("age,age\n1,2\n", "text/csv", 400, "duplicate_columns"),
        (
            '{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}',
            "application/json",
            400,
            "duplicate_columns",
        ),
        ('{"dataframe_records": [{"a": NaN}]}', "application/json", 400, "malformed_json"),
        ('{"dataframe_records": [{"a": 1}]', "application/json", 400, "malformed_json"),
        ('{"rows": [1]}', "application/json", 400, "unknown_shape"),
        ("<rows/>", "application/xml", 415, "unsupported_media_type"),
        ("PAR1 is not enough", "application/parquet", 400, "malformed_parquet"),
    ],
)
def test_a_wrong_body_registers_nothing(untouched, body, kind, status, code):
    untouched.refused("POST", "/baseline?monitor=churn", status, code, data=body, content_type=kind)


def test_a_baseline_without_a_column_to_watch_is_refused(untouched):
    body = as_csv([{"key": i} for i in range(60)])

    untouched.refused("POST", "/baseline?monitor=churn&id=key", 400, "no_usable_column", **body)


# --- an artifact of a run --------------------------------------------------------------------------------


def test_an_artifact_of_a_run_becomes_the_baseline_of_a_monitor_in_its_experiment(server, mlflow):
    run = mlflow.run("1", artifacts={"data/train.parquet": parquet(people(300))})
    source = {"run_id": run, "artifact_path": "data/train.parquet"}

    made = server.post("/baseline?monitor=churn", 201, json=source)

    assert (made["rows"], made["source"]) == (300, source)
    assert features(made)["age"] == ("numeric", "feature")
    shown = server.get("/monitors/churn")
    assert (shown["experiment_id"], shown["baseline"]["run_id"]) == ("1", run)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv", as_csv(people(300))["data"].encode()),
        ("train.csv.gz", gzip.compress(as_csv(people(300))["data"].encode())),
        ("train.json", json.dumps({"dataframe_records": people(300)}).encode()),
        ("train.jsonl", "\n".join(map(json.dumps, people(300))).encode()),
        (
            "table.json",
            json.dumps({"columns": ["age"], "data": [[row["age"]] for row in people(300)]}).encode(),
        ),
    ],
)
def test_an_artifact_may_be_of_any_format(server, mlflow, name, content):
    run = mlflow.run(artifacts={name: content})

    made = server.post("/baseline?monitor=churn", 201, json={"run_id": run, "artifact_path": name})

    assert made["rows"] == 300
    assert features(made)["age"] == ("numeric", "feature")


def test_roles_and_kinds_are_said_beside_the_artifact(server, mlflow):
    run = mlflow.run(artifacts={"train.csv": b"at,x,y,p,q\n" + b"2026-03-10T10:00:00Z,1,0,1,2\n" * 60})
    source = {
        "run_id": run,
        "artifact_path": "train.csv",
        "prediction": ["p", "q"],
        "target": "y",
        "timestamp": "at",
        "kinds": {"x": "categorical"},
    }

    made = server.post("/baseline?monitor=churn", 201, json=source)

    assert features(made) == {
        "at": ("datetime", "timestamp"),
        "x": ("categorical", "feature"),
        "y": ("numeric", "target"),
        "p": ("numeric", "prediction"),
        "q": ("numeric", "prediction"),
    }


def test_what_the_run_does_not_have_is_not_found(server, mlflow):
    run = mlflow.run(artifacts={"train.csv": b"a\n1\n", "folder/x.csv": b"a\n1\n", "model.bin": b"\0\1"})

    def refused(status: int, code: str, **source: str):
        whole = {"run_id": run, "artifact_path": "train.csv", **source}
        return server.refused("POST", "/baseline?monitor=churn", status, code, json=whole)

    assert "MLflow" in refused(404, "run_not_found", run_id="0" * 32)["hint"]
    assert "train.csv" in refused(404, "artifact_not_found", artifact_path="trian.csv")["hint"]
    refused(400, "invalid_input", artifact_path="folder")
    refused(400, "invalid_input", artifact_path="../../mlflow.db")
    refused(415, "unsupported_media_type", artifact_path="model.bin")
    refused(400, "invalid_input", tagret="y")
    refused(400, "invalid_input", target="nope")


def test_a_source_without_its_path_is_refused_and_the_key_is_named(untouched):
    error = untouched.refused(
        "POST", "/baseline?monitor=churn", 400, "invalid_input", json={"run_id": "0" * 32}
    )

    assert error["message"].startswith("artifact_path")


# --- versions --------------------------------------------------------------------------------------------


def test_a_later_baseline_waits_until_it_is_activated(server):
    first, second = server.baseline(), server.baseline(rows=people(300))
    assert (second["version"], second["active"], second["activated_at"]) == (2, False, None)

    server.now += HOUR
    switched = server.post(f"/baseline/{second['id']}/activate")

    assert (switched["active"], switched["activated_at"]) == (True, "2026-03-10T13:00:00.000Z")
    assert server.get(f"/baseline/{first['id']}")["active"] is False
    assert server.get("/monitors/churn")["baseline"]["version"] == 2


def test_a_later_baseline_may_be_activated_at_once(server):
    server.baseline()

    assert server.baseline(rows=people(300), activate="true")["active"] is True


def test_a_switch_closes_the_open_window_under_the_old_baseline(server):
    old = server.baseline()
    server.send(people(200))
    server.tick()
    new = server.baseline(rows=people(400, shift=2), activate="true")
    server.send(people(200, shift=2, seed=9))
    server.tick()

    later, earlier = server.get("/monitors/churn/windows")["items"]

    assert {(w["open"], w["baseline_id"]) for w in (later, earlier)} == {
        (True, new["id"]),
        (False, old["id"]),
    }
    assert server.get("/monitors/churn")["open_window"]["state"] == "ok"
    assert server.get("/monitors/churn")["last_window"]["state"] == "ok"


def test_an_unknown_baseline_is_not_found(untouched):
    untouched.refused("GET", "/baseline/nope", 404, "baseline_not_found")
    untouched.refused("POST", "/baseline/nope/activate", 404, "baseline_not_found")


def test_baselines_are_listed_newest_first_page_by_page(server):
    for _ in range(2):
        server.baseline("churn", people(60))
        server.now += HOUR
    server.baseline("fraud", people(60))

    first = server.get("/baseline", limit=2)
    second = server.get("/baseline", limit=2, cursor=first["next"])

    listed = [(item["monitor"], item["version"]) for item in [*first["items"], *second["items"]]]
    assert listed == [("fraud", 1), ("churn", 2), ("churn", 1)]
    assert second["next"] is None
    of_one = server.get("/baseline", monitor="churn", limit=1)
    assert [item["version"] for item in of_one["items"]] == [2]
    assert [
        i["version"] for i in server.get("/baseline", monitor="churn", cursor=of_one["next"])["items"]
    ] == [1]


def test_a_list_of_an_unknown_monitors_baselines_is_not_found(untouched):
    untouched.refused("GET", "/baseline?monitor=churn", 404, "monitor_not_found")


# --- hidden values ---------------------------------------------------------------------------------------


@pytest.fixture
def secretive(server) -> Server:
    """Of ``city`` no values are shown."""
    settings = {"features": {"city": {"values": "hide"}, "age": {"values": "hide"}}}
    server.post("/monitors", 201, json={"name": "churn", **settings})
    server.baseline()
    server.send(people(200, cities=("Ulm", "Bern")))
    server.tick()
    return server


def test_a_hidden_feature_keeps_its_values_out_of_the_summary(secretive):
    made = secretive.baseline(rows=people(300))

    for shown in (
        made,
        secretive.get(f"/baseline/{made['id']}"),
        secretive.post(f"/baseline/{made['id']}/activate"),
    ):
        assert [(f["summary"], f["hidden"]) for f in shown["features"]] == [({}, True)] * 2
        assert shown["features"][1]["distinct"] == 3


def test_a_hidden_features_distribution_has_neither_labels_nor_bounds(secretive):
    levels = secretive.get("/drift/distribution", monitor="churn", feature="city")
    numbers = secretive.get("/drift/distribution", monitor="churn", feature="age")

    assert [item["label"] for item in levels["bins"]] == ["1", "2", "3"]
    assert sum(item["reference"] for item in levels["bins"]) == pytest.approx(1)
    assert {(item["low"], item["high"]) for item in numbers["bins"]} == {(None, None)}
    assert levels["hidden"] is numbers["hidden"] is True


def test_no_answer_names_a_hidden_level(secretive):
    secretive.tick(2 * HOUR)

    paths = ("/monitors/churn", "/monitors/churn/windows", "/drift", "/alerts", "/baseline")
    event, alert = secretive.get("/drift")["items"][0], secretive.get("/alerts")["items"][0]
    seen = [secretive.get(path) for path in (*paths, f"/drift/{event['id']}", f"/alerts/{alert['id']}")]

    assert not any(city in json.dumps(seen) for city in ("Ulm", "Bonn", "Kiel", "Bern"))


def test_hiding_a_feature_later_hides_what_was_found_before(server):
    server.baseline()
    server.send(people(200, cities=("Ulm", "Bern")))
    server.tick()
    server.tick(2 * HOUR)
    event = server.get("/drift")["items"][0]["id"]
    assert "Bern" in json.dumps(server.get(f"/drift/{event}"))

    shown = server.patch("/monitors/churn", features={"city": {"values": "hide"}})

    assert "Bern" not in json.dumps([shown, server.get(f"/drift/{event}")])
