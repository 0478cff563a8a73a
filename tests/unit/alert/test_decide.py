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
DAY = 1_440
OVER = AlertState("resolved", "medium", notified_at=0, notified_severity="medium", resolved_at=0)
TOLD = AlertState("firing", "medium", windows=1, notified_at=0, notified_severity="medium")


@pytest.mark.parametrize(
    ("current", "finding", "minute", "expected"),
    [
        pytest.param(None, DRIFT, 0, ("firing", "first", "firing"), id="first drift"),
        pytest.param(None, CLEAN, 0, (None, "quiet", None), id="nothing was wrong and nothing is"),
        pytest.param(TOLD, DRIFT, DAY - 1, ("firing", "quiet", None), id="a repeat within a day"),
        pytest.param(TOLD, DRIFT, DAY, ("firing", "reminder", "firing"), id="still so after a day"),
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
            9 * DAY,
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
            TOLD,
            replace(DRIFT, previous=True),
            DAY,
            ("firing", "quiet", None),
            id="a re-score is no reminder",
        ),
        pytest.param(OVER, DRIFT, 29, ("firing", "reopened", "firing"), id="again within the cooldown"),
        pytest.param(OVER, DRIFT, 30, ("firing", "first", "firing"), id="again after it: another alert"),
        pytest.param(OVER, CLEAN, 1, (None, "quiet", None), id="over and still clean"),
        pytest.param(
            OVER, replace(DRIFT, previous=True), 1, (None, "quiet", None), id="a re-score opens nothing again"
        ),
        pytest.param(
            replace(OVER, fired=False),
            DRIFT,
            1,
            ("firing", "first", "firing"),
            id="what nobody could hear of is not opened again",
        ),
        pytest.param(
            replace(TOLD, status="acknowledged", notified_at=None, notified_severity=None),
            DRIFT,
            DAY,
            ("acknowledged", "quiet", None),
            id="acknowledged in a silence",
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
    if decision.status is None:
        return before
    told = (now, decision.severity) if decision.action == "firing" else (None, None)
    return AlertState(
        status=decision.status or "firing",
        severity=decision.severity,
        windows=decision.windows,
        clean_windows=decision.clean_windows,
        notified_at=told[0] if told[0] is not None else (before.notified_at if before else None),
        notified_severity=told[1] or (before.notified_severity if before else None),
        fired=decision.fires or bool(before and before.fired),
        resolved_at=now if decision.status == "resolved" else None,
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
        ("DDDDDDD", Policy(reminder_ms=30 * MIN), 10, ["0:first", "3:reminder", "6:reminder"]),
        ("DDDDDDD", Policy(reminder_ms=10 * MIN), 10, ["0:first", "3:reminder", "6:reminder"]),
        ("DDDDDDD", Policy(reminder_ms=None), 9999, ["0:first"]),
        ("DDDDDDDDD", Policy(), 720, ["0:first", "2:reminder", "4:reminder", "6:reminder", "8:reminder"]),
        ("D..D..", Policy(), 5, ["0:first", "2:recovered", "3:reopened", "5:recovered"]),
        ("D..D..", Policy(), 60, ["0:first", "2:recovered", "3:first", "5:recovered"]),
        ("D.", Policy(resolve_after=1), 5, ["0:first", "1:recovered"]),
        ("D.DD...", Policy(for_windows=2), 5, ["3:first", "5:recovered"]),
    ],
)
def test_the_messages_of_windows_in_a_row_are(
    pattern: str, policy: Policy, every_min: int, expected: list[str]
) -> None:
    assert _told(pattern, policy, every_min) == expected


UNTOLD = replace(TOLD, notified_at=None, notified_severity=None)
WORSE = replace(DRIFT, severity="high")


@pytest.mark.parametrize(
    ("current", "finding", "minute", "expected"),
    [
        pytest.param(None, DRIFT, 0, ("firing", "first", None, True), id="the first message is held"),
        pytest.param(UNTOLD, DRIFT, 60, ("firing", "first", None, True), id="and stays so"),
        pytest.param(TOLD, WORSE, 60, ("firing", "worse", None, True), id="so is one that it is worse"),
        pytest.param(OVER, DRIFT, 1, ("firing", "reopened", None, True), id="or that it fires again"),
        pytest.param(TOLD, DRIFT, DAY, ("firing", "reminder", None, False), id="a reminder is left out"),
        pytest.param(TOLD, DRIFT, 60, ("firing", "quiet", None, False), id="nothing was to be told"),
        pytest.param(
            replace(TOLD, clean_windows=1),
            CLEAN,
            60,
            ("resolved", "recovered", "resolved", False),
            id="the end of an announced alert is told",
        ),
        pytest.param(
            replace(UNTOLD, clean_windows=1),
            CLEAN,
            60,
            ("resolved", "recovered", None, False),
            id="the end of what nobody heard of is not",
        ),
        pytest.param(UNTOLD, CLEAN, 60, ("firing", "quiet", None, False), id="it too takes clean windows"),
    ],
)
def test_what_is_muted_is(
    current: AlertState | None, finding: Finding, minute: int, expected: tuple[Any, Any, Any, bool]
) -> None:
    decision = decide(current, finding, Policy(), minute * MIN, "silenced by ada")
    assert (decision.status, decision.reason, decision.action, decision.held) == expected
    assert decision.held_by == ("silenced by ada" if decision.held else None)
    assert ("silenced by ada" in decision.text) is (decision.reason == "reminder")


def test_an_escalation_is_never_suppressed() -> None:
    policy = Policy(cooldown_ms=10 * DAY * MIN, reminder_ms=None)
    assert decide(TOLD, WORSE, policy, 0).action == "firing"
    assert decide(replace(TOLD, status="acknowledged"), WORSE, policy, 0).status == "firing"


def test_an_alert_that_nobody_heard_of_resolves_at_once_if_it_had_not_fired() -> None:
    waiting = AlertState("firing", "medium", fired=False)
    decision = decide(waiting, CLEAN, Policy(for_windows=3), MIN)
    assert (decision.status, decision.action) == ("resolved", None)


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
