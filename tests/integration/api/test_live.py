"""From posted rows to windows, events and alerts, seen through the API alone."""

from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.clock import to_rfc3339
from tests.integration.api.conftest import HOUR, MINUTE, NOON, Server, as_json, people


def at(rows: list[dict], ms: int) -> list[dict]:
    """The rows with the event time ``at``."""
    return [{**row, "at": to_rfc3339(ms)} for row in rows]


def windows(server: Server) -> list[dict]:
    """Oldest first."""
    return server.get("/monitors/churn/windows")["items"][::-1]


@pytest.fixture
def by_event(server) -> Server:
    """Rows say their time; windows of an hour."""
    server.post("/monitors", 201, json={"name": "churn", "timestamp_column": "at"})
    server.baseline()
    return server


# --- windows ---------------------------------------------------------------------------------------------


def test_a_count_window_closes_when_it_is_full(server):
    server.post("/monitors", 201, json={"name": "churn", "window": {"rows": 100}})
    server.baseline()

    server.send(people(250))
    server.tick()

    assert [(window["rows"], window["open"]) for window in windows(server)] == [
        (100, False),
        (100, False),
        (50, True),
    ]
    assert server.get("/monitors/churn")["open_window"]["rows"] == 50


def test_rows_go_to_the_window_of_their_event_time(by_event):
    by_event.send(at(people(60), NOON - 90 * MINUTE) + at(people(70), NOON - 30 * MINUTE))
    by_event.tick()

    assert [(window["start"], window["rows"]) for window in windows(by_event)] == [
        ("2026-03-10T10:00:00.000Z", 60),
        ("2026-03-10T11:00:00.000Z", 70),
    ]


def test_windows_follow_the_monitors_time_zone(by_event):
    by_event.patch("/monitors/churn", timezone="Asia/Kolkata", window={"period": "1d"})

    by_event.send(at(people(60), NOON - HOUR))
    by_event.tick()

    (window,) = windows(by_event)
    assert (window["start"], window["end"]) == ("2026-03-09T18:30:00.000Z", "2026-03-10T18:30:00.000Z")


def test_late_rows_change_a_verdict_and_the_old_one_stays_in_its_history(by_event):
    by_event.send(at(people(200), NOON - 90 * MINUTE))
    by_event.tick()
    by_event.tick(HOUR)
    (before,) = windows(by_event)
    assert (before["state"], before["history"]) == ("ok", [])
    assert by_event.get("/drift")["items"] == []

    by_event.send(at(people(400, shift=3), NOON - 80 * MINUTE))
    by_event.tick()
    by_event.tick(HOUR)

    (after,) = windows(by_event)
    assert (after["id"], after["rows"], after["state"]) == (before["id"], 600, "drift")
    (past,) = after["history"]
    assert (past["state"], past["rows"], past["at"]) == ("ok", 200, before["scored_at"])
    (event,) = by_event.get("/drift")["items"]
    assert (event["window_id"], event["rows"]) == (before["id"], 600)


def test_late_rows_that_clear_a_window_withdraw_its_event(by_event):
    by_event.send(at(people(100, shift=1), NOON - 90 * MINUTE))
    by_event.tick()
    by_event.tick(HOUR)
    assert [event["withdrawn"] for event in by_event.get("/drift")["items"]] == [False]

    by_event.send(at(people(20_000), NOON - 80 * MINUTE))
    by_event.tick()
    by_event.tick(HOUR)

    assert windows(by_event)[0]["state"] == "ok"
    assert [event["withdrawn"] for event in by_event.get("/drift")["items"]] == [True]


# --- columns that are not as before ----------------------------------------------------------------------


def judged(server: Server, rows: list[dict]) -> dict:
    """The verdict on a window of these rows."""
    server.baseline()
    server.post("/predictions?monitor=churn", 202, **as_json(rows))
    server.tick()
    server.tick(2 * HOUR)
    return server.get("/monitors/churn")["last_window"]


def feature(window: dict, name: str) -> dict:
    return next(found for found in window["features"] if found["name"] == name)


def test_a_column_that_is_gone_changes_the_schema(server):
    window = judged(server, [{"age": row["age"]} for row in people(200)])

    assert (window["state"], feature(window, "city")["state"]) == ("schema_changed", "column_gone")
    assert feature(window, "age")["state"] == "ok"
    (event,) = server.get("/drift", state="schema_changed")["items"]
    assert event["features"] == ["city"]
    assert [alert["condition"] for alert in server.get("/alerts")["items"]] == ["schema_changed"]


def test_a_column_of_another_kind_changes_the_schema(server):
    window = judged(server, [{**row, "age": "old"} for row in people(200)])

    assert (window["state"], feature(window, "age")["state"]) == ("schema_changed", "kind_changed")


def test_an_extra_column_is_only_noted(server):
    window = judged(server, [{**row, "wind": 3} for row in people(200)])

    assert window["state"] == "ok"
    assert window["notes"] == ["columns the baseline does not have: wind"]


def test_a_column_without_any_value_drifts(server):
    window = judged(server, [{**row, "age": None} for row in people(200)])

    found = feature(window, "age")
    assert (window["state"], found["state"], found["reason"]) == ("drift", "drift", "all_missing")
    assert (found["missing"], found["n_current"]) == (1, 0)
    assert found["metrics"]["psi"]["value"] is None
    assert found["metrics"]["psi"]["reason"]


def test_values_that_no_number_are_malformed_and_not_fatal(server):
    rows = people(200)
    rows[3]["age"], rows[4]["age"] = "n/a?", "12 years"

    found = feature(judged(server, rows), "age")

    assert (found["malformed"], found["n_current"]) == (0.01, 198)
    assert "2 values are not numeric" in found["notes"]


# --- events and alerts -----------------------------------------------------------------------------------


def hour(server: Server, shift: float) -> None:
    """A window of an hour, judged."""
    server.send(people(200, shift))
    server.tick()
    server.tick(HOUR + 5 * MINUTE)


def test_a_window_is_one_event_and_a_monitor_one_alert_that_resolves(server):
    server.baseline()

    hour(server, 2)
    hour(server, 2)
    (alert,) = server.get("/alerts", status="open")["items"]
    assert (alert["condition"], alert["status"], alert["windows"]) == ("drift", "firing", 2)
    assert alert["features"] == ["age"]
    assert server.get("/monitors/churn")["open_alerts"] == 1

    hour(server, 0)
    assert server.get("/alerts", status="open")["items"]
    hour(server, 0)

    (alert,) = server.get("/alerts")["items"]
    assert (alert["status"], alert["resolved_at"] is not None) == ("resolved", True)
    assert server.get("/monitors/churn")["open_alerts"] == 0
    events = server.get("/drift")["items"]
    assert [event["features"] for event in events] == [["age"], ["age"]]
    assert len({event["window_id"] for event in events}) == 2
    log = server.get(f"/alerts/{alert['id']}")["log"]
    assert (log[0]["reason"], log[-1]["reason"]) == ("first", "recovered")


def test_judging_again_makes_no_second_event(server):
    server.baseline()
    hour(server, 2)
    server.tick()
    server.tick()

    assert len(server.get("/drift")["items"]) == 1


def test_an_empty_hour_is_no_window(server):
    server.baseline()
    hour(server, 0)
    server.tick(5 * HOUR)

    assert len(windows(server)) == 1
