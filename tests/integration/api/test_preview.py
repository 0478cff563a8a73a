"""What other settings would have done to windows that are stored."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.store.models import Window
from tests.integration.api.conftest import HOUR, as_json, people

SHIFTS = (0, 0, 2, 2, 0, 0, 0.15, 2)


@pytest.fixture
def watched(server):
    """Eight hours: two quiet, two far off, two quiet, one slightly off, one far off."""
    server.baseline()
    for hour, shift in enumerate(SHIFTS):
        server.send(people(200, shift, seed=hour))
        server.tick()
        server.tick(HOUR)
    server.tick(HOUR)
    return server


def preview(server, **body):
    return server.post("/monitors/churn/preview", **as_json(body))


def test_the_settings_in_force_give_the_verdicts_that_are_stored(watched):
    stored = watched.get("/monitors/churn/windows")["items"][::-1]

    found = preview(watched)

    assert [item["window_id"] for item in found["items"]] == [window["id"] for window in stored]
    for key in ("state", "severity", "score", "start", "end", "rows"):
        assert [item[key] for item in found["items"]] == [window[key] for window in stored]
    assert found["windows"] == len(SHIFTS)
    assert found["drifted"] == sum(window["state"] == "drift" for window in stored) > 0


def test_the_rule_of_thresholds_replays_as_if_it_had_been_live(watched):
    found = preview(watched, rule="thresholds")
    watched.patch("/monitors/churn", rule="thresholds")
    with watched.db.write() as session:
        session.execute(update(Window).values(scored_version=0))
    watched.tick()

    live = watched.get("/monitors/churn/windows")["items"][::-1]
    assert [item["state"] for item in found["items"]] == [window["state"] for window in live]
    assert [item["score"] for item in found["items"]] == [window["score"] for window in live]


def test_alerts_are_counted_as_conversations_not_as_windows(watched):
    limits = {"psi": 1.0}

    found = preview(watched, thresholds=limits, algorithms=["psi"])

    assert [item["state"] == "drift" for item in found["items"]] == [shift == 2 for shift in SHIFTS]
    assert [item["alert"] for item in found["items"]] == [i in (2, 7) for i in range(len(SHIFTS))]
    assert (found["drifted"], found["alerts"]) == (3, 2)
    assert found["items"][2]["features"] == ["age"]


def test_a_limit_that_nothing_reaches_alerts_on_nothing(watched):
    found = preview(watched, thresholds={"psi": 1e6}, algorithms=["psi"])
    assert (found["drifted"], found["alerts"]) == (0, 0)
    assert {item["was_state"] for item in found["items"]} == {"ok", "drift"}


def test_only_the_newest_windows_are_replayed(watched):
    whole, some = preview(watched), preview(watched, windows=3)
    assert some["windows"] == 3
    assert [item["score"] for item in some["items"]] == [item["score"] for item in whole["items"][-3:]]


def test_windows_without_counts_are_skipped_and_said_to_be(watched):
    first = watched.get("/monitors/churn/windows")["items"][-1]["id"]
    with watched.db.write() as session:
        session.execute(update(Window).where(Window.id == first).values(profile=None))

    found = preview(watched)

    assert (found["windows"], found["skipped"]) == (len(SHIFTS) - 1, 1)


def test_windows_with_coarse_counts_are_replayed_and_said_to_be_approximate(watched):
    before = preview(watched)
    watched.now += 8 * 24 * HOUR
    config = Config.model_validate({"retention": {"profile_windows": 3}})
    Pipeline(watched.db, config, lambda: watched.now).prune(watched.epoch)

    found = preview(watched)

    assert [item["approximate"] for item in found["items"]] == [True] * 5 + [False] * 3
    assert found["approximate"] == 5
    assert [item["state"] for item in found["items"]] == [item["state"] for item in before["items"]]


def test_nothing_is_stored(watched):
    before = watched.contents()
    preview(watched, rule="thresholds")
    assert watched.contents() == before


def test_a_monitor_without_windows_has_none_to_replay(server):
    server.post("/monitors", 201, **as_json({"name": "churn"}))
    found = preview(server)
    assert found == {"windows": 0, "alerts": 0, "drifted": 0, "approximate": 0, "skipped": 0, "items": []}


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"thresholds": {"psy": 0.2}}, "unknown_metric", "did you mean 'psi'"),
        ({"algorithms": ["nonsense"]}, "unknown_metric", "nonsense"),
        ({"rule": "loose"}, "invalid_input", "rule"),
        ({"windows": 0}, "invalid_input", "windows"),
        ({"windows": 501}, "invalid_input", "windows"),
        ({"window": {"rows": 5}}, "invalid_input", "window"),
        ({"thresholds": {"ks_test_pvalue": 2}}, "invalid_input", "p-value"),
    ],
)
def test_wrong_settings_are_refused_as_they_would_be_on_saving(watched, body, code, said):
    refused = watched.refused("POST", "/monitors/churn/preview", 400, code, **as_json(body))
    assert said in str(refused)
