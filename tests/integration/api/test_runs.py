"""MLflow's runs as the poller saw them, with what MLflow itself says of one."""

from __future__ import annotations

import math

import pytest

from tests.integration.api.conftest import HOUR, MINUTE, NOON, Server


@pytest.fixture(scope="module")
def polled(new_server, mlflow) -> Server:
    """Three runs of an experiment named ``shop``."""
    experiment = mlflow.store.create_experiment("shop")
    server = new_server()
    server.shop = experiment
    curve = [0.5, math.nan, math.inf, 0.9]
    artifacts = {"data/train.csv": b"age\n" + b"1\n2\n3\n" * 30}
    mlflow.run(experiment, name="Alpha", metrics={"auc": curve, "bad": [math.nan]}, artifacts=artifacts)
    mlflow.run(experiment, name="beta", start=NOON, status="FAILED")
    mlflow.run(experiment, name="gamma 100%", start=NOON + HOUR)
    server.poll()
    return server


def names(page) -> list[str]:
    return [item["name"] for item in page["items"]]


def test_runs_are_listed_newest_first_page_by_page(polled):
    first = polled.get("/runs", experiment="shop", limit=2)
    second = polled.get("/runs", experiment="shop", limit=2, cursor=first["next"])

    assert [names(first), names(second), second["next"]] == [["gamma 100%", "beta"], ["Alpha"], None]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "FAILED"}, ["beta"]),
        ({"search": "ALPH"}, ["Alpha"]),
        ({"search": "100%"}, ["gamma 100%"]),
        ({"since": "2026-03-10T12:00:00Z"}, ["gamma 100%", "beta"]),
        ({"since": "2026-03-10T12:00:00Z", "until": "2026-03-10T13:00:00Z"}, ["beta"]),
    ],
)
def test_runs_are_filtered(polled, query, found):
    assert names(polled.get("/runs", experiment="shop", **query)) == found
    assert names(polled.get("/runs", experiment=polled.shop, **query)) == found


def test_a_run_shows_its_metrics_over_time_and_its_artifacts(polled):
    listed = polled.get("/runs", experiment="shop", search="alpha")["items"][0]

    run = polled.get(f"/runs/{listed['run_id']}")

    assert {key: run[key] for key in listed} == listed
    assert (run["experiment_name"], run["status"], run["user"]) == ("shop", "FINISHED", "ada")
    assert (run["start"], run["end"]) == ("2026-03-10T11:00:00.000Z", "2026-03-10T11:01:00.000Z")
    assert (run["params"], run["tags"]) == ({"depth": "3"}, {})
    assert run["metrics"] == {"auc": 0.9, "bad": None}
    assert [(point["step"], point["value"]) for point in run["history"]["auc"]] == [
        (0, 0.5),
        (1, None),
        (2, None),
        (3, 0.9),
    ]
    assert run["artifacts"] == [{"path": "data", "is_dir": True, "size": None}]


def test_a_run_names_the_monitors_that_compare_with_it(polled):
    run_id = polled.get("/runs", experiment="shop", search="alpha")["items"][0]["run_id"]
    source = {"run_id": run_id, "artifact_path": "data/train.csv"}

    polled.post("/baseline?monitor=shop", 201, json=source)

    assert polled.get(f"/runs/{run_id}")["baselines"] == ["shop"]
    assert polled.get("/runs", experiment="shop", search="alpha")["items"][0]["baselines"] == ["shop"]


def test_an_unknown_run_is_not_found(polled):
    polled.refused("GET", f"/runs/{'0' * 32}", 404, "run_not_found")


@pytest.mark.parametrize(
    "query", [{"status": "DONE"}, {"since": "x"}, {"limit": 501}, {"cursor": "x"}, {"name": "x"}]
)
def test_a_wrong_filter_is_refused(polled, query):
    polled.refused("GET", "/runs", 400, "invalid_input", query_string=query)


def test_a_run_that_was_deleted_leaves_the_list(new_server, mlflow):
    server = new_server()
    run_id = mlflow.run(name="short-lived")
    server.poll()
    assert names(server.get("/runs", search="short-lived")) == ["short-lived"]

    mlflow.store.delete_run(run_id)
    server.now += MINUTE
    server.poll()

    assert names(server.get("/runs", search="short-lived")) == []
