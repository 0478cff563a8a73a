"""Who may do what: every rule, asked by everybody, on real servers behind MLflow's own login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_sentinel_plugin.app import wiring
from tests.server.auth_rules import EXPERIMENT, FEATURE, MONITOR, RANKS, RULES, RUN, Rule, rows_csv
from tests.server.running import Server, eventually, running_server

PASSWORD = "correct horse battery"
ADMIN = ("admin", PASSWORD)
WORKSPACE = "X-MLFLOW-WORKSPACE"
SERVERS = {
    "uvicorn": (),
    "gunicorn": ("--gunicorn-opts", "--worker-class gthread --threads 8 --timeout 120"),
}


@dataclass
class Principal:
    """Who asks.

    Args:
        name: Also the user's, unless ``user`` says otherwise.
        grant: MLflow's permission on the experiment in question, in the workspace ``default``.
        other: MLflow's permission on all of the workspace ``other``.
        headers: Sent with each request.
    """

    name: str
    user: str | None = None
    grant: str | None = None
    other: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def credentials(self) -> dict[str, Any]:
        """Options of ``requests`` that sign in."""
        return {"auth": (self.user or self.name, PASSWORD)}

    @property
    def rank(self) -> int:
        """How much of the experiment they may do: 0 nothing, 3 all."""
        return RANKS.get((self.grant or "").lower(), 0)

    def expected(self, rule: Rule) -> tuple[int, ...]:
        """The statuses that ``rule`` may answer them."""
        if rule.need in ("public", "signed_in", "list"):
            return rule.ok
        if rule.need == "admin":
            return (403,)
        if rule.need not in RANKS or self.rank == 0:
            return (404,)
        return rule.ok if self.rank >= RANKS[rule.need] else (403,)

    @property
    def is_blind(self) -> bool:
        """Whether nothing of the experiment may be named to them."""
        return self.rank == 0


class Anonymous(Principal):
    @property
    def credentials(self) -> dict[str, Any]:
        return {}

    def expected(self, rule: Rule) -> tuple[int, ...]:
        return rule.ok if rule.need == "public" else (401,)


class Liar(Anonymous):
    """A user with another password."""

    @property
    def credentials(self) -> dict[str, Any]:
        return {"auth": ("manager", "wrong " + PASSWORD)}


class Admin(Principal):
    @property
    def rank(self) -> int:
        return 3

    def expected(self, rule: Rule) -> tuple[int, ...]:
        return rule.ok if rule.need in ("admin", "owner") else super().expected(rule)


PRINCIPALS = (
    Anonymous("anonymous"),
    Liar("liar"),
    Principal("stranger"),
    Principal("reader", grant="READ"),
    Principal("editor", grant="EDIT"),
    Principal("manager", grant="MANAGE"),
    Admin("admin"),
    Principal("neighbour", other="MANAGE", headers={WORKSPACE: "other"}),
    Principal("neighbour here", user="neighbour"),
    Principal("manager there", user="manager", headers={WORKSPACE: "other"}),
    Principal("admin there", user="admin", headers={WORKSPACE: "other"}),
)


# --- a server with something to hide --------------------------------------------------------------------


@dataclass
class Site:
    server: Server
    ids: dict[str, str]

    def ask(self, rule: Rule, who: Principal) -> requests.Response:
        words = {**self.ids, "who": who.name.replace(" ", "-")}
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
        "auth_cache_ttl_seconds": "600",
        **settings,
    }
    file.write_text("[mlflow]\n" + "".join(f"{name} = {value}\n" for name, value in given.items()))
    return {
        "MLFLOW_AUTH_CONFIG_PATH": str(file),
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key for tests only",
        "SENTINEL_MLFLOW__POLL_INTERVAL_SECONDS": "2",
    }


def as_admin(server: Server, path: str, **body: Any) -> Any:
    answer = server.post(path, json=body, auth=ADMIN)
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


def fill(server: Server) -> dict[str, str]:
    """A monitor with a baseline, windows, an event and an alert, and a run; ids of all of them."""
    experiment = as_admin(server, "/api/2.0/mlflow/experiments/create", name=EXPERIMENT)["experiment_id"]
    made = as_admin(server, "/api/2.0/mlflow/runs/create", experiment_id=experiment, run_name=RUN)
    settings = {"experiment_id": experiment, "window": {"rows": 100}}
    as_admin(server, "/api/v1/monitors", name=MONITOR, **settings)
    for who in PRINCIPALS:
        as_admin(server, "/api/v1/monitors", name=f"victim-{who.name.replace(' ', '-')}", **settings)
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
def test_everybody_gets_what_the_table_says_and_nothing_leaks(site, capsys):
    with ThreadPoolExecutor(4) as pool:
        answers = [(rule, list(pool.map(partial(site.ask, rule), PRINCIPALS))) for rule in RULES]
    with capsys.disabled():
        print(f"\n{table(answers)}")
    assert wrong(answers) == []
    assert leaks(site, answers) == []
    assert blanks(answers) == []


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
        site.ids[name] for name in ("run", "event", "alert", "window", "baseline", "key")
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
