"""What people do about alerts: acknowledge, resolve, comment, silence; where messages go and went."""

from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.alert.sink import DeliveryError
from mlflow_sentinel_plugin.store import deliveries
from tests.integration.api.conftest import HOUR, MINUTE, Server, people
from tests.integration.api.pagers import Pager, delivered, in_hours, with_sinks
from tests.integration.api.test_permissions import EDITOR, OURS, READER, fill


def drifting(server: Server) -> str:
    """The id of an alert of the monitor ``churn``."""
    server.baseline()
    server.send(people(200, shift=2))
    server.tick()
    server.tick(HOUR + 10 * MINUTE)
    return server.get("/alerts")["items"][0]["id"]


# --- alerts ----------------------------------------------------------------------------------------------


def test_an_alert_is_acknowledged_with_who_and_when_and_its_sinks_hear_of_it(server):
    server.authorizer = EDITOR
    pager = Pager("pager")
    with_sinks(server, pager)
    server.baseline(experiment_id=OURS)
    server.send(people(200, shift=2))
    server.tick()
    server.tick(HOUR + 10 * MINUTE)
    alert = server.get("/alerts")["items"][0]["id"]
    delivered(server)
    shown = server.post(f"/alerts/{alert}/acknowledge", json={"comment": "I look"})
    server.now += MINUTE * 100_000_000  # the test's clock stands still, the routes' does not
    delivered(server)
    assert (shown["status"], shown["acknowledged_by"]) == ("acknowledged", "ada")
    assert shown["acknowledged_at"] is not None
    last = shown["log"][-1]
    assert (last["reason"], last["text"], last["actor"]) == ("acknowledged", "I look", "ada")
    assert [(action, why) for action, _, why in pager.sent][1:] == [
        ("acknowledged", "acknowledged by ada: I look")
    ]


def test_an_alert_is_resolved_by_hand_and_only_once(server):
    alert = drifting(server)
    shown = server.post(f"/alerts/{alert}/resolve", json={})
    assert (shown["status"], shown["resolved_by"], shown["log"][-1]["reason"]) == (
        "resolved",
        None,
        "resolved",
    )
    assert shown["resolved_at"] is not None
    for act, body in (("resolve", {}), ("acknowledge", {}), ("comment", {"text": "x"})):
        server.refused("POST", f"/alerts/{alert}/{act}", 409, "alert_resolved", json=body)


def test_the_end_by_hand_of_an_alert_goes_to_the_sinks_that_were_told_of_it(server):
    told, new = Pager("a-told"), Pager("b-new")
    with_sinks(server, told)
    alert = drifting(server)
    delivered(server)
    with_sinks(server, told, new)
    server.post(f"/alerts/{alert}/resolve", json={"comment": "fixed"})
    shown = server.get("/deliveries")["items"]
    assert [(d["sink"], d["action"], d["alert_id"], d["monitor"]) for d in shown] == [
        ("a-told", "resolved", alert, "churn"),
        ("a-told", "firing", alert, "churn"),
    ]


def test_a_comment_stays_in_the_log_and_changes_nothing_else(server):
    alert = drifting(server)
    before = server.get(f"/alerts/{alert}")
    shown = server.post(f"/alerts/{alert}/comment", json={"text": "a new till"})
    assert [entry["text"] for entry in shown["log"]][-1] == "a new till"
    assert shown["status"] == before["status"]


@pytest.mark.parametrize("body", [{"text": ""}, {"text": "x" * 2001}, {}, {"text": "x", "who": "me"}])
def test_a_comment_needs_a_text_of_a_sane_size(server, body):
    alert = drifting(server)
    server.refused("POST", f"/alerts/{alert}/comment", 400, "invalid_input", json=body)


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "comment"])
def test_only_who_may_edit_acts_on_an_alert(new_server, mlflow, act):
    server = fill(new_server(), mlflow)
    ours = server.get("/alerts", monitor="ours")["items"][0]["id"]
    body = {"text": "x"} if act == "comment" else {}
    server.authorizer = READER
    server.refused("POST", f"/alerts/{ours}/{act}", 403, "forbidden", json=body)
    answer = server.call("POST", f"/alerts/{server.ids['alert']}/{act}", json=body)
    assert answer.status == 404


# --- silences --------------------------------------------------------------------------------------------


def test_a_silence_is_made_listed_and_ended(server):
    server.authorizer = EDITOR
    server.baseline(experiment_id=OURS)
    made = server.post(
        "/silences", 201, json={"monitor": "churn", "reason": "a migration", "ends_at": in_hours(2)}
    )
    assert (made["state"], made["author"], made["monitor"]) == ("active", "ada", "churn")
    assert server.get("/silences", state="active", monitor="churn")["items"] == [made]
    ended = server._good(server.call("DELETE", f"/silences/{made['id']}"), 200)
    assert (ended["state"], ended["ended_by"]) == ("ended", "ada")
    assert server.get("/silences", state="active")["items"] == []
    assert server.get("/silences", state="ended")["items"] == [ended]


def test_an_alert_says_that_a_silence_mutes_it(server):
    alert = drifting(server)
    assert server.get(f"/alerts/{alert}")["silenced"] is False
    server.post("/silences", 201, json={"pattern": "chur?", "reason": "x", "ends_at": in_hours(1)})
    assert server.get(f"/alerts/{alert}")["silenced"] is True
    assert server.get("/alerts")["items"][0]["silenced"] is True


