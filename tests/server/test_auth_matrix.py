"""Who may do what: every rule, asked by everybody, on real servers behind MLflow's own login."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_sentinel_plugin.app import wiring
from tests.server.auth_rules import EXPERIMENT, FEATURE, MONITOR, RULES, RUN, SILENCE, Rule, rows_csv
from tests.server.principals import (
    ADMIN,
    PASSWORD,
    PRINCIPALS,
    WORKSPACE,
    Admin,
    Anonymous,
    KeyHolder,
    Principal,
)
from tests.server.running import Server, eventually, running_server

SERVERS = {
    "uvicorn": (),
    "gunicorn": ("--gunicorn-opts", "--worker-class gthread --threads 32 --timeout 120"),
}
TRIES = 8


# --- a server with something to hide --------------------------------------------------------------------


@dataclass
class Site:
    server: Server
    ids: dict[str, str]

    def ask(self, rule: Rule, who: Principal) -> requests.Response:
        """The answer, asked for again when it says so: SQLite may be locked on a busy machine."""
        answer = self._ask_once(rule, who)
        for _ in range(TRIES):
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                break
            time.sleep(float(answer.headers["Retry-After"]))
            answer = self._ask_once(rule, who)
        return answer

    def _ask_once(self, rule: Rule, who: Principal) -> requests.Response:
        words = {**self.ids, "who": slug(who), "doomed": self.ids[f"doomed-{slug(who)}"]}
        options = {name: _filled(value, words) for name, value in rule.options.items()}
        headers = {"Connection": "close", **options.pop("headers", {}), **who.headers}
        address = self.server.root + rule.path.format(**words)
        return requests.request(
            rule.method,
            address,
            headers=headers,
            timeout=120,
            allow_redirects=False,
            **who.credentials,
            **options,
        )


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str) and "{" in value:
        return value.format(**words)
    if isinstance(value, dict):
        return {name: _filled(item, words) for name, item in value.items()}
    return value


def login_environment(folder: Path, **settings: str) -> dict[str, str]:
    """What ``sentinel-basic-auth`` needs; passwords are hashed once a worker, to save time."""
    file = folder / "basic_auth.ini"
    given = {
        "default_permission": "READ",
        "database_uri": f"sqlite:///{folder}/basic_auth.db",
        "admin_username": "admin",
        "admin_password": PASSWORD,
        "auth_cache_ttl_seconds": "600",
        **settings,
    }
    file.write_text("[mlflow]\n" + "".join(f"{name} = {value}\n" for name, value in given.items()))
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(file),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key for tests only",
        "SENTINEL_MLFLOW__POLL_INTERVAL_SECONDS": "2",
    }


def as_admin(server: Server, path: str, **body: Any) -> Any:
    return told(server, path, auth=ADMIN, **body)


def told(
    server: Server, path: str, *, auth: Any, headers: Mapping[str, str] | None = None, **body: Any
) -> Any:
    answer = server.post(path, json=body, auth=auth, headers=headers or {})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def make_users(server: Server, experiment: str) -> None:
    as_admin(server, "/api/3.0/mlflow/workspaces", name="other")
    for who in PRINCIPALS:
        if who.user is not None or isinstance(who, (Anonymous, Admin)):
            continue
        as_admin(server, "/api/2.0/mlflow/users/create", username=who.name, password=PASSWORD)
        if who.grant is not None:
            give(server, who, "default", "experiment", experiment, who.grant)
        if who.other is not None:
            give(server, who, "other", "workspace", "*", who.other)


def give(server: Server, who: Principal, workspace: str, kind: str, pattern: str, permission: str) -> None:
    roles = "/api/3.0/mlflow/roles"
    role = as_admin(server, f"{roles}/create", name=f"of {who.name}", workspace=workspace)["role"]["id"]
    granted = {"resource_type": kind, "resource_pattern": pattern, "permission": permission}
    as_admin(server, f"{roles}/permissions/add", role_id=role, **granted)
    as_admin(server, f"{roles}/assign", username=who.name, role_id=role)


def make_keys(server: Server) -> None:
    """Give every holder of a key theirs, and end those that are to be over."""
    for who in PRINCIPALS:
        if not isinstance(who, KeyHolder):
            continue
        lasts = {"expires_in": "1s"} if who.ended == "expired" else {}
        body = {"name": who.name, "scope": who.scope, "monitors": who.monitors, **lasts}
        answer = server.post("/api/v1/keys", json=body, auth=(who.user, PASSWORD))
        assert answer.status_code == 201, answer.text
        who.headers = {**who.headers, "Authorization": f"Bearer {answer.json()['key']}"}
        if who.ended == "revoked":
            address = f"{server.api}/keys/{answer.json()['id']}"
            assert requests.delete(address, auth=ADMIN, timeout=30).status_code == 204
        if who.ended is not None:
            said = f"key_{who.ended}"
            assert eventually(lambda who=who, said=said: said in server_says(server, who), 10)


def slug(who: Principal) -> str:
    return who.name.replace(" ", "-")


def server_says(server: Server, who: Principal) -> str:
    return requests.get(f"{server.api}/me", headers=who.headers, timeout=30).text


def fill(server: Server) -> dict[str, str]:
    """A monitor with a baseline, windows, an event and an alert, and a run; ids of all of them."""
    experiment = as_admin(server, "/api/2.0/mlflow/experiments/create", name=EXPERIMENT)["experiment_id"]
    made = as_admin(server, "/api/2.0/mlflow/runs/create", experiment_id=experiment, run_name=RUN)
    settings = {"experiment_id": experiment, "window": {"rows": 100}}
    as_admin(server, "/api/v1/monitors", name=MONITOR, **settings)
    for who in PRINCIPALS:
        as_admin(server, "/api/v1/monitors", name=f"victim-{slug(who)}", **settings)
    for route, rows in (("baseline", rows_csv(400)), ("predictions", rows_csv(200, shift=3))):
        address = f"/api/v1/{route}?monitor={MONITOR}"
        answer = server.post(address, data=rows, headers={"Content-Type": "text/csv"}, auth=ADMIN)
        assert answer.status_code in (201, 202), answer.text
    ids = {"monitor": MONITOR, "experiment": experiment, "run": made["run"]["info"]["run_id"]}
    for name, path in (
        ("event", "/api/v1/drift"),
        ("alert", "/api/v1/alerts"),
        ("window", f"/api/v1/monitors/{MONITOR}/windows?state=drift"),
        ("baseline", f"/api/v1/baseline?monitor={MONITOR}"),
    ):
        found = eventually(lambda path=path: server.get(path, auth=ADMIN).json()["items"], 60)
        ids[name] = found[0]["id"]
    ids["silence"] = as_admin(server, "/api/v1/silences", monitor=MONITOR, **SILENCE)["id"]
    for name in ("source", *(f"doomed-{slug(who)}" for who in PRINCIPALS)):
        source = {"name": name, "run_id": ids["run"], "artifact_path": "none.csv"}
        ids[name] = as_admin(server, f"/api/v1/sources?monitor={MONITOR}", **source)["id"]
    assert eventually(lambda: server.get("/api/v1/runs", auth=ADMIN).json()["items"], 60)
    ids["key"] = as_admin(server, "/api/v1/keys", name="admin's", scope="read")["id"]
    return ids


@pytest.fixture(scope="module", params=list(SERVERS))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(request.param)
    with running_server(
        folder,
        "--enable-workspaces",
        *SERVERS[request.param],
        workers=4,
        app_name="sentinel-basic-auth",
        environ=login_environment(folder),
        ready=lambda server: server.get("/api/v1/ready", auth=ADMIN).status_code == 200,
    ) as server:
        ids = fill(server)
        make_users(server, ids["experiment"])
        make_keys(server)
        yield Site(server, ids)


# --- the matrix ------------------------------------------------------------------------------------------


Answers = list[tuple[Rule, list[requests.Response]]]
"""Of each rule, the answers to the principals in their order."""


def test_every_rule_has_its_line_in_the_table():
    app = wiring.sub_app(lambda: None)  # type: ignore[arg-type]
    rules = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {rule.rule for rule in RULES} == rules


@pytest.mark.server
@pytest.mark.long
def test_everybody_gets_what_the_table_says_and_nothing_leaks(site, capsys):
    with ThreadPoolExecutor(4) as pool:
        answers = [(rule, list(pool.map(partial(site.ask, rule), PRINCIPALS))) for rule in RULES]
    with capsys.disabled():
        print(f"\n{table(answers)}")
    assert wrong(answers) == []
    assert leaks(site, answers) == []
    assert blanks(answers) == []


@pytest.mark.server
@pytest.mark.long
def test_each_workspace_has_runs_and_monitors_of_its_own(site):
    server = site.server
    there = {"headers": {WORKSPACE: "other"}, "auth": ("neighbour", PASSWORD)}
    tell = partial(told, server, **there)
    experiment = tell("/api/2.0/mlflow/experiments/create", name="elsewhere")["experiment_id"]
    tell("/api/2.0/mlflow/runs/create", experiment_id=experiment, run_name="run elsewhere")
    tell("/api/v1/monitors", name=MONITOR, experiment_id=experiment)

    assert eventually(lambda: "run elsewhere" in seen(server, "/api/v1/runs", **there), 60)
    assert MONITOR in seen(server, "/api/v1/monitors", **there)
    assert FEATURE not in seen(server, "/api/v1/monitors", **there)
    assert "elsewhere" not in seen(server, "/api/v1/runs", auth=ADMIN)
    assert "elsewhere" not in seen(server, "/api/v1/monitors", auth=ADMIN)
    strange = {"name": "strange", "experiment_id": experiment}
    assert server.post("/api/v1/monitors", json=strange, auth=ADMIN).status_code == 404


def seen(server: Server, path: str, **options: Any) -> str:
    answer = requests.get(server.root + path, timeout=120, **options)
    assert answer.status_code == 200, answer.text
    return answer.text


def wrong(answers: Answers) -> list[str]:
    """Statuses that are not the table's."""
    return [
        f"{rule.method} {rule.path} as {who.name}: {answer.status_code}, not {who.expected(rule)}: "
        f"{answer.text[:200]}"
        for rule, row in answers
        for who, answer in zip(PRINCIPALS, row, strict=True)
        if answer.status_code not in who.expected(rule)
    ]


