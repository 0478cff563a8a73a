"""A user sees and changes what MLflow lets them see and change, and nothing of the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from mlflow_sentinel_plugin.api.auth import User
from tests.integration.api.conftest import HOUR, MINUTE, Server, as_csv, people

OURS, THEIRS = "1", "2"


@dataclass
class Login:
    """A login whose user may do some things on some experiments."""

    may_do: dict[str, set[str]] = field(default_factory=dict)

    def sign_in(self) -> User:
        return User("ada", is_admin=False)

    def owner(self, name: str | None) -> User:
        return User(name, is_admin=False)

    def may(self, user: User, permission: str, experiment_id: str) -> bool:
        return permission in self.may_do.get(experiment_id, ())

    def visible(self, user: User) -> frozenset[str]:
        return frozenset(experiment for experiment, may in self.may_do.items() if "read" in may)


EDITOR = Login({OURS: {"read", "edit", "manage"}})
READER = Login({OURS: {"read"}})


def fill(server: Server, mlflow) -> Server:
    """``ours`` in experiment 1 and ``theirs`` in 2, each with a run, a baseline, an event and an alert."""
    train = as_csv(people(400))["data"].encode()
    server.runs = {OURS: mlflow.run(OURS, name="ours", artifacts={"train.csv": train})}
    server.runs[THEIRS] = mlflow.run(THEIRS, name="theirs", artifacts={"train.csv": train})
    server.poll()
    for name, experiment in (("ours", OURS), ("theirs", THEIRS)):
        source = {"run_id": server.runs[experiment], "artifact_path": "train.csv"}
        server.post("/baseline", 201, query_string={"monitor": name}, json=source)
        server.send(people(200, shift=2), monitor=name)
    server.tick()
    server.tick(HOUR + 10 * MINUTE)
    server.ids = {
        "event": server.get("/drift", monitor="theirs")["items"][0]["id"],
        "alert": server.get("/alerts", monitor="theirs")["items"][0]["id"],
        "window": server.get("/monitors/theirs/windows")["items"][0]["id"],
        "baseline": server.get("/baseline", monitor="theirs")["items"][0]["id"],
        "run": server.runs[THEIRS],
    }
    return server


@pytest.fixture(scope="module")
def filled(new_server, mlflow) -> Server:
    return fill(new_server(), mlflow)


@pytest.fixture
def editor(filled) -> Server:
    filled.authorizer = EDITOR
    return filled


@pytest.fixture
def reader(filled) -> Server:
    filled.authorizer = READER
    return filled


# --- what is seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/monitors", "/baseline", "/drift", "/alerts", "/runs", "/drift/summary"])
def test_a_list_holds_only_what_the_user_may_see(editor, path):
    shown = editor.get(path)

    assert "ours" in json.dumps(shown) or shown["experiments"][0]["experiment_id"] == OURS
    assert "theirs" not in json.dumps(shown)
    assert "secret" not in json.dumps(shown)


def test_totals_leave_out_what_may_not_be_seen(editor):
    summary = editor.get("/drift/summary")

    assert (summary["monitors"], summary["events"], summary["open_alerts"]) == (1, 1, 1)
    assert [item["experiment_id"] for item in summary["experiments"]] == [OURS]


@pytest.mark.parametrize("path", ["/monitors", "/drift", "/alerts", "/runs"])
def test_asking_for_another_experiment_finds_nothing(editor, path):
    assert editor.get(path, experiment=THEIRS)["items"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/monitors/theirs",
        "/monitors/theirs/windows",
        "/monitors/theirs/windows/{window}",
        "/monitors/ours/windows/{window}",
        "/baseline/{baseline}",
        "/baseline?monitor=theirs",
        "/drift/{event}",
        "/drift?monitor=theirs",
        "/drift/timeseries?monitor=theirs",
        "/drift/distribution?monitor=theirs&feature=age",
        "/drift/distribution?monitor=ours&feature=age&window={window}",
        "/alerts/{alert}",
        "/alerts?monitor=theirs",
        "/runs/{run}",
    ],
)
def test_what_may_not_be_seen_is_not_found(editor, path):
    answer = editor.call("GET", path.format(**editor.ids))

    assert answer.status == 404
    assert "secret" not in json.dumps(answer.body)


def test_a_hint_names_no_monitor_that_may_not_be_seen(editor):
    assert "theirs" not in editor.call("GET", "/monitors/their").body["error"]["hint"].split("=")[0]


def test_a_run_names_no_monitor_that_may_not_be_seen(new_server, mlflow):
    server = fill(new_server(), mlflow)
    source = {"run_id": server.runs[OURS], "artifact_path": "train.csv"}
    server.post("/baseline?monitor=theirs", 201, json=source)
    assert server.get(f"/runs/{server.runs[OURS]}")["baselines"] == ["ours", "theirs"]

    server.authorizer = READER

    assert server.get(f"/runs/{server.runs[OURS]}")["baselines"] == ["ours"]


# --- what is changed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("PATCH", "/monitors/theirs", {"json": {"lateness": "2h"}}),
        ("DELETE", "/monitors/theirs", {}),
        ("POST", "/monitors/theirs/pause", {}),
        ("POST", "/monitors/theirs/resume", {}),
        ("POST", "/baseline/{baseline}/activate", {}),
        ("POST", "/baseline?monitor=theirs&activate=true", as_csv(people(60))),
        ("POST", "/baseline?monitor=theirs&experiment_id=1", as_csv(people(60))),
        ("POST", "/baseline?monitor=new&experiment_id=2", as_csv(people(60))),
        ("POST", "/baseline?monitor=new", as_csv(people(60))),
        ("POST", "/monitors", {"json": {"name": "new", "experiment_id": THEIRS}}),
        ("PATCH", "/monitors/ours", {"json": {"experiment_id": THEIRS}}),
        ("POST", "/predictions?monitor=theirs", as_csv(people(60))),
        ("POST", "/evaluate", {"json": {"monitor": "theirs", "current": people(60)}}),
    ],
)
def test_what_may_not_be_seen_is_not_changed_either(editor, method, path, options):
    before = editor.contents()

    answer = editor.call(method, path.format(**editor.ids), **options)

    assert answer.status == 404
    assert editor.contents() == before


def test_an_artifact_of_a_run_that_may_not_be_seen_makes_no_baseline(editor):
    source = {"run_id": editor.runs[THEIRS], "artifact_path": "train.csv"}

    assert editor.call("POST", "/baseline?monitor=ours", json=source).status == 404


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("PATCH", "/monitors/ours", {"json": {"lateness": "2h"}}),
        ("DELETE", "/monitors/ours", {}),
        ("POST", "/monitors/ours/pause", {}),
        ("POST", "/monitors/ours/resume", {}),
        ("POST", "/monitors", {"json": {"name": "new", "experiment_id": OURS}}),
        ("POST", "/baseline?monitor=ours", as_csv(people(60))),
        ("POST", "/baseline?monitor=new&experiment_id=1", as_csv(people(60))),
        ("POST", "/predictions?monitor=ours", as_csv(people(60))),
    ],
)
def test_who_may_only_read_changes_nothing(reader, method, path, options):
    error = reader.refused(method, path, 403, "forbidden", **options)

    assert "experiment 1" in error["message"]


def test_who_may_only_read_compares_rows_with_what_they_see(reader):
    verdict = reader.post("/evaluate", json={"monitor": "ours", "current": people(60)})

    assert verdict["n_reference"] == 400


def test_deleting_takes_more_than_editing(filled):
    filled.authorizer = Login({OURS: {"read", "edit"}})

    filled.refused("DELETE", "/monitors/ours", 403, "forbidden")


def test_what_moves_out_of_sight_takes_its_past_along(new_server, mlflow):
    server = fill(new_server(), mlflow)
    alert = server.get("/alerts", monitor="ours")["items"][0]["id"]
    server.patch("/monitors/ours", experiment_id=THEIRS)

    server.authorizer = READER

    for path in ("/monitors", "/drift", "/alerts", "/baseline"):
        assert server.get(path)["items"] == []
    server.refused("GET", f"/alerts/{alert}", 404, "alert_not_found")


@pytest.mark.parametrize(
    ("may", "told"),
    [({"read"}, "read"), ({"read", "edit"}, "edit"), ({"read", "edit", "manage"}, "manage")],
)
def test_a_monitor_says_what_the_user_may_do_with_it(filled, may, told):
    filled.authorizer = Login({OURS: may})

    assert filled.get("/monitors/ours")["permission"] == told
