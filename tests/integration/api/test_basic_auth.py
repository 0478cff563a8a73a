"""Behind MLflow's own login: its users, its permissions, its answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Response
from werkzeug.datastructures import Authorization

from mlflow_sentinel_plugin import mlflow_compat, mlflow_login
from mlflow_sentinel_plugin.api.authorizers.basic_auth import BasicAuthAuthorizer
from mlflow_sentinel_plugin.store import keys
from tests.integration.api.conftest import Answer, Server

PASSWORD = "correct horse battery"
OURS = "1"


@dataclass
class Login:
    """MLflow's login module on a database of its own, with the users ``ada`` and ``admin``."""

    module: Any
    set: Callable[..., None]
    hashed: list[str]

    def give(self, permission: str, experiment_id: str = OURS) -> None:
        self.module.store.grant_user_resource_permission("ada", "experiment", experiment_id, permission)


@pytest.fixture
def login(tmp_path, monkeypatch, mlflow) -> Login:
    from mlflow.server import auth, handlers
    from mlflow.server.auth import sqlalchemy_store

    def set_config(**values: Any) -> None:
        monkeypatch.setattr(auth, "auth_config", auth.auth_config._replace(**values))

    hashed: list[str] = []
    real = sqlalchemy_store.check_password_hash
    monkeypatch.setattr(
        sqlalchemy_store, "check_password_hash", lambda *args: hashed.append(args[1]) or real(*args)
    )
    monkeypatch.setattr(auth, "store", sqlalchemy_store.SqlAlchemyStore())
    monkeypatch.setattr(handlers, "_tracking_store", mlflow.store)
    monkeypatch.setattr(mlflow_compat, "active_login", lambda besides=(): None)
    set_config(default_permission="NO_PERMISSIONS")
    auth.store.init_db(f"sqlite:///{tmp_path}/auth.db")
    auth.store.create_user("admin", PASSWORD, is_admin=True)
    auth.store.create_user("ada", PASSWORD)
    return Login(auth, set_config, hashed)


@pytest.fixture
def behind(server, login) -> Server:
    """A server behind the login, with the monitor ``churn`` in experiment 1."""
    server.post("/monitors", 201, json={"name": "churn", "experiment_id": OURS})
    server.authorizer = BasicAuthAuthorizer()
    return server


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def ask(
    server: Server, method: str = "GET", path: str = "/monitors", user: str = "ada", **more: Any
) -> Answer:
    return server.call(method, path, headers=basic(user), **more)


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [item["name"] for item in answer.body["items"]]


# --- signing in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("ada", "wrong"),
        basic("nobody"),
        basic(""),
        {"Authorization": "Basic !"},
        {"Authorization": "Bearer of nothing"},
    ],
)
def test_no_or_wrong_credentials_are_asked_for(behind, headers):
    answer = behind.call("GET", "/monitors", headers=headers)

    assert (answer.status, answer.body["error"]["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'


@pytest.mark.parametrize(("user", "admin"), [("ada", False), ("admin", True)])
def test_the_page_can_ask_who_is_signed_in(behind, user, admin):
    assert ask(behind, path="/me", user=user).body == {
        "name": user,
        "admin": admin,
        "workspace": "default",
    }


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/me", {}),
        ("GET", "/monitors", {}),
        ("GET", "/monitors/churn", {}),
        ("PATCH", "/monitors/churn", {"json": {"lateness": "2h"}}),
    ],
)
def test_a_request_costs_one_password_hash(behind, login, method, path, options):
    login.give("EDIT")

    assert ask(behind, method, path, **options).status == 200
    assert login.hashed == [PASSWORD]


def test_a_public_route_costs_none(behind, login):
    assert ask(behind, path="/health").status == 200
    assert login.hashed == []


# --- permissions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "see", "change", "delete"),
    [
        (None, 404, 404, 404),
        ("READ", 200, 403, 403),
        ("EDIT", 200, 200, 403),
        ("MANAGE", 200, 200, 204),
    ],
)
def test_mlflows_permission_on_the_experiment_decides(behind, login, permission, see, change, delete):
    if permission is not None:
        login.give(permission)

    assert names(ask(behind)) == (["churn"] if see == 200 else [])
    assert ask(behind, "GET", "/monitors/churn").status == see
    assert ask(behind, "POST", "/monitors/churn/pause").status == change
    assert ask(behind, "DELETE", "/monitors/churn").status == delete


def test_the_default_permission_applies_where_none_is_given(behind, login):
    assert names(ask(behind)) == []
    login.set(default_permission="READ")
    assert names(ask(behind)) == ["churn"]
    assert ask(behind, "POST", "/monitors/churn/pause").status == 403


