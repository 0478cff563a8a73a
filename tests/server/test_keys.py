"""API keys on a real server with MLflow's login and several workers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from mlflow_sentinel_plugin.api.key_auth import CACHE_S
from tests.server.running import Server, eventually, running_server

pytestmark = [pytest.mark.server, pytest.mark.long]

ADMIN = ("admin", "only-for-tests-1")
BOB = ("bob", "only-for-tests-2")
ENVIRON = {"MLFLOW_FLASK_SERVER_SECRET_KEY": "for-tests-only"}
CSV = {"Content-Type": "text/csv"}
ROWS = "age,city\n" + "".join(f"{20 + n % 50},{'Ulm' if n % 3 else 'Bonn'}\n" for n in range(300))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("keys")
    config = folder / "basic_auth.ini"
    config.write_text(
        "[mlflow]\n"
        f"default_permission = NO_PERMISSIONS\ndatabase_uri = sqlite:///{folder}/users.db\n"
        f"admin_username = {ADMIN[0]}\nadmin_password = {ADMIN[1]}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    environ = {**ENVIRON, "MLFLOW_AUTH_CONFIG_PATH": str(config)}
    options: dict[str, Any] = {"environ": environ, "app_name": "sentinel-basic-auth"}
    with running_server(
        folder, ready=lambda s: ask(s, "/api/v1/ready", auth=ADMIN) == 200, **options
    ) as running:
        user = {"username": BOB[0], "password": BOB[1]}
        assert running.post("/api/2.0/mlflow/users/create", json=user, auth=ADMIN).status_code == 200
        yield running


def ask(server: Server, path: str, **options: Any) -> int:
    return server.get(path, **options).status_code


def made(server: Server, user: tuple[str, str], scope: str) -> dict[str, Any]:
    answer = server.post("/api/v1/keys", json={"name": "test", "scope": scope}, auth=user)
    assert answer.status_code == 201
    return dict(answer.json())


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def send(server: Server, key: str, path: str = "/api/v1/predictions?monitor=keys") -> int:
    return server.post(path, data=ROWS, headers={**CSV, **bearer(key)}).status_code


def seen_everywhere(server: Server, key: str) -> set[int]:
    """Statuses that the workers give to many requests at once."""

    def one(_: int) -> int:
        headers = {**bearer(key), "Connection": "close"}
        return requests.get(f"{server.api}/monitors", headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(one, range(24)))


def test_a_machine_sends_a_baseline_and_rows_without_a_password(server):
    key = made(server, ADMIN, "ingest")["key"]
    assert send(server, key, "/api/v1/baseline?monitor=keys") == 201
    assert send(server, key) == 202
    assert send(server, made(server, BOB, "ingest")["key"]) == 404


def test_a_key_works_in_every_worker_and_once_revoked_in_none_within_seconds(server):
    row = made(server, ADMIN, "read")
    assert seen_everywhere(server, row["key"]) == {200}
    answer = requests.delete(f"{server.api}/keys/{row['id']}", auth=ADMIN, timeout=30)
    assert answer.status_code == 204
    assert eventually(lambda: seen_everywhere(server, row["key"]) == {401}, CACHE_S + 5)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/", None),
        ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 1}),
        ("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}),
        ("GET", "/api/2.0/mlflow/registered-models/search", None),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts", None),
        ("POST", "/v1/traces", {}),
        ("GET", "/api/2.0/mlflow/users/get?username=admin", None),
        ("POST", "/graphql", {}),
    ],
)
def test_a_key_of_the_administrator_opens_none_of_mlflows_own_routes(server, method, path, body):
    key = made(server, ADMIN, "admin")["key"]
    answer = requests.request(
        method, server.root + path, json=body, headers=bearer(key), timeout=30, allow_redirects=False
    )
    assert answer.status_code == 401


def test_nobody_makes_a_key_without_signing_in(server):
    answer = server.post("/api/v1/keys", json={"name": "test", "scope": "admin"})
    assert answer.status_code == 401


def test_a_key_never_reaches_the_servers_log(server):
    key = made(server, ADMIN, "read")["key"]
    assert seen_everywhere(server, key) == {200}
    assert seen_everywhere(server, key[:-1]) == {401}
    assert key[:-1] not in server.log