def leaks(site: Site, answers: Answers) -> list[str]:
    """Names and ids in answers to those who may not see them, and who did not name them themselves."""
    secrets = {MONITOR, FEATURE, EXPERIMENT, RUN} | {
        site.ids[name] for name in ("run", "event", "alert", "window", "baseline", "silence", "source", "key")
    }
    return [
        f"{rule.method} {rule.path} as {who.name} names {secret}"
        for rule, row in answers
        for who, answer in zip(PRINCIPALS, row, strict=True)
        if who.is_blind
        for secret in secrets
        if secret in answer.text and secret not in asked(answer.request)
    ]


def asked(request: requests.PreparedRequest) -> str:
    """What the request itself names."""
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    return f"{request.url} {body}"


def blanks(answers: Answers) -> list[str]:
    """Answers that show a reader nothing of what must stay hidden from others: they would prove nothing."""
    (reader,) = (i for i, who in enumerate(PRINCIPALS) if who.name == "reader")
    return [
        f"{rule.method} {rule.path}"
        for rule, row in answers
        if rule.shows and "leakmark" not in row[reader].text
    ]


def table(answers: Answers) -> str:
    """Statuses by rule and principal."""
    width = max(len(f"{rule.method} {rule.path}") for rule, _ in answers)
    head = " " * width + "".join(f"  {who.name}" for who in PRINCIPALS)
    lines = [
        f"{rule.method + ' ' + rule.path:{width}}"
        + "".join(
            f"  {answer.status_code:<{len(who.name)}}" for who, answer in zip(PRINCIPALS, row, strict=True)
        )
        for rule, row in answers
    ]
    return "\n".join([head, *lines])
