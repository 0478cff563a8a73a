"""Events, totals, series, distributions and alerts: filters, pages and bounds."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import HOUR, MINUTE, Server, people


@pytest.fixture(scope="module")
def found(new_server) -> Server:
    """``churn`` (experiment 0) drifted at 12:00 and 13:00, ``fraud`` (1) lost one column at 13:00."""
    server = new_server()
    server.baseline("churn")
    server.baseline("fraud", experiment_id="1")
    server.send(people(200, shift=0.6))
    server.send(people(200), monitor="fraud")
    server.tick()
    server.tick(HOUR + 10 * MINUTE)
    server.send(people(200, shift=3))
    server.send([{"city": row["city"]} for row in people(200)], monitor="fraud")
    server.tick()
    server.tick(HOUR + 10 * MINUTE)
    server.send(people(5))
    return server


def seen(page) -> list[tuple[str, str]]:
    """Monitor and hour of each item."""
    return [(item["monitor"], item["at"][11:16]) for item in page["items"]]


def refuse(server: Server, path: str, status: int, code: str, /, **query) -> dict:
    return server.refused("GET", path, status, code, query_string=query)


# --- events ----------------------------------------------------------------------------------------------


def test_events_are_listed_newest_first_page_by_page(found):
    first = found.get("/drift", limit=2)
    second = found.get("/drift", limit=2, cursor=first["next"])

    assert sorted(seen(first)) == [("churn", "14:00"), ("fraud", "14:00")]
    assert (seen(second), second["next"]) == ([("churn", "13:00")], None)


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ({"monitor": "fraud"}, [("fraud", "14:00")]),
        ({"experiment": "1"}, [("fraud", "14:00")]),
        ({"state": "schema_changed"}, [("fraud", "14:00")]),
        ({"state": "drift"}, [("churn", "14:00"), ("churn", "13:00")]),
        ({"until": "2026-03-10T14:00:00Z"}, [("churn", "13:00")]),
        ({"since": "2026-03-10T14:00:00Z", "monitor": "churn"}, [("churn", "14:00")]),
    ],
)
def test_events_are_filtered(found, query, events):
    assert seen(found.get("/drift", **query)) == events


def test_a_severity_means_this_one_or_worse(found):
    mild = found.get("/drift", monitor="churn")["items"][1]["severity"]
    strong = found.get("/drift", monitor="churn")["items"][0]["severity"]
    assert mild != strong

    assert len(found.get("/drift", monitor="churn", severity=mild)["items"]) == 2
    assert seen(found.get("/drift", monitor="churn", severity=strong)) == [("churn", "14:00")]


def test_an_event_carries_the_whole_verdict_on_its_window(found):
    listed = found.get("/drift", monitor="churn")["items"][0]

    event = found.get(f"/drift/{listed['id']}")

    assert {key: event[key] for key in listed} == listed
    assert (event["features"], event["rows"], event["withdrawn"]) == (["age"], 200, False)
    assert event["window"]["id"] == event["window_id"]
    assert (event["window"]["start"], event["window"]["end"]) == (event["window_start"], event["window_end"])
    age, city = event["window"]["features"]
    assert (age["name"], age["state"], age["drifted"]) == ("age", "drift", True)
    assert age["reason"]
    assert 0.5 < age["effect"] <= 1
    assert (age["n_reference"], age["n_current"]) == (400, 200)
    assert age["metrics"]["psi"]["value"] > 0.2
    assert (city["state"], city["metrics"]["ks_test"]["value"]) == ("ok", None)


def test_what_does_not_exist_is_not_found(found):
    refuse(found, "/drift", 404, "monitor_not_found", monitor="nope")
    refuse(found, "/drift/nope", 404, "event_not_found")
    refuse(found, "/alerts", 404, "monitor_not_found", monitor="nope")
    refuse(found, "/alerts/nope", 404, "alert_not_found")
    refuse(found, "/drift/timeseries", 404, "monitor_not_found", monitor="nope")
    refuse(found, "/drift/distribution", 404, "monitor_not_found", monitor="nope", feature="age")
    refuse(found, "/monitors/churn/windows/nope", 404, "window_not_found")


@pytest.mark.parametrize("path", ["/drift", "/alerts"])
@pytest.mark.parametrize(
    "query",
    [
        {"severity": "awful"},
        {"since": "x"},
        {"until": "2026-13-01"},
        {"limit": 0},
        {"cursor": "x"},
        {"sort": "x"},
    ],
)
def test_a_wrong_filter_is_refused(found, path, query):
    refuse(found, path, 400, "invalid_input", **query)


def test_a_cursor_of_another_list_is_refused(found):
    cursor = found.get("/monitors", limit=1)["next"]

    refuse(found, "/drift", 400, "invalid_input", cursor=cursor)


# --- totals ----------------------------------------------------------------------------------------------


def test_the_summary_counts_all_experiments_and_each(found):
    summary = found.get("/drift/summary")

    totals = {key: value for key, value in summary.items() if key != "experiments"}
    assert totals == {
        "monitors": 2,
        "drifting": 2,
        "windows": 4,
        "events": 3,
        "open_alerts": 2,
        "rows": {"accepted": 800, "pending": 5, "rejected": 0},
    }
    default, fraud = summary["experiments"]
    assert (default["experiment_name"], default["events"], sum(default["by_severity"].values())) == (
        "Default",
        2,
        2,
    )
    assert (fraud["experiment_id"], fraud["experiment_name"]) == ("1", "fraud")
    assert fraud["last_event_at"] == "2026-03-10T14:00:00.000Z"


def test_the_summary_counts_windows_and_events_of_a_time(found):
    summary = found.get("/drift/summary", until="2026-03-10T14:00:00Z")

    assert (summary["windows"], summary["events"]) == (2, 1)
    assert found.get("/drift/summary", since="2027-01-01")["events"] == 0
    refuse(found, "/drift/summary", 400, "invalid_input", since="x")


# --- series ----------------------------------------------------------------------------------------------


def test_a_series_of_a_monitor_has_the_scores_of_its_windows(found):
    series = found.get("/drift/timeseries", monitor="churn")

    assert [point["start"][11:16] for point in series["points"]] == ["12:00", "13:00"]
    assert series["points"][0]["score"] < series["points"][1]["score"] <= 1
    assert [point["metrics"] for point in series["points"]] == [{}, {}]
    assert series["thresholds"] == {}


def test_a_series_of_a_feature_has_its_metrics(found):
    series = found.get("/drift/timeseries", monitor="churn", feature="age")
    psi = found.get("/drift/timeseries", monitor="churn", feature="age", metric="psi", limit=1)

    assert set(series["points"][0]["metrics"]) == {"psi", "ks_test", "js_divergence"}
    assert series["points"][1]["effect"] > 0.5
    (point,) = psi["points"]
    assert point == {**series["points"][1], "metrics": {"psi": series["points"][1]["metrics"]["psi"]}}


def test_a_series_has_bounds(found):
    def starts(**query) -> list[str]:
        points = found.get("/drift/timeseries", monitor="churn", feature="age", **query)["points"]
        return [point["start"][11:16] for point in points]

    assert starts(since="2026-03-10T13:00:00Z") == ["13:00"]
    assert starts(until="2026-03-10T13:00:00Z") == ["12:00"]


def test_a_series_names_the_thresholds_that_its_monitor_goes_by(server):
    features = {"age": {"thresholds": {"psi": 0.5}}}
    server.post("/monitors", 201, json={"name": "churn", "rule": "thresholds", "features": features})

    assert server.get("/drift/timeseries", monitor="churn", feature="city")["thresholds"]["psi"] == 0.2
    assert server.get("/drift/timeseries", monitor="churn", feature="age")["thresholds"]["psi"] == 0.5


def test_an_unknown_metric_is_refused_and_the_known_ones_named(found):
    error = refuse(found, "/drift/timeseries", 400, "unknown_metric", monitor="churn", metric="psy")

    assert "psi" in error["hint"]


def test_a_thinned_series_keeps_the_windows_that_stand_out(found):
    of_monitor = found.get("/drift/timeseries", monitor="churn", points=1)["points"]
    of_feature = found.get("/drift/timeseries", monitor="churn", feature="age", points=1)["points"]

    assert [point["start"][11:16] for point in (*of_monitor, *of_feature)] == ["13:00", "13:00"]
    refuse(found, "/drift/timeseries", 400, "invalid_input", monitor="churn", points=0)


# --- heat map --------------------------------------------------------------------------------------------


def test_a_heat_map_has_the_feature_that_moved_first_and_a_column_for_each_window(found):
    heat = found.get("/drift/heatmap", monitor="churn")
    window = found.get("/monitors/churn/windows")["items"][0]

    assert [line["feature"] for line in heat["features"]] == ["age", "city"]
    assert [column["start"][11:16] for column in heat["columns"]] == ["12:00", "13:00"]
    assert heat["columns"][1]["state"] == "drift"
    assert heat["columns"][1]["window_id"] == window["id"]
    age, city = heat["features"]
    assert (age["signals"], city["signals"]) == ([1, 1], [0, 0])
    assert age["effects"][1] == pytest.approx(window_effect(found, window["id"], "age"), abs=0.0005)
    assert heat["total"] == 2


def window_effect(server: Server, window_id: str, feature: str) -> float:
    window = server.get(f"/monitors/churn/windows/{window_id}")
    return next(found["effect"] for found in window["features"] if found["name"] == feature)


def test_neighbours_share_a_column_of_a_heat_map_which_shows_the_worst_of_them(found):
    each = found.get("/drift/heatmap", monitor="churn")
    both = found.get("/drift/heatmap", monitor="churn", columns=1)

    (column,) = both["columns"]
    assert (column["windows"], column["window_id"]) == (2, each["columns"][1]["window_id"])
    assert (column["start"], column["end"]) == (each["columns"][0]["start"], each["columns"][1]["end"])
    age = both["features"][0]
    assert (age["effects"], age["signals"]) == ([max(each["features"][0]["effects"])], [2])


def test_a_heat_map_is_searched_paged_and_bounded(found):
    def names(**query) -> list[str]:
        return [line["feature"] for line in found.get("/drift/heatmap", monitor="churn", **query)["features"]]

    assert names(search="CI") == ["city"]
    assert (names(limit=1), names(limit=1, offset=1), names(offset=2)) == (["age"], ["city"], [])
    late = found.get("/drift/heatmap", monitor="churn", since="2026-03-10T13:00:00Z", search="ag")
    assert ([column["start"][11:16] for column in late["columns"]], late["total"]) == (["13:00"], 1)
    nothing = found.get("/drift/heatmap", monitor="churn", until="2020-01-01")
    assert nothing == {"monitor": "churn", "columns": [], "features": [], "total": 0}


def test_a_column_that_is_gone_counts_as_a_signal_in_a_heat_map(found):
    gone = found.get("/drift/heatmap", monitor="fraud", search="age")["features"][0]

    assert (gone["effects"][-1], gone["signals"]) == (1.0, [0, 1])


def test_windows_that_one_post_filled_have_a_column_each(server):
    server.baseline("churn")
    server.patch("/monitors/churn", window={"rows": 100})
    server.send([*people(200), *people(100, shift=3)])
    server.tick()

    heat = server.get("/drift/heatmap", monitor="churn", search="age")

    assert len({column["start"] for column in heat["columns"]}) == 1
    assert heat["features"][0]["signals"] == [0, 0, 1]
    assert server.get("/drift/heatmap", monitor="churn", columns=2)["columns"][0]["windows"] == 3


# --- distributions ---------------------------------------------------------------------------------------


def test_a_distribution_shows_baseline_and_newest_window_on_the_same_bins(found):
    shown = found.get("/drift/distribution", monitor="churn", feature="age")

    assert (shown["kind"], shown["n_reference"], shown["n_current"], shown["hidden"]) == (
        "numeric",
        400,
        200,
        False,
    )
    assert shown["window"]["start"] == "2026-03-10T13:00:00.000Z"
    assert sum(item["reference"] for item in shown["bins"]) == pytest.approx(1)
    assert sum(item["current"] for item in shown["bins"]) == pytest.approx(1)
    assert (shown["bins"][0]["low"], shown["bins"][-1]["high"]) == (None, None)
    assert shown["bins"][-1]["current"] > shown["bins"][-1]["reference"]


def test_a_distribution_of_an_earlier_window(found):
    earlier = found.get("/monitors/churn/windows")["items"][1]

    shown = found.get("/drift/distribution", monitor="churn", feature="city", window=earlier["id"])

    assert shown["window"] == earlier
    assert sorted(item["label"] for item in shown["bins"]) == ["Bonn", "Kiel", "Ulm"]


def test_a_distribution_of_the_open_window(server):
    server.baseline()
    server.send(people(80))
    server.tick()

    shown = server.get("/drift/distribution", monitor="churn", feature="city")

    assert (shown["window"]["open"], shown["window"]["state"], shown["n_current"]) == (True, "waiting", 80)


def test_a_distribution_of_what_is_not_there_is_refused(found, server):
    error = refuse(found, "/drift/distribution", 400, "invalid_input", monitor="churn", feature="agee")
    assert "'age'" in error["hint"]
    refuse(found, "/drift/distribution", 400, "invalid_input", monitor="churn")
    theirs = found.get("/monitors/fraud/windows")["items"][0]["id"]
    for window in (theirs, "nope"):
        query = {"monitor": "churn", "feature": "age", "window": window}
        refuse(found, "/drift/distribution", 404, "window_not_found", **query)
    refuse(found, f"/monitors/churn/windows/{theirs}", 404, "window_not_found")

    server.post("/monitors", 201, json={"name": "new"})
    refuse(server, "/drift/distribution", 409, "no_baseline", monitor="new", feature="age")
    server.baseline("new")
    refuse(server, "/drift/distribution", 404, "no_data", monitor="new", feature="age")


def test_a_window_carries_the_verdict_on_each_feature(found):
    listed = found.get("/monitors/churn/windows")["items"][0]

    window = found.get(f"/monitors/churn/windows/{listed['id']}")

    assert {key: window[key] for key in listed} == listed
    assert [feature["name"] for feature in window["features"]] == ["age", "city"]


# --- alerts ----------------------------------------------------------------------------------------------


def test_alerts_are_listed_page_by_page(found):
    first = found.get("/alerts", limit=1)
    second = found.get("/alerts", limit=1, cursor=first["next"])

    alerts = [*first["items"], *second["items"]]
    assert [(a["monitor"], a["condition"]) for a in alerts] == [
        ("fraud", "schema_changed"),
        ("churn", "drift"),
    ]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "monitors"),
    [
        ({"monitor": "churn"}, ["churn"]),
        ({"experiment": "1"}, ["fraud"]),
        ({"condition": "drift"}, ["churn"]),
        ({"status": "resolved"}, []),
        ({"status": "firing"}, ["fraud", "churn"]),
        ({"status": "acknowledged"}, []),
        ({"severity": "critical", "condition": "no_data"}, []),
        ({"until": "2026-03-10T14:00:00Z"}, ["churn"]),
        ({"since": "2026-03-10T14:00:00Z"}, ["fraud"]),
    ],
)
def test_alerts_are_filtered(found, query, monitors):
    assert [alert["monitor"] for alert in found.get("/alerts", **query)["items"]] == monitors


def test_an_alert_carries_its_history_and_its_event(found):
    listed = found.get("/alerts", monitor="churn")["items"][0]

    alert = found.get(f"/alerts/{listed['id']}")

    assert {key: alert[key] for key in listed} == listed
    assert [entry["reason"] for entry in alert["log"]] == ["first", "worse"]
    assert alert["deliveries"] == []
    assert alert["event_id"] == found.get("/drift", monitor="churn")["items"][0]["id"]


def test_an_unknown_status_or_condition_is_refused(found):
    refuse(found, "/alerts", 400, "invalid_input", status="loud")
    refuse(found, "/alerts", 400, "invalid_input", condition="weather")
