"""Who is told what, and when nobody is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlflow_sentinel_plugin.alert.decide import (
    AlertState,
    Decision,
    Finding,
    Policy,
    decide,
    findings_of_window,
)
from mlflow_sentinel_plugin.entities import WindowState

MIN = 60_000
DRIFT = Finding("churn", "drift", True, "medium")
CLEAN = replace(DRIFT, active=False)
TOLD = AlertState("firing", "medium", windows=1, notified_at=0, notified_severity="medium")


@pytest.mark.parametrize(
    ("current", "finding", "minute", "expected"),
    [
        pytest.param(None, DRIFT, 0, ("firing", "first", "firing"), id="first drift"),
        pytest.param(None, CLEAN, 0, (None, "quiet", None), id="nothing was wrong and nothing is"),
        pytest.param(TOLD, DRIFT, 29, ("firing", "quiet", None), id="a repeat within the cooldown"),
        pytest.param(TOLD, DRIFT, 30, ("firing", "reminder", "firing"), id="still so after the cooldown"),
        pytest.param(TOLD, replace(DRIFT, severity="high"), 1, ("firing", "worse", "firing"), id="worse"),
        pytest.param(TOLD, replace(DRIFT, severity="low"), 1, ("firing", "quiet", None), id="milder"),
        pytest.param(
            replace(TOLD, severity="low"),
            DRIFT,
            1,
            ("firing", "quiet", None),
            id="back to what was told before",
        ),
        pytest.param(
            replace(TOLD, status="acknowledged"),
            DRIFT,
            99,
            ("acknowledged", "quiet", None),
            id="acknowledged",
        ),
        pytest.param(
            replace(TOLD, status="acknowledged"),
            replace(DRIFT, severity="critical"),
            1,
            ("firing", "worse", "firing"),
            id="acknowledged but worse",
        ),
        pytest.param(TOLD, CLEAN, 1, ("firing", "quiet", None), id="one clean window"),
        pytest.param(
            replace(TOLD, clean_windows=1),
            CLEAN,
            2,
            ("resolved", "recovered", "resolved"),
            id="two clean windows",
        ),
        pytest.param(
            replace(TOLD, status="acknowledged", clean_windows=1),
            CLEAN,
            2,
            ("resolved", "recovered", "resolved"),
            id="an acknowledged alert resolves too",
        ),
        pytest.param(
            replace(TOLD, clean_windows=1),
            replace(CLEAN, previous=False),
            2,
            ("firing", "quiet", None),
            id="the same clean window again",
        ),
        pytest.param(
            replace(TOLD, clean_windows=1),
            replace(CLEAN, previous=True),
            2,
            ("firing", "quiet", None),
            id="a withdrawn drift is no clean window",
        ),
        pytest.param(
            None,
            replace(DRIFT, previous=True),
            0,
            (None, "quiet", None),
            id="an old drift scored again stays over",
        ),
        pytest.param(
            None,
            replace(DRIFT, previous=False),
            0,
            ("firing", "first", "firing"),
            id="late rows bring a drift",
        ),
        pytest.param(
            TOLD, replace(DRIFT, previous=True), 99, ("firing", "quiet", None), id="a re-score is no reminder"
        ),
        pytest.param(
            TOLD,
            replace(DRIFT, previous=True, severity="high"),
            1,
            ("firing", "worse", "firing"),
            id="late rows make it worse",
        ),
    ],
)
def test_the_decision_is(
    current: AlertState | None, finding: Finding, minute: int, expected: tuple[Any, Any, Any]
) -> None:
    decision = decide(current, finding, Policy(), minute * MIN)
    assert (decision.status, decision.reason, decision.action) == expected
    assert decision.notify == (expected[2] is not None)
    assert decision.text


def _after(decision: Decision, before: AlertState | None, now: int) -> AlertState | None:
    """The alert's state once a decision is written."""
    if decision.status in (None, "resolved"):
        return None
    told = (now, decision.severity) if decision.action == "firing" else (None, None)
    return AlertState(
        status=decision.status or "firing",
        severity=decision.severity,
        windows=decision.windows,
        clean_windows=decision.clean_windows,
        notified_at=told[0] if told[0] is not None else (before.notified_at if before else None),
        notified_severity=told[1] or (before.notified_severity if before else None),
    )


def _told(pattern: str, policy: Policy, every_min: int = 60) -> list[str]:
    """Reasons of the messages for windows in a row: ``D`` has the condition, ``.`` has not."""
    state: AlertState | None = None
    told = []
    for step, mark in enumerate(pattern):
        now = step * every_min * MIN
        decision = decide(state, DRIFT if mark == "D" else CLEAN, policy, now)
        state = _after(decision, state, now)
        if decision.action:
            told.append(f"{step}:{decision.reason}")
    return told


@pytest.mark.parametrize(
    ("pattern", "policy", "every_min", "expected"),
    [
        ("..DDD..", Policy(), 5, ["2:first", "6:recovered"]),
        ("D.D.D..", Policy(), 5, ["0:first", "6:recovered"]),
        ("DDDDDDD", Policy(), 10, ["0:first", "3:reminder", "6:reminder"]),
        ("D..D..", Policy(), 5, ["0:first", "2:recovered", "3:first", "5:recovered"]),
        ("D.", Policy(resolve_after=1), 5, ["0:first", "1:recovered"]),
        ("D.DD...", Policy(for_windows=2), 5, ["3:first", "5:recovered"]),
    ],
)
def test_the_messages_of_windows_in_a_row_are(
    pattern: str, policy: Policy, every_min: int, expected: list[str]
) -> None:
    assert _told(pattern, policy, every_min) == expected


def test_a_window_scored_again_does_not_count_as_another_window() -> None:
    assert decide(TOLD, DRIFT, Policy(), MIN).windows == 2
    assert decide(TOLD, replace(DRIFT, previous=True), Policy(), MIN).windows == 1


def test_an_older_drift_scored_again_does_not_undo_the_clean_windows_after_it() -> None:
    recovering = replace(TOLD, clean_windows=1)
    assert decide(recovering, replace(DRIFT, previous=True), Policy(), MIN).clean_windows == 1
    assert decide(recovering, DRIFT, Policy(), MIN).clean_windows == 0


@pytest.mark.parametrize(
    ("state", "previous", "expected"),
    [
        ("ok", None, {"drift": (False, None), "schema_changed": (False, None)}),
        ("drift", None, {"drift": (True, None), "schema_changed": (False, None)}),
        ("drift", "ok", {"drift": (True, False), "schema_changed": (False, False)}),
        ("ok", "insufficient_data", {"drift": (False, None), "schema_changed": (False, False)}),
        ("schema_changed", "drift", {"schema_changed": (True, False)}),
        ("insufficient_data", None, {"schema_changed": (False, None)}),
        ("no_data", None, {}),
    ],
)
def test_a_window_speaks_only_of_what_it_can_judge(
    state: WindowState, previous: WindowState | None, expected: dict[str, tuple[bool, bool | None]]
) -> None:
    found = findings_of_window(
        state,
        monitor="churn",
        severity="high",
        summary="",
        features=(),
        event_id=None,
        at_ms=0,
        previous_state=previous,
    )
    assert {f.condition: (f.active, f.previous) for f in found} == expected