def test_a_denial_wins_over_the_default_permission(behind, login):
    login.set(default_permission="MANAGE")
    login.give("DENY")

    assert names(ask(behind)) == []
    assert ask(behind, "GET", "/monitors/churn").status == 404


def test_who_is_denied_all_runs_sees_nothing_that_was_made_of_runs(behind, login):
    login.give("MANAGE")
    login.module.store.grant_user_resource_permission("ada", "run", "*", "DENY")

    assert names(ask(behind)) == []
    assert ask(behind, "GET", "/monitors/churn").status == 404


def test_a_permission_that_is_taken_away_is_gone_at_once(behind, login):
    login.give("READ")
    assert names(ask(behind)) == ["churn"]
    login.module.store.revoke_user_resource_permission("ada", "experiment", OURS)
    assert names(ask(behind)) == []


def test_an_administrator_sees_and_does_everything(behind):
    assert names(ask(behind, user="admin")) == ["churn"]
    assert ask(behind, "DELETE", "/monitors/churn", user="admin").status == 204


# --- keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("owner", "status"), [("ada", 200), ("gone", 401), (None, 401)])
def test_a_key_acts_for_a_user_of_the_login_or_for_nobody(behind, login, owner, status):
    login.give("READ")
    with behind.db.write() as session:
        _, key = keys.create(session, "ci", "read", owner=owner, now=1)

    answer = behind.call("GET", "/monitors/churn", headers={"Authorization": f"Bearer {key}"})

    assert answer.status == status
    assert login.hashed == []


# --- other ways to sign in -------------------------------------------------------------------------------


def by_custom_function(login: Login, monkeypatch, result: object) -> None:
    monkeypatch.setattr(mlflow_login, "give_test_answer", lambda: result, raising=False)
    login.module.get_auth_func.cache_clear()
    login.set(authorization_function="mlflow_sentinel_plugin.mlflow_login:give_test_answer")


def test_a_custom_authorization_function_says_who_it_is(behind, login, monkeypatch):
    login.give("READ")
    by_custom_function(login, monkeypatch, Authorization("basic", {"username": "ada", "password": ""}))

    assert names(behind.call("GET", "/monitors")) == ["churn"]
    assert login.hashed == []


def test_a_user_that_mlflow_does_not_have_is_refused(behind, login, monkeypatch):
    by_custom_function(login, monkeypatch, Authorization("basic", {"username": "eve", "password": ""}))

    answer = behind.call("GET", "/monitors")

    assert (answer.status, answer.body["error"]["code"]) == (403, "unknown_user")


@pytest.mark.parametrize("path", ["/api/v1/monitors", "/sentinel/"])
def test_a_login_that_answers_by_itself_is_passed_on(behind, login, monkeypatch, path):
    by_custom_function(
        login, monkeypatch, Response(status=302, headers={"Location": "https://login.example/"})
    )
    behind.call("GET", "/health")

    answer = behind.app.test_client().get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, "https://login.example/")


def test_a_login_that_answers_with_a_page_is_passed_on_without_anything_of_ours(behind, login, monkeypatch):
    by_custom_function(login, monkeypatch, Response("<form>sign in</form>"))
    behind.call("GET", "/health")

    answer = behind.app.test_client().get("/api/v1/monitors/churn")

    assert (answer.status_code, answer.text) == (200, "<form>sign in</form>")


@pytest.mark.parametrize("result", [None, True, "ada", Authorization("basic", {"username": ""})])
def test_a_login_that_names_no_user_closes_sentinel(behind, login, monkeypatch, result):
    by_custom_function(login, monkeypatch, result)

    answer = behind.call("GET", "/monitors")

    assert (answer.status, answer.body["error"]["code"]) == (503, "unsupported_login")


def test_a_second_login_closes_sentinel(behind, monkeypatch):
    monkeypatch.setattr(mlflow_compat, "active_login", lambda besides=(): "oidc.hooks")

    answer = ask(behind, user="admin")

    assert (answer.status, answer.body["error"]["code"]) == (503, "unsupported_login")
    assert "oidc.hooks" in answer.body["error"]["message"]


def test_a_login_whose_database_is_away_is_waited_for(behind, login, monkeypatch):
    from mlflow.exceptions import MlflowException

    def away(*_args: object, **_kwargs: object) -> None:
        raise MlflowException("(OperationalError) no connection")

    monkeypatch.setattr(login.module.store, "get_user", away)

    answer = ask(behind)

    assert answer.status == 503
    assert answer.headers["Retry-After"]
