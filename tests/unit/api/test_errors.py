from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from mlflow_sentinel_plugin.api import auth, openapi
from mlflow_sentinel_plugin.api.auth import allow
from mlflow_sentinel_plugin.api.authorizers.open import OpenAuthorizer
from mlflow_sentinel_plugin.api.errors import read_json, reply
from mlflow_sentinel_plugin.api.schemas import MonitorCreate, Reply, RunQuery
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, Unavailable


class Numbers(Reply):
    value: float | None
    more: dict[str, Any]


api = openapi.blueprint("probe", "Routes for these tests")


@api.get("/list")
@allow("public")
def get_list(query: RunQuery):
    return reply(Numbers(value=query.limit, more={}))


@api.post("/monitor")
@allow("public")
def post_monitor(body: MonitorCreate):
    return reply(Numbers(value=1, more={"name": body.name}), 201)


@api.get("/conflict")
@allow("public")
def get_conflict():
    raise Conflict("taken", hint="another", details={"name": "a"})


@api.get("/away")
@allow("public")
def get_away():
    raise Unavailable("the database is away")


@api.get("/broken")
@allow("public")
def get_broken():
    raise KeyError("a secret")


@pytest.fixture(scope="module")
def client():
    app = openapi.new_app()
    openapi.register(app, api)
    openapi.install_docs(app)
    auth.install(app, OpenAuthorizer())
    return app.test_client()


def assert_error(answer, status: int, code: str, *, says: str = "") -> dict:
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message", "hint", "details"}
    assert answer.json["error"]["code"] == code
    assert says in answer.json["error"]["message"]
    return answer.json["error"]


def test_numbers_that_json_has_not_become_null():
    body = reply(Numbers(value=float("nan"), more={"deep": [float("inf"), 1.5]})).get_data(as_text=True)
    assert json.loads(body, parse_constant=pytest.fail) == {"value": None, "more": {"deep": [None, 1.5]}}


def test_answers_of_the_api_are_not_stored(client):
    assert client.get("/api/v1/list").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("colour=red", "colour")]
)
def test_a_wrong_query_is_400_and_names_the_field(client, query, field):
    error = assert_error(client.get(f"/api/v1/list?{query}"), 400, "invalid_input", says=field)
    assert [item["field"] for item in error["details"]["fields"]] == [field]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "empty"),
        ("{bad", "line 1, column 2"),
        ('{"name": NaN}', "NaN is no JSON value"),
        ('{"name": "a", "min_rows": -Infinity}', "-Infinity is no JSON value"),
        ("[1]", "body"),
        ('{"name": "a", "window": {"rows": 0}}', "window.rows"),
        ('{"name": "a", "colour": 1}', "colour: unknown key"),
        ('{"name": "a/b"}', "1 to 200 characters"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_wrong_body_is_400_and_says_what_is_wrong(client, body, says):
    answer = client.post("/api/v1/monitor", data=body, content_type="application/json")
    assert_error(answer, 400, "invalid_input", says=says)


def test_a_body_of_another_media_type_is_415(client):
    answer = client.post("/api/v1/monitor", data='{"name": "a"}', content_type="text/plain")
    assert_error(answer, 415, "unsupported_media_type")


def test_a_right_body_passes(client):
    assert client.post("/api/v1/monitor", json={"name": "a"}).status_code == 201


def test_an_error_raised_on_purpose_keeps_its_code_hint_and_details(client):
    error = assert_error(client.get("/api/v1/conflict"), 409, "conflict", says="taken")
    assert (error["hint"], error["details"]) == ("another", {"name": "a"})


def test_503_says_why_and_when_to_come_back(client):
    answer = client.get("/api/v1/away")
    assert_error(answer, 503, "unavailable", says="the database is away")
    assert answer.headers["Retry-After"] == "5"


def test_an_unexpected_failure_shows_nothing_but_an_id_that_the_log_has(client, caplog):
    with caplog.at_level(logging.ERROR, "mlflow_sentinel.api"):
        answer = client.get("/api/v1/broken")
    error = assert_error(answer, 500, "internal_error")
    assert "a secret" not in answer.get_data(as_text=True)
    assert error["details"]["request_id"] in caplog.text


def test_an_unknown_path_is_404(client):
    assert_error(client.get("/api/v1/nothing"), 404, "not_found", says="/api/v1/nothing")


def test_a_wrong_method_is_405_and_says_which_are_right(client):
    answer = client.delete("/api/v1/list")
    assert_error(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("text", ["NaN", "[1, Infinity]", '{"a": -Infinity}'])
def test_json_is_strict(text):
    with pytest.raises(InvalidInput):
        read_json(text)


def test_the_document_names_the_error_body_of_every_route(client):
    document = client.get("/api/v1/openapi.json").json
    for path, item in document["paths"].items():
        for operation in item.values():
            for status in ("400", "404", "503"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorReply"}, (path, status)


def test_the_docs_page_loads_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs")
    assert "://" not in page.get_data(as_text=True)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("start.js", "js/swagger-ui-bundle.js", "css/swagger-ui.css"):
        assert client.get(f"/api/v1/docs/{name}").status_code == 200


def test_the_document_is_right_below_a_static_prefix(client):
    answer = client.get("/api/v1/openapi.json", environ_overrides={"SCRIPT_NAME": "/x"})
    assert answer.json["servers"] == [{"url": "/x"}]
