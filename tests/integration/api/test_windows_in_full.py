"""Pauses, baselines of first rows, and windows that are the new normal, over REST."""

from __future__ import annotations

from tests.integration.api.conftest import HOUR, as_json, people


def test_the_first_rows_become_the_baseline(server):
    created = {"name": "churn", "baseline": {"first_rows": 100}}
    assert server.post("/monitors", 201, **as_json(created))["first_rows"] == 100
    server.send(people(60))
    server.tick()
    assert server.get("/monitors/churn")["baseline"] is None

    server.send(people(90))
    server.tick()

    monitor = server.get("/monitors/churn")
    assert monitor["baseline"]["rows"] == 100
    assert monitor["rows"] == {"accepted": 150, "pending": 0, "rejected": 0}
    assert monitor["open_window"]["rows"] == 50


def test_too_few_first_rows_are_refused_with_the_range(server):
    body = {"name": "churn", "baseline": {"first_rows": 5}}
    answer = server.refused("POST", "/monitors", 400, "invalid_input", **as_json(body))
    assert "100" in str(answer)


def test_windows_become_the_next_baseline(server):
    server.baseline()
    for _ in range(2):
        server.send(people(200, 2))
        server.tick()
        server.tick(2 * HOUR)
    newest, oldest = server.get("/monitors/churn/windows")["items"]
    body = {"from_windows": {"first": oldest["id"], "last": newest["id"]}}

    made = server.post(
        "/baseline", 201, query_string={"monitor": "churn", "activate": "true"}, **as_json(body)
    )

    assert (made["version"], made["rows"], made["active"]) == (2, 400, True)
    assert made["source"]["from_windows"]["windows"] == 2


def test_windows_that_are_not_there_change_nothing(server):
    server.baseline()
    body = {"from_windows": {"first": "a", "last": "b"}}
    query = {"monitor": "churn"}
    server.refused("POST", "/baseline", 404, "window_not_found", query_string=query, **as_json(body))
    assert len(server.get("/baseline")["items"]) == 1


def test_a_paused_monitor_takes_rows_in_and_judges_them_after_it(server):
    server.baseline()
    assert server.post("/monitors/churn/pause")["paused"]
    server.send(people(200, 2))
    server.tick()
    server.tick(2 * HOUR)
    paused = server.get("/monitors/churn")
    assert (paused["rows"]["accepted"], paused["state"]) == (200, "waiting")

    assert not server.post("/monitors/churn/resume")["paused"]
    server.tick()

    resumed = server.get("/monitors/churn")
    assert (resumed["state"], resumed["open_alerts"]) == ("drift", 0)