@pytest.mark.parametrize(
    ("matchers", "mutes"),
    [
        ({"pattern": "other*"}, False),
        ({"condition": "no_data"}, False),
        ({"condition": "drift"}, True),
        ({"severity": "low"}, False),
        ({"severity": "critical"}, True),
        ({"pattern": "c*", "condition": "no_data"}, False),
        ({}, True),
    ],
)
def test_a_silence_mutes_what_all_its_matchers_match(server, matchers, mutes):
    alert = drifting(server)
    server.post("/silences", 201, json={**matchers, "reason": "x", "ends_at": in_hours(1)})
    assert server.get(f"/alerts/{alert}")["silenced"] is mutes


def test_a_silence_that_starts_later_waits(server):
    made = server.post(
        "/silences", 201, json={"reason": "x", "starts_at": in_hours(1), "ends_at": in_hours(2)}
    )
    assert made["state"] == "pending"
    assert server.get("/silences", state="pending")["items"] == [made]


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"ends_at": in_hours(24 * 400)},
        {"starts_at": in_hours(3)},
        {"ends_at": "tomorrow"},
        {"reason": ""},
        {"pattern": "c*", "monitor": "churn"},
        {"severity": "awful"},
    ],
)
def test_a_silence_needs_a_reason_an_end_and_matchers_that_make_sense(server, change):
    server.baseline()
    body = {"reason": "x", "ends_at": in_hours(2), **change}
    server.refused("POST", "/silences", 400, "invalid_input", json=body)


def test_a_silence_without_an_end_is_refused(server):
    server.refused("POST", "/silences", 400, "invalid_input", json={"reason": "x"})


def test_a_silence_of_many_monitors_is_for_administrators(server):
    server.authorizer = EDITOR
    for matchers in ({"pattern": "*"}, {}, {"condition": "drift"}):
        body = {**matchers, "reason": "x", "ends_at": in_hours(1)}
        server.refused("POST", "/silences", 403, "forbidden", json=body)


def test_silences_of_monitors_that_may_not_be_seen_do_not_exist(new_server, mlflow):
    server = fill(new_server(), mlflow)
    body = {"monitor": "theirs", "reason": "x", "ends_at": in_hours(1)}
    made = server.post("/silences", 201, json=body)
    server.authorizer = EDITOR
    assert server.get("/silences")["items"] == []
    assert server.call("GET", "/silences?monitor=theirs").status == 404
    assert server.call("DELETE", f"/silences/{made['id']}").status == 404
    assert server.call("POST", "/silences", json=body).status == 404


def test_a_silence_goes_with_its_monitor(server):
    server.baseline()
    server.post("/silences", 201, json={"monitor": "churn", "reason": "x", "ends_at": in_hours(1)})
    server.call("DELETE", "/monitors/churn")
    assert server.get("/silences")["items"] == []


# --- sinks and deliveries --------------------------------------------------------------------------------


def test_sinks_are_listed_with_how_their_deliveries_stand(server):
    bad = Pager("bad", DeliveryError("it answered 400", retry=False, answered=400))
    with_sinks(server, bad)
    drifting(server)
    delivered(server)
    shown = {sink["name"]: sink for sink in server.get("/sinks")["items"]}
    assert (shown["bad"]["configured"], shown["bad"]["min_severity"]) == (True, "high")
    assert (shown["bad"]["failed"], shown["bad"]["pending"]) == (1, 0)
    assert shown["bad"]["last_error"] == "sink bad: it answered 400"
    assert (shown["mail"]["configured"], shown["mail"]["problem"]) == (False, "url not set")


def test_a_test_message_says_what_the_receiver_answered(server):
    good, bad = Pager("good"), Pager("bad", DeliveryError("it answered 404", retry=False, answered=404))
    with_sinks(server, good, bad)
    fine = server.post("/sinks/good/test")
    refused = server.post("/sinks/bad/test")
    server.refused("POST", "/sinks/mail/test", 409, "sink_not_in_use")
    server.refused("POST", "/sinks/none/test", 404, "sink_not_found")
    assert (fine["sent"], fine["error"]) == (True, None)
    assert [action for action, *_ in good.sent] == ["firing", "resolved"]
    assert (refused["sent"], refused["status"], refused["error"]) == (False, 404, "it answered 404")


def test_a_failed_delivery_is_sent_again_with_its_id(server):
    pager = Pager("pager", DeliveryError("it answered 400", retry=False))
    with_sinks(server, pager)
    alert = drifting(server)
    delivered(server)
    (failed,) = server.get("/deliveries", status="failed", alert=alert, sink="pager")["items"]
    pager.error = None
    again = server.post(f"/deliveries/{failed['id']}/replay")
    server.refused("POST", f"/deliveries/{failed['id']}/replay", 409, "delivery_not_failed")
    server.now += MINUTE * 100_000_000
    delivered(server)
    assert (again["status"], again["attempts"]) == ("pending", 0)
    (sent,) = server.get("/deliveries", status="sent")["items"]
    assert sent["id"] == failed["id"]


def test_sinks_and_deliveries_are_for_administrators(server):
    server.authorizer = EDITOR
    for method, path in (
        ("GET", "/sinks"),
        ("POST", "/sinks/x/test"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/x/replay"),
    ):
        server.refused(method, path, 403, "forbidden")


def test_deliveries_are_of_one_workspace(server):
    with server.db.write() as session:
        deliveries.add(
            session, alert_id="a", sinks=["x"], action="firing", message={}, now=1, workspace="other"
        )
    assert server.get("/deliveries")["items"] == []
