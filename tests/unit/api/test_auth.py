from __future__ import annotations

import sys

import pytest
from flask import Flask

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api import auth, openapi
from mlflow_sentinel_plugin.api.auth import allow, authorize, current_user, visible_experiments
from mlflow_sentinel_plugin.api.authorizers.open import GuardedAuthorizer, OpenAuthorizer
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.schemas import HealthReply
from mlflow_sentinel_plugin.errors import Unauthenticated

OK = HealthReply(status="ok", version="1")


class Login:
    """Users by header: ``X-User: bob``; ``can`` says what each may do on which experiment."""

    def __init__(self, **can: set[tuple[str, str]]):
        self.can = can

    def sign_in(self):
        from flask import request

        name = request.headers.get("X-User")
        if name is None:
            raise Unauthenticated("sign in first")
        return auth.User(name, is_admin=name == "admin")

    def may(self, user, permission, experiment_id):
        return (permission, experiment_id) in self.can.get(user.name, set())

    def visible(self, user):
        return frozenset(e for permission, e in self.can.get(user.name, set()) if permission == "read")


def app_with(authorizer, **views):
    """A sub-app with ``GET /<name>`` for each view."""
    app = openapi.new_app()
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    auth.install(app, authorizer)
    return app.test_client()


def view(permission, action=lambda: None):
    @allow(permission)
    def answer():
        action()
        return reply(OK)

    return answer


def test_a_rule_without_a_permission_fails_the_construction():
    app = openapi.new_app()
    app.add_url_rule("/open", "open", lambda: "x")
    with pytest.raises(RuntimeError, match="no permission is declared for: open"):
        auth.install(app, OpenAuthorizer())


def test_a_public_route_needs_no_sign_in():
    assert app_with(Login(), health=view("public")).get("/health").status_code == 200


@pytest.mark.parametrize("permission", ["signed_in", "read", "edit", "manage", "admin"])
def test_every_other_route_is_closed_to_anonymous(permission):
    answer = app_with(Login(), it=view(permission, visible_experiments)).get("/it")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


def test_an_admins_route_is_closed_to_users():
    client = app_with(Login(), it=view("admin"))
    assert client.get("/it", headers={"X-User": "bob"}).status_code == 403
    assert client.get("/it", headers={"X-User": "admin"}).status_code == 200


@pytest.mark.parametrize(
    ("can", "status", "code"),
    [
        (set(), 404, "not_found"),
        ({("read", "7")}, 403, "forbidden"),
        ({("read", "7"), ("edit", "7")}, 200, None),
        ({("read", "8"), ("edit", "8")}, 404, "not_found"),
    ],
)
def test_a_thing_of_an_experiment_needs_the_routes_permission_on_it(can, status, code):
    client = app_with(Login(bob=can), it=view("edit", lambda: authorize("7")))
    answer = client.get("/it", headers={"X-User": "bob"})
    assert answer.status_code == status
    assert answer.json.get("error", {}).get("code") == code


def test_a_list_is_limited_to_what_the_user_may_read():
    seen = []
    client = app_with(
        Login(bob={("read", "7"), ("edit", "8")}),
        it=view("read", lambda: seen.append((current_user().name, visible_experiments()))),
    )
    client.get("/it", headers={"X-User": "bob"})
    assert seen == [("bob", frozenset({"7"}))]


@pytest.mark.parametrize("permission", ["read", "edit", "manage"])
def test_an_answer_of_a_route_that_asked_for_no_permission_is_withheld(permission):
    answer = app_with(OpenAuthorizer(), it=view(permission)).get("/it")
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "internal_error")


def test_asking_for_the_methods_needs_no_permission():
    answer = app_with(Login(), it=view("edit")).options("/it")
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (200, True)


def test_without_a_login_sentinel_is_as_open_as_mlflow(monkeypatch):
    monkeypatch.setattr(mlflow_compat, "flask_app", lambda: Flask("mlflow"))
    client = app_with(GuardedAuthorizer(), it=view("edit", lambda: authorize("7")))
    assert client.get("/it").status_code == 200


def test_under_a_login_it_has_no_adapter_for_sentinel_stays_closed(monkeypatch):
    guarded = Flask("mlflow")
    guarded.before_request(lambda: None)
    monkeypatch.setattr(mlflow_compat, "flask_app", lambda: guarded)
    client = app_with(GuardedAuthorizer(), it=view("signed_in"), health=view("public"))
    answer = client.get("/it")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unsupported_login")
    assert __name__ in answer.json["error"]["message"]
    assert client.get("/health").status_code == 200


def test_mlflows_own_hooks_are_no_login():
    assert "mlflow.server" in sys.modules or mlflow_compat.flask_app() is not None
    assert mlflow_compat.active_login() is None


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_outside_uvicorn_a_foreign_host_header_is_refused(monkeypatch, host):
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    answer = app_with(OpenAuthorizer(), it=view("public")).get("/it", headers={"Host": host})
    assert answer.status_code == 403


def test_outside_uvicorn_a_cross_origin_change_is_refused(monkeypatch):
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    client = app_with(OpenAuthorizer(), it=view("public"))
    evil = {"Origin": "http://evil.example"}
    assert client.post("/it", headers=evil).status_code == 403
    assert client.get("/it", headers=evil).status_code == 200


def test_a_workspace_header_on_a_server_without_workspaces_is_refused(monkeypatch):
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    client = app_with(OpenAuthorizer(), it=view("signed_in"))
    answer = client.get("/it", headers={"X-MLFLOW-WORKSPACE": "other"})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid_input")
