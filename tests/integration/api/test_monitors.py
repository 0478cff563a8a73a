"""Monitors are created, shown, changed as a whole, paused and deleted."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import HOUR, Server, people


def names(page) -> list[str]:
    return [item["name"] for item in page["items"]]


def test_a_new_monitor_waits_for_its_baseline_with_every_default_filled_in(server):
    made = server.post("/monitors", 201, json={"name": "churn"})

    assert (made["state"], made["baseline"], made["open_window"]) == ("waiting", None, None)
    assert made["window"] == {"period": "1h", "rows": None}
    assert (made["rule"], made["lateness"], made["timezone"], made["min_rows"]) == (
        "calibrated",
        "5m",
        "UTC",
        50,
    )
    assert (made["experiment_id"], made["experiment_name"]) == ("0", "Default")
    assert server.get("/monitors/churn") == made


def test_a_new_monitor_keeps_what_was_said_of_it(server):
    said = {
        "experiment_id": "1",
        "model": "churn-model",
        "window": {"rows": 500},
        "timestamp_column": "at",
        "timezone": "Europe/Berlin",
        "lateness": "1h",
        "algorithms": ["psi"],
        "features": {
            "age": {"ignore": False, "values": "hide", "importance": 0.5, "thresholds": {"psi": 0.3}}
        },
        "min_rows": 20,
        "expect_every": "1d",
        "paused": True,
    }

    made = server.post("/monitors", 201, json={"name": "churn", **said})

    assert {key: made[key] for key in said} == {**said, "window": {"period": None, "rows": 500}}


def test_thresholds_without_a_rule_mean_the_rule_of_thresholds(server):
    made = server.post("/monitors", 201, json={"name": "churn", "thresholds": {"psi": 0.3}})

    assert made["rule"] == "thresholds"
    assert made["thresholds"]["psi"] == 0.3


def test_a_name_is_taken_once(server):
    server.post("/monitors", 201, json={"name": "churn"})

    error = server.refused("POST", "/monitors", 409, "monitor_exists", json={"name": "churn"})

    assert "PATCH" in error["hint"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "churn", "windw": {"rows": 5}}, "windw: unknown key"),
        ({"name": "churn", "window": {"rows": 0}}, "window.rows"),
        ({"name": "churn", "window": {"rows": True}}, "window.rows"),
        ({"name": "churn", "window": {}}, "exactly one"),
        ({"name": "churn", "window": {"rows": 5, "period": "1h"}}, "exactly one"),
        ({"name": "churn", "window": {"period": "soon"}}, "not a duration"),
        ({"name": "churn", "timezone": "Mars/Olympus"}, "time zone"),
        ({"name": "churn", "lateness": "-1h"}, "not a duration"),
        ({"name": "churn", "min_rows": 0}, "min_rows"),
        ({"name": "churn", "rule": "guess"}, "rule"),
        ({"name": "churn", "features": {"age": {"values": "some"}}}, "features.age.values"),
        ({"name": "churn", "features": {"age": {"importance": 2}}}, "features.age.importance"),
    ],
)
def test_a_wrong_monitor_is_refused_and_the_field_is_named(untouched, body, says):
    error = untouched.refused("POST", "/monitors", 400, "invalid_input", json=body)

    assert says in error["message"]


@pytest.mark.parametrize(
    "setting",
    [
        {"algorithms": ["psy"]},
        {"thresholds": {"psy": 0.1}},
        {"thresholds": {"psy_pvalue": 0.1}},
        {"features": {"age": {"thresholds": {"psy": 0.1}}}},
    ],
)
def test_unknown_metrics_are_refused_and_the_known_ones_named(untouched, setting):
    error = untouched.refused("POST", "/monitors", 400, "unknown_metric", json={"name": "churn", **setting})

    assert "'psy'" in error["message"]
    assert "psi" in error["hint"]


def test_an_unknown_experiment_is_not_found(untouched):
    body = {"name": "churn", "experiment_id": "99"}

    error = untouched.refused("POST", "/monitors", 404, "experiment_not_found", json=body)

    assert "experiment_id" in error["hint"]


def test_an_unknown_monitor_is_not_found_and_the_hint_says_how_to_create_it(untouched):
    error = untouched.refused("GET", "/monitors/churn", 404, "monitor_not_found")

    assert "POST /api/v1/baseline?monitor=churn" in error["hint"]


def test_a_near_miss_names_the_monitor_that_was_meant(server):
    server.post("/monitors", 201, json={"name": "churn"})

    assert "'churn'" in server.refused("GET", "/monitors/chrun", 404, "monitor_not_found")["hint"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/monitors/churn"),
        ("DELETE", "/monitors/churn"),
        ("POST", "/monitors/churn/pause"),
        ("POST", "/monitors/churn/resume"),
        ("GET", "/monitors/churn/windows"),
    ],
)
def test_nothing_can_be_done_with_an_unknown_monitor(untouched, method, path):
    body = {"json": {}} if method == "PATCH" else {}

    untouched.refused(method, path, 404, "monitor_not_found", **body)


# --- lists -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(new_server) -> Server:
    server = new_server()
    for name, experiment in (("churn", "0"), ("fraud", "1"), ("churn-eu", "0")):
        server.post("/monitors", 201, json={"name": name, "experiment_id": experiment})
    return server


def test_monitors_are_listed_by_name_page_by_page(three):
    first = three.get("/monitors", limit=2)
    second = three.get("/monitors", limit=2, cursor=first["next"])

    assert [names(first), names(second)] == [["churn", "churn-eu"], ["fraud"]]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"experiment": "1"}, ["fraud"]),
        ({"search": "CHURN"}, ["churn", "churn-eu"]),
        ({"search": "%"}, []),
        ({"state": "drift"}, []),
    ],
)
def test_monitors_are_filtered(three, query, found):
    assert names(three.get("/monitors", **query)) == found


def test_monitors_are_filtered_by_the_state_of_their_last_window(server):
    server.baseline("churn")
    server.baseline("fraud")
    server.send(people(200, shift=2))
    server.send(people(200), monitor="fraud")
    server.tick(2 * HOUR)

    assert names(server.get("/monitors", state="drift")) == ["churn"]
    assert names(server.get("/monitors", state="ok")) == ["fraud"]


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"cursor": "nonsense"}, {"state": "bad"}, {"page": 1}],
)
def test_a_wrong_query_of_a_list_is_refused(untouched, query):
    untouched.refused("GET", "/monitors", 400, "invalid_input", query_string=query)


# --- changes ---------------------------------------------------------------------------------------------


def test_a_change_leaves_everything_else_as_it_is(server):
    before = server.post("/monitors", 201, json={"name": "churn", "min_rows": 20, "lateness": "1h"})

    after = server.patch("/monitors/churn", lateness="2h")

    assert after["lateness"] == "2h"
    assert {**after, "lateness": "1h", "updated_at": before["updated_at"]} == before
    assert server.get("/monitors/churn") == after


def test_null_takes_a_setting_back_to_its_default(server):
    defaults = server.post("/monitors", 201, json={"name": "plain"})
    said = {
        "window": {"rows": 9},
        "timestamp_column": "at",
        "timezone": "Europe/Berlin",
        "lateness": "1h",
        "rule": "thresholds",
        "thresholds": {"psi": 0.3},
        "algorithms": ["psi"],
        "features": {"age": {"ignore": True}},
        "min_rows": 5,
        "expect_every": "1d",
        "model": "m",
        "paused": True,
    }
    changed = server.post("/monitors", 201, json={"name": "churn", **said})
    assert all(changed[key] != defaults[key] for key in said)

    after = server.patch("/monitors/churn", **dict.fromkeys(said))

    assert {key: after[key] for key in said} == {key: defaults[key] for key in said}


def test_a_monitor_is_never_without_an_experiment(server):
    server.post("/monitors", 201, json={"name": "churn", "experiment_id": "1"})

    body = {"experiment_id": None}
    error = server.refused("PATCH", "/monitors/churn", 400, "invalid_input", json=body)

    assert "give its id" in error["message"]


def test_a_monitor_moves_to_an_experiment_that_exists(server):
    server.post("/monitors", 201, json={"name": "churn"})

    server.refused("PATCH", "/monitors/churn", 404, "experiment_not_found", json={"experiment_id": "99"})
    moved = server.patch("/monitors/churn", experiment_id="1")

    assert (moved["experiment_id"], moved["experiment_name"]) == ("1", "fraud")


@pytest.mark.parametrize(
    "change",
    [
        {"lateness": "2h", "min_rows": 0},
        {"lateness": "2h", "window": {"rows": 0}},
        {"lateness": "2h", "name": "other"},
        {"lateness": "2h", "thresholds": {"psi": None}},
    ],
)
def test_a_change_with_one_wrong_part_changes_nothing(untouched, change):
    untouched.refused("PATCH", "/monitors/known", 400, "invalid_input", json=change)
    unknown = {"lateness": "2h", "thresholds": {"psy": 1}}
    untouched.refused("PATCH", "/monitors/known", 400, "unknown_metric", json=unknown)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "invalid_input"),
        ('{"lateness": NaN}', "application/json", 400, "invalid_input"),
        ("[]", "application/json", 400, "invalid_input"),
        ("", "application/json", 400, "invalid_input"),
        ("lateness=2h", "text/plain", 415, "unsupported_media_type"),
    ],
)
def test_a_change_that_is_no_json_object_is_refused(untouched, body, kind, status, code):
    untouched.refused("PATCH", "/monitors/known", status, code, data=body, content_type=kind)


def test_a_timestamp_column_must_not_be_a_number_in_the_baseline(server):
    server.baseline(rows=[{**row, "seen": "2026-03-10T10:00:00Z"} for row in people(60)])

    body = {"timestamp_column": "age"}
    error = server.refused("PATCH", "/monitors/churn", 400, "invalid_input", json=body)
    assert "'age' is numeric" in error["message"]
    assert "seen" in error["hint"]

    assert server.patch("/monitors/churn", timestamp_column="seen")["timestamp_column"] == "seen"
    assert server.patch("/monitors/churn", timestamp_column="only_live")["timestamp_column"] == "only_live"


def test_another_way_of_cutting_closes_the_open_window_and_starts_a_new_one(server):
    server.baseline()
    server.send(people(60))
    server.tick()
    before = server.get("/monitors/churn")["open_window"]

    assert server.patch("/monitors/churn", window={"rows": 100})["open_window"] is None
    server.send(people(70))
    server.tick()

    shown = server.get("/monitors/churn")
    assert shown["open_window"]["rows"] == 70
    assert (shown["last_window"]["id"], shown["last_window"]["open"]) == (before["id"], False)


# --- state -----------------------------------------------------------------------------------------------


def test_a_monitor_shows_what_became_of_its_rows(server):
    server.baseline()
    server.post(
        "/predictions",
        202,
        query_string={"monitor": "churn"},
        data="age,city\n1,Ulm\n2\n",
        content_type="text/csv",
    )

    assert server.get("/monitors/churn")["rows"] == {"accepted": 0, "pending": 1, "rejected": 0}
    server.tick()
    assert server.get("/monitors/churn")["rows"] == {"accepted": 1, "pending": 0, "rejected": 1}
    assert server.get("/monitors/churn")["last_row_at"] == "2026-03-10T12:00:00.000Z"


def test_the_open_window_has_a_verdict_before_it_closes(server):
    server.baseline()
    server.send(people(200, shift=2))
    server.tick()

    shown = server.get("/monitors/churn")

    assert shown["state"] == "waiting"
    assert (shown["open_window"]["state"], shown["open_window"]["provisional"]) == ("drift", True)
    assert [feature["name"] for feature in shown["open_window"]["features"]] == ["age", "city"]
    assert shown["last_window"] is None


def test_a_closed_window_is_the_monitors_state(server):
    server.baseline()
    server.send(people(200, shift=2))
    server.tick()
    server.tick(2 * HOUR)

    shown = server.get("/monitors/churn")

    assert (shown["state"], shown["open_window"], shown["open_alerts"]) == ("drift", None, 1)
    assert shown["severity"] == shown["last_window"]["severity"] is not None
    assert [point["state"] for point in shown["recent"]] == ["drift"]
    (listed,) = server.get("/monitors")["items"]
    only_here = {name: shown[name] for name in ("open_window", "last_window", "permission")}
    assert {**listed, **only_here} == shown
    assert shown["open_window"] is None


def test_a_paused_monitor_takes_rows_and_judges_them_once_it_resumes(server):
    server.baseline()
    assert server.post("/monitors/churn/pause")["paused"] is True
    server.send(people(200, shift=2))
    server.tick()
    server.tick(2 * HOUR)
    assert server.get("/monitors/churn")["state"] == "waiting"

    assert server.post("/monitors/churn/resume")["paused"] is False
    server.tick()

    assert server.get("/monitors/churn")["state"] == "drift"


def test_deleting_a_monitor_deletes_all_it_has(server):
    server.baseline("churn")
    server.baseline("fraud")
    server.send(people(200, shift=2))
    server.tick()
    server.tick(2 * HOUR)
    assert server.get("/drift")["items"]

    assert server.call("DELETE", "/monitors/churn").status == 204

    assert names(server.get("/monitors")) == ["fraud"]
    assert server.get("/drift")["items"] == server.get("/alerts")["items"] == []
    assert [item["monitor"] for item in server.get("/baseline")["items"]] == ["fraud"]


# --- windows ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def windowed(new_server) -> Server:
    """Windows of 12:00 (ok), 13:00 (drift), 14:00 (too few rows) and 15:00 (open)."""
    server = new_server()
    server.baseline()
    for shift, count in ((0, 200), (2, 200), (0, 20), (0, 90)):
        server.send(people(count, shift))
        server.tick()
        server.tick(HOUR)
    return server


def test_windows_are_listed_newest_first_with_their_verdicts(windowed):
    items = windowed.get("/monitors/churn/windows")["items"]

    assert [item["start"][11:16] for item in items] == ["15:00", "14:00", "13:00", "12:00"]
    assert [item["state"] for item in items] == ["waiting", "insufficient_data", "drift", "ok"]
    assert [item["open"] for item in items] == [True, False, False, False]
    assert [item["rows"] for item in items] == [90, 20, 200, 200]
    assert "age" in items[2]["summary"]


def test_windows_come_page_by_page(windowed):
    first = windowed.get("/monitors/churn/windows", limit=3)
    second = windowed.get("/monitors/churn/windows", limit=3, cursor=first["next"])

    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 1, None]


@pytest.mark.parametrize(
    ("query", "starts"),
    [
        ({"state": "drift"}, ["13:00"]),
        ({"since": "2026-03-10T14:00:00Z"}, ["15:00", "14:00"]),
        ({"until": "2026-03-10T13:00:00Z"}, ["12:00"]),
        ({"since": "2026-03-10T14:00:00+01:00", "until": "2026-03-10T15:00:00+01:00"}, ["13:00"]),
    ],
)
def test_windows_are_filtered(windowed, query, starts):
    items = windowed.get("/monitors/churn/windows", **query)["items"]

    assert [item["start"][11:16] for item in items] == starts


def test_a_bound_that_is_no_time_is_refused_with_an_example(windowed):
    query = {"since": "yesterday"}

    error = windowed.refused("GET", "/monitors/churn/windows", 400, "invalid_input", query_string=query)

    assert "2026-01-31T08:00:00Z" in error["hint"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"algorithms": ["psy"]}, "algorithms"),
        ({"thresholds": {"psy": 0.2}}, "thresholds"),
        ({"features": {"age": {"thresholds": {"ks_test_pvalue": 2}}}}, "features"),
    ],
)
def test_a_refused_setting_names_its_field(server, settings, field):
    refused = server.post("/monitors", 400, json={"name": "churn", **settings})

    assert [each["field"] for each in refused["error"]["details"]["fields"]] == [field]
