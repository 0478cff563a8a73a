"""Replay posts every day once, waits for verdicts, and turns events into words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_sentinel_plugin.demo import replay as module
from mlflow_sentinel_plugin.demo.api import scoring_body
from mlflow_sentinel_plugin.demo.flights import FEATURES, TIMESTAMP
from mlflow_sentinel_plugin.demo.replay import collect_verdicts, describe, local_day, replay
from mlflow_sentinel_plugin.demo.server import DemoFailed
from mlflow_sentinel_plugin.demo.story import Finding, Verdict


class OneHalf:
    """A model that is never sure."""

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        return np.full((len(rows), 2), 0.5)


class FakeApi:
    """Judges each day as soon as it is posted, unless it is stuck."""

    def __init__(self, stuck_after: int | None = None) -> None:
        self.keys: list[str] = []
        self.stuck_after = stuck_after

    def post_predictions(self, rows: pd.DataFrame, predictions: pd.Series[float], key: str) -> None:
        self.keys.append(key)

    def closed_windows(self) -> list[dict[str, Any]]:
        return [window(f"2013-02-0{n + 1}") for n in range(len(self.keys))][: self.stuck_after]

    def events(self) -> list[dict[str, Any]]:
        return [
            {
                "window_id": "2013-02-01",
                "features": ["dep_delay"],
                "window": {"features": [feature("dep_delay", reason="missing", missing=0.508)]},
            }
        ]

    def reference_missing(self, feature: str) -> float:
        return 0.019


def window(day: str, state: str = "ok") -> dict[str, Any]:
    return {"id": day, "start": f"{day}T05:00:00.000Z", "state": state, "rows": 900, "severity": None}


def feature(name: str, **changed: Any) -> dict[str, Any]:
    usual = {"name": name, "kind": "numeric", "missing": 0.019, "effect": 0.3, "reason": "location"}
    return {**usual, **changed}


def days(count: int) -> list[tuple[date, pd.DataFrame]]:
    rows = pd.DataFrame({name: [1] for name in (TIMESTAMP, *FEATURES)})
    return [(date(2013, 2, n + 1), rows) for n in range(count)]


def test_each_day_is_posted_once_under_its_own_key() -> None:
    api = FakeApi()
    replay(api, OneHalf(), days(6))
    assert api.keys == [f"demo-2013-02-0{n}" for n in range(1, 7)]


def test_a_day_that_was_posted_before_is_not_posted_again() -> None:
    api = FakeApi()
    api.keys = ["before", "before"]
    replay(api, OneHalf(), days(4), known={date(2013, 2, 1), date(2013, 2, 2)})
    assert api.keys[2:] == ["demo-2013-02-03", "demo-2013-02-04"]


def test_replay_gives_up_when_no_verdict_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(DemoFailed, match="no verdict"):
        replay(FakeApi(stuck_after=1), OneHalf(), days(6))


def test_a_verdict_carries_the_day_of_new_york_and_the_findings_of_its_event() -> None:
    api = FakeApi()
    api.keys = ["demo-2013-02-01"]
    assert collect_verdicts(api) == [
        Verdict(date(2013, 2, 1), 900, "ok", None, (Finding("dep_delay", "51% missing (1.9% in training)"),))
    ]


@pytest.mark.parametrize(
    ("given", "reference", "text"),
    [
        (feature("dep_delay", reason="missing", missing=0.508), 0.019, "51% missing (1.9% in training)"),
        (feature("dep_delay", missing=0.184), 0.019, "values moved (KS distance 0.30)"),
        (feature("dest", kind="categorical", reason="levels"), 0.0, "levels shifted (total variation 0.30)"),
        (feature("dest", reason="unseen_levels", effect=None), 0.0, "unseen levels"),
        (feature("temp", reason="missing", effect=None), None, "missing"),
    ],
)
def test_a_finding_says_what_moved(given: dict[str, Any], reference: float | None, text: str) -> None:
    assert describe(given, reference).text == text


def test_midnight_in_new_york_belongs_to_the_new_day() -> None:
    assert local_day("2013-02-08T05:00:00.000Z") == date(2013, 2, 8)
    assert local_day("2013-02-08T04:59:59.000Z") == date(2013, 2, 7)


def test_the_body_is_what_a_scoring_server_takes_with_exact_numbers_and_null_for_missing() -> None:
    moment, inexact = pd.Timestamp("2013-02-08T10:15:00Z"), 0.1 + 0.2
    rows = pd.DataFrame({"sched_dep": [moment], "dep_delay": [np.nan], "hour": [5], "wind_speed": [inexact]})
    body = json.loads(scoring_body(rows, pd.Series([inexact])))
    assert body["dataframe_split"]["columns"] == ["sched_dep", "dep_delay", "hour", "wind_speed"]
    assert body["dataframe_split"]["data"] == [["2013-02-08T10:15:00+00:00", None, 5, inexact]]
    assert body["predictions"] == [inexact]
