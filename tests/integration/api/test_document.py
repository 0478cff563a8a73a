"""The OpenAPI document is true, and what is made from it is current."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from docs import api_reference
from js.scripts import openapi as dashboard
from mlflow_sentinel_plugin.alert.sink import DeliveryError
from mlflow_sentinel_plugin.api.openapi import PREFIX
from tests.integration.api.conftest import HOUR, MINUTE, as_csv, people
from tests.integration.api.documented import UNDESCRIBED
from tests.integration.api.pagers import Pager, delivered, in_hours, with_sinks

ROOT = Path(__file__).parents[3]


def test_every_rule_of_the_api_is_in_the_document_and_no_other(app, document):
    ours = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]
    described = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in ours
        if not rule.rule.startswith(tuple(UNDESCRIBED))
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert described == document.operations()


def test_every_schema_of_the_document_is_one(document):
    for schema in document.spec["components"]["schemas"].values():
        Draft202012Validator.check_schema({**schema, "components": document.spec["components"]})


def test_every_operation_says_what_it_does_and_under_which_name(document):
    operations = [operation for item in document.spec["paths"].values() for operation in item.values()]

    assert all(operation["summary"] for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)


def test_rows_may_be_any_json_value_and_any_of_the_formats(document):
    for path in ("/baseline", "/predictions"):
        body = document.spec["paths"][PREFIX + path]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"] == {}
        assert "application/vnd.apache.parquet" in body["content"]
        assert body["required"] is True


def test_every_operation_answers_as_the_document_says(server, mlflow, document):
    """Each answer below is held against its schema by the client; here it matters that none is left out."""
    document.answered.clear()
    train = as_csv(people(400))["data"].encode()
    run = mlflow.run(name="documented", metrics={"auc": [0.5, 0.9]}, artifacts={"train.csv": train})
    server.poll()
    server.post("/monitors", 201, json={"name": "churn"})
    logs = {"name": "logs", "run_id": run, "artifact_path": "*.csv"}
    source = server.post("/sources?monitor=churn", 201, json=logs)["id"]
    assert server.get("/sources")["items"][0]["id"] == server.get(f"/sources/{source}")["id"]
    server.call("DELETE", f"/sources/{source}")
    first = server.post("/baseline?monitor=churn", 201, json={"run_id": run, "artifact_path": "train.csv"})
    server.post(f"/baseline/{first['id']}/activate")
    server.get(f"/baseline/{first['id']}/diff", to=first["id"])
    server.post("/predictions?monitor=churn", 202, **as_csv(people(200, shift=2)))
    server.tick()
    server.get("/monitors/churn")
    with_sinks(server, Pager("bad", DeliveryError("it answered 400", retry=False)))
    server.tick(HOUR + 10 * MINUTE)
    delivered(server)
    server.post("/evaluate", json={"monitor": "churn", "current": people(60)})
    for path in ("/monitors", "/monitors/churn/windows", "/baseline", "/drift", "/alerts", "/runs"):
        assert server.get(path)["items"], path
    for path in ("/health", "/ready", "/me", "/drift/summary", f"/runs/{run}", f"/baseline/{first['id']}"):
        server.get(path)
    server.post("/monitors/churn/preview", json={})
    server.get("/drift/timeseries", monitor="churn")
    server.get("/drift/heatmap", monitor="churn")
    server.get("/drift/distribution", monitor="churn", feature="age")
    for path in ("/drift", "/alerts", "/monitors/churn/windows"):
        server.get(f"{path}/{server.get(path)['items'][0]['id']}")
    _act_on_alerts(server)
    key = server.post("/keys", 201, json={"name": "batch", "scope": "ingest"})
    assert server.get("/keys")["items"]
    server.call("DELETE", f"/keys/{key['id']}")
    server.post("/ws-ticket")
    server.patch("/monitors/churn", lateness="1h")
    server.post("/monitors/churn/pause")
    server.post("/monitors/churn/resume")
    server.call("DELETE", "/monitors/churn")

    answered = {(method, rule) for method, rule, status in document.answered if status < 400}

    assert answered == document.operations()


def _act_on_alerts(server):
    (alert,) = server.get("/alerts")["items"]
    server.post(f"/alerts/{alert['id']}/comment", json={"text": "seen"})
    server.post(f"/alerts/{alert['id']}/acknowledge", json={})
    server.post(f"/alerts/{alert['id']}/resolve", json={})
    silence = server.post("/silences", 201, json={"reason": "a test", "ends_at": in_hours(1)})
    assert server.get("/silences")["items"]
    server.call("DELETE", f"/silences/{silence['id']}")
    assert server.get("/sinks")["items"]
    server.post("/sinks/bad/test")
    (failed,) = server.get("/deliveries")["items"]
    server.post(f"/deliveries/{failed['id']}/replay")


def test_the_reference_page_is_current():
    page = (ROOT / "docs" / "api_reference.md").read_text(encoding="utf-8")

    assert page == api_reference.reference(api_reference.document()), (
        "run: python docs/api_reference.py > docs/api_reference.md"
    )


def test_the_dashboards_copy_of_the_document_is_current():
    copy = json.loads((ROOT / "js" / "openapi.json").read_text(encoding="utf-8"))

    assert copy == dashboard.document(), (
        "run: python js/scripts/openapi.py > js/openapi.json && npm --prefix js run types"
    )
