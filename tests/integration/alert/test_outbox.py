"""From a scored window to the receiver, whatever fails on the way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from mlflow_sentinel_plugin.alert import held
from mlflow_sentinel_plugin.alert.decide import FeatureFinding, Finding, Policy
from mlflow_sentinel_plugin.alert.deliver import MAX_ATTEMPTS, deliver_due
from mlflow_sentinel_plugin.alert.message import Message, Subject
from mlflow_sentinel_plugin.alert.outbox import Alerting, Recorded, record
from mlflow_sentinel_plugin.alert.sink import DeliveryError, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Sinks, build_sinks
from mlflow_sentinel_plugin.alert.sinks.http import key_bytes, signature
from mlflow_sentinel_plugin.config.model import AlertingSection, Config
from mlflow_sentinel_plugin.store import alerts, deliveries, silences
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Alert, Delivery, Monitor

SUBJECT = Subject("default", "m1", "churn", "7", window_start=0, window_end=3_600_000, rows=500)
DRIFT = Finding("churn", "drift", True, "high", "age moved", (FeatureFinding("age", "psi", 0.3, 0.2),), "e1")
MONITOR = Monitor(id="m1", name="churn", workspace="default", experiment_id="7")
CLEAN = replace(DRIFT, active=False, features=())
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Recording(Sink):
    """Keeps what it is sent; ``error`` is raised instead while it is set."""

    def __init__(self, name: str = "http") -> None:
        super().__init__(name, SinkSettings())
        self.sent: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.error: BaseException | None = None

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((message.action, message.reason))
        self.ids.append(delivery_id)


class Desk:
    """One leader: records findings, delivers what is due."""

    def __init__(self, db: Database, clock: Any, sinks: Sinks) -> None:
        self.db, self.clock, self.sinks = db, clock, sinks
        self.alerting = Alerting(Policy(), sinks.names)

    def record(self, *findings: Finding, subject: Subject = SUBJECT) -> list[Recorded]:
        with self.db.write() as session:
            return record(session, self.alerting, subject, findings, self.clock())

    def deliver(self, **options: Any) -> bool:
        return deliver_due(self.db, self.sinks, self.clock, "w", **{"wait_s": 10, **options})

    def rows(self, kind: Any = Delivery) -> list[Any]:
        with self.db.read() as session:
            return list(session.scalars(select(kind)))

    def one(self, kind: Any = Delivery) -> Any:
        (row,) = self.rows(kind)
        return row


@pytest.fixture
def sink() -> Recording:
    return Recording()


@pytest.fixture
def desk(db: Database, clock: Any, sink: Recording) -> Desk:
    return Desk(db, clock, Sinks({"http": sink}))


@pytest.fixture
def http_desk(db: Database, clock: Any) -> Callable[..., Desk]:
    def make(url: str, **settings: Any) -> Desk:
        sinks = {"http": {"url": url, "allow_private": True, **settings}}
        return Desk(db, clock, build_sinks(AlertingSection.model_validate({"sinks": sinks})))

    return make


# --- recording -------------------------------------------------------------------------------------------


def test_drift_opens_one_alert_with_its_log_and_one_delivery_per_sink(db: Database, clock: Any) -> None:
    desk = Desk(db, clock, Sinks({"a": Recording("a"), "b": Recording("b")}))
    desk.record(DRIFT)
    alert = desk.one(Alert)
    assert (alert.status, alert.severity, alert.features, alert.notified_at) == (
        "firing",
        "high",
        ["age"],
        clock.now,
    )
    assert [(row.sink, row.action, row.status) for row in desk.rows()] == [
        ("a", "firing", "pending"),
        ("b", "firing", "pending"),
    ]
    with db.read() as session:
        assert [entry.reason for entry in alerts.log(session, alert.id)] == ["first"]


def test_a_transaction_that_fails_leaves_neither_alert_nor_message(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError), desk.db.write() as session:
        record(session, desk.alerting, SUBJECT, [DRIFT], 0)
        raise ZeroDivisionError
    assert desk.rows() == desk.rows(Alert) == []


def test_a_whole_episode_tells_first_worse_and_recovered(desk: Desk, sink: Recording) -> None:
    critical = replace(DRIFT, severity="critical")
    for finding in (DRIFT, DRIFT, critical, critical, CLEAN, CLEAN, CLEAN):
        desk.record(finding)
        desk.clock.pass_seconds(60)
        desk.deliver()
    assert sink.sent == [("firing", "first"), ("firing", "worse"), ("resolved", "recovered")]
    alert = desk.one(Alert)
    assert (alert.status, alert.severity, alert.windows) == ("resolved", "critical", 4)
    assert alert.resolved_at is not None
    with desk.db.read() as session:
        assert [row.action for row in deliveries.of_alert(session, alert.id)] == [
            "firing",
            "firing",
            "resolved",
        ]


def test_drift_soon_after_a_resolution_opens_the_alert_again(desk: Desk, sink: Recording) -> None:
    for finding in (DRIFT, CLEAN, CLEAN, DRIFT):
        desk.record(finding)
        desk.deliver()
    alert = desk.one(Alert)
    assert (alert.status, alert.reopened, alert.resolved_at) == ("firing", 1, None)
    assert [reason for _, reason in sink.sent] == ["first", "recovered", "reopened"]


def test_drift_long_after_a_resolution_is_a_new_alert(desk: Desk) -> None:
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
    desk.clock.pass_seconds(31 * 60)
    desk.record(DRIFT)
    assert sorted(alert.status for alert in desk.rows(Alert)) == ["firing", "resolved"]


def silence(desk: Desk, minutes: int, **matchers: Any) -> None:
    now = desk.clock.now
    with desk.db.write() as session:
        silences.add(
            session, now=now, reason="a move", starts_at=now, ends_at=now + minutes * 60_000, **matchers
        )


def tell_held(desk: Desk) -> None:
    with desk.db.write() as session:
        for alert_id, _ in alerts.held(session):
            held.tell(session, desk.alerting, alert_id, MONITOR, desk.clock())


def test_a_silence_holds_the_first_message_until_it_ends(desk: Desk, sink: Recording) -> None:
    silence(desk, 60)
    desk.record(DRIFT)
    tell_held(desk)
    assert (desk.rows(), desk.one(Alert).notified_at) == ([], None)
    assert desk.one(Alert).fired_at is not None
    desk.clock.pass_seconds(3_600)
    tell_held(desk)
    tell_held(desk)
    desk.deliver()
    assert sink.sent == [("firing", "first")]
    assert desk.one(Alert).notified_at == desk.clock.now


def test_what_is_over_before_its_silence_ends_is_never_told(desk: Desk, sink: Recording) -> None:
    silence(desk, 60)
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
    desk.clock.pass_seconds(3_600)
    tell_held(desk)
    desk.deliver()
    assert (sink.sent, desk.one(Alert).status) == ([], "resolved")


def test_a_silence_never_eats_the_end_of_an_announced_alert(desk: Desk, sink: Recording) -> None:
    desk.record(DRIFT)
    desk.deliver()
    silence(desk, 60)
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
    desk.deliver()
    assert sink.sent == [("firing", "first"), ("resolved", "recovered")]


@pytest.mark.parametrize("cause", ["no_data", "schema_changed"])
def test_a_cause_mutes_the_drift_of_its_monitor_until_it_is_over(
    desk: Desk, sink: Recording, cause: Any
) -> None:
    desk.record(replace(DRIFT, condition=cause))
    desk.record(DRIFT)
    desk.record(DRIFT, subject=replace(SUBJECT, monitor_id="m2", monitor="other"))
    desk.deliver()
    assert len(sink.sent) == 2
    for _ in range(2):
        desk.record(replace(CLEAN, condition=cause))
    desk.deliver()
    tell_held(desk)
    desk.deliver()
    assert sink.sent[2:] == [("resolved", "recovered"), ("firing", "first")]


def test_a_firing_nobody_tried_to_send_is_cancelled_with_its_end(desk: Desk, sink: Recording) -> None:
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
    desk.deliver()
    assert (sink.sent, desk.one().status) == ([], "cancelled")


def test_a_sink_hears_of_the_monitors_and_severities_it_asks_for(db: Database, clock: Any) -> None:
    routes = {
        "all": SinkSettings(),
        "churn": SinkSettings(monitors=("chu*",)),
        "grave": SinkSettings(min_severity="critical"),
        "starts": SinkSettings(send_resolved=False),
    }
    desk = Desk(db, clock, Sinks({name: Recording(name) for name in routes}))
    desk.alerting = replace(desk.alerting, routes=routes)
    desk.record(DRIFT, subject=replace(SUBJECT, monitor_id="m2", monitor="fraud"))
    assert [row.sink for row in desk.rows()] == ["all", "starts"]
    desk.record(DRIFT)
    assert [row.sink for row in desk.rows()][2:] == ["all", "churn", "starts"]
    desk.record(replace(DRIFT, severity="critical"))
    assert [row.sink for row in desk.rows()][5:] == ["all", "churn", "grave", "starts"]
    desk.deliver()
    for _ in range(2):
        desk.record(CLEAN)
    assert [row.sink for row in desk.rows() if row.action == "resolved"] == ["all", "churn", "grave"]


def test_a_window_scored_twice_is_told_once_and_counted_once(desk: Desk) -> None:
    desk.record(DRIFT)
    desk.record(replace(DRIFT, previous=True))
    assert desk.one(Alert).windows == 1
    assert len(desk.rows()) == 1


def test_an_older_window_scored_again_does_not_replace_what_the_alert_shows(desk: Desk) -> None:
    desk.record(DRIFT)
    desk.record(replace(DRIFT, event_id="e2", summary="newest"))
    desk.record(replace(DRIFT, event_id="e1", summary="older", previous=True))
    assert (desk.one(Alert).event_id, desk.one(Alert).summary) == ("e2", "newest")


def test_two_conditions_of_a_monitor_are_two_alerts(desk: Desk) -> None:
    desk.record(DRIFT, replace(DRIFT, condition="schema_changed"))
    assert sorted(alert.condition for alert in desk.rows(Alert)) == ["drift", "schema_changed"]


def test_resolved_goes_to_exactly_the_sinks_that_got_firing(db: Database, clock: Any) -> None:
    told, broken, new = Recording("told"), Recording("broken"), Recording("new")
    broken.error = DeliveryError("no", retry=False)
    desk = Desk(db, clock, Sinks({"told": told, "broken": broken}))
    desk.record(DRIFT)
    desk.deliver()
    broken.error = None
    desk = Desk(db, clock, Sinks({"told": told, "broken": broken, "new": new}))
    desk.record(CLEAN)
    desk.record(CLEAN)
    while desk.deliver():
        pass
    assert (told.sent[-1], broken.sent, new.sent) == (("resolved", "recovered"), [], [])


def test_alerting_switched_off_keeps_alerts_and_writes_no_message(desk: Desk) -> None:
    desk.alerting = Alerting.of(Config.model_validate({"alerting": {"enabled": False}}), desk.sinks)
    desk.record(DRIFT)
    assert desk.one(Alert).notified_at is not None
    assert desk.rows() == []


def test_a_sink_that_is_down_is_not_reminded_of_what_it_has_not_heard(desk: Desk, sink: Recording) -> None:
    sink.error = DeliveryError("down", retry=True)
    for _ in range(4):
        desk.record(DRIFT)
        desk.deliver()
        desk.clock.pass_seconds(86_400)
    assert len(desk.rows()) == 1


# --- delivering ------------------------------------------------------------------------------------------


def test_a_message_arrives_signed_with_its_delivery_as_id(
    http_desk: Callable[..., Desk], receiver: Any
) -> None:
    desk = http_desk(receiver.url(), secret=SECRET, headers={"Authorization": "Bearer x"})
    desk.record(DRIFT)
    assert desk.deliver()
    (request,) = receiver.requests
    row = desk.one()
    assert (row.status, row.sent_at, row.claimed_by) == ("sent", desk.clock.now, None)
    timestamp = str(desk.clock.now // 1_000)
    assert request.headers["webhook-id"] == row.id
    assert request.headers["webhook-timestamp"] == timestamp
    assert request.headers["webhook-signature"] == signature(
        key_bytes(SECRET), row.id, timestamp, request.body
    )
    assert request.headers["authorization"] == "Bearer x"
    assert request.json["type"] == "drift.alert.firing"
    data = request.json["data"]
    assert (data["monitor"], data["features"][0]["feature"], data["window"]["rows"]) == ("churn", "age", 500)
    assert "psi 0.3 (threshold 0.2)" in data["text"]


def test_nothing_due_is_no_work(desk: Desk) -> None:
    assert not desk.deliver()


@pytest.mark.parametrize(
    ("answer", "status", "error", "next_s"),
    [
        (200, "sent", None, None),
        (202, "sent", None, None),
        (400, "failed", "it answered 400", None),
        (410, "failed", "it answered 410: the receiver is gone for good", None),
        ((302, {"Location": "/x"}), "failed", "it answered 302: redirects are not followed", None),
        (429, "pending", "it answered 429: it asks to slow down", (5, 6)),
        ((429, {"Retry-After": "90"}), "pending", "it answered 429", (90, 90)),
        ((503, {"Retry-After": "2"}), "pending", "it answered 503", (5, 6)),
        (500, "pending", "it answered 500", (5, 6)),
        ("hang", "pending", "it did not answer in time", (5, 6)),
        ("drip", "pending", "it did not answer in time", (5, 6)),
        ("reset", "pending", "it broke the connection", (5, 6)),
    ],
)
def test_an_answer_decides_what_becomes_of_the_delivery(
    http_desk: Callable[..., Desk],
    make_receiver: Callable[..., Any],
    answer: Any,
    status: str,
    error: str | None,
    next_s: tuple[int, int] | None,
) -> None:
    receiver = make_receiver(answer)
    desk = http_desk(receiver.url("/T0K3N"), timeout=1)
    desk.record(DRIFT)
    desk.deliver()
    row = desk.one()
    assert (row.status, row.attempts, len(receiver.requests)) == (status, 1, 1)
    if error is None:
        assert row.last_error is None
    else:
        assert row.last_error.startswith(f"sink http: {error}")
        assert "T0K3N" not in row.last_error
    if next_s is not None:
        assert next_s[0] * 1_000 <= row.next_at - desk.clock.now <= next_s[1] * 1_000


def test_a_receiver_that_is_down_for_a_minute_accepts_its_alert_once(
    http_desk: Callable[..., Desk], make_receiver: Callable[..., Any]
) -> None:
    receiver = make_receiver(then=503)
    desk = http_desk(receiver.url())
    desk.record(DRIFT)
    for second in range(0, 300, 5):
        if second == 60:
            receiver.then = 200
            refused = len(receiver.requests)
        desk.deliver()
        desk.clock.pass_seconds(5)
    assert refused == 3
    assert len(receiver.requests) == refused + 1
    assert len(set(receiver.ids)) == 1
    assert desk.one().status == "sent"


def test_a_delivery_is_given_up_after_about_a_day_and_says_why(
    desk: Desk, sink: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mlflow_sentinel.alert")
    sink.error = DeliveryError("it answered 500", retry=True)
    desk.record(DRIFT)
    while desk.one().status != "failed":
        desk.deliver()
        desk.clock.now = max(desk.one().next_at, desk.clock.now)
    row = desk.one()
    assert (row.attempts, row.last_error) == (MAX_ATTEMPTS, "sink http: it answered 500")
    assert 23 <= (desk.clock.now - row.created_at) / 3_600_000 <= 30
    assert caplog.messages[-1].endswith("is given up")


def test_resolved_waits_until_firing_has_arrived(desk: Desk, sink: Recording) -> None:
    sink.error = DeliveryError("down", retry=True)
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
        desk.deliver()
    sink.error = None
    assert not desk.deliver()
    desk.clock.pass_seconds(60)
    assert desk.deliver()
    assert sink.sent == [("firing", "first"), ("resolved", "recovered")]


def test_resolved_is_not_sent_to_a_sink_that_refused_firing(desk: Desk, sink: Recording) -> None:
    sink.error = DeliveryError("down", retry=True)
    for finding in (DRIFT, CLEAN, CLEAN):
        desk.record(finding)
        desk.deliver()
    sink.error = DeliveryError("it answered 410", retry=False)
    desk.clock.pass_seconds(10)
    desk.deliver()
    sink.error = None
    desk.deliver()
    assert sink.sent == []
    assert sorted(row.last_error for row in desk.rows()) == [
        "sink http: it answered 410",
        "sink http: it never heard of this alert",
    ]


def test_a_message_for_a_sink_that_is_no_longer_configured_waits_and_says_so(desk: Desk) -> None:
    desk.record(DRIFT)
    desk.sinks = Sinks({})
    desk.deliver()
    assert (desk.one().status, desk.one().last_error) == (
        "pending",
        "sink http: is not configured or not enabled",
    )


def test_a_sink_that_raises_anything_else_is_retried_without_showing_its_words(
    desk: Desk, sink: Recording
) -> None:
    sink.error = RuntimeError("https://hooks.example/T0K3N")
    desk.record(DRIFT)
    desk.deliver()
    assert (desk.one().status, desk.one().last_error) == (
        "pending",
        "sink http: the sink raised RuntimeError",
    )


def test_a_damaged_message_is_given_up(desk: Desk) -> None:
    desk.record(DRIFT)
    with desk.db.write() as session:
        session.scalars(select(Delivery)).one().message = {"action": "firing"}
    desk.deliver()
    assert (desk.one().status, desk.one().last_error) == (
        "failed",
        "sink http: the stored message is damaged",
    )


def test_a_sink_with_a_shortest_interval_gets_one_message_at_a_time(desk: Desk, sink: Recording) -> None:
    sink.min_interval_ms = 1_000  # type: ignore[misc]
    for monitor in ("m1", "m2", "m3"):
        desk.record(DRIFT, subject=replace(SUBJECT, monitor_id=monitor))
    sent = []
    for _ in range(4):
        desk.deliver()
        desk.deliver()
        sent.append(len(sink.sent))
        desk.clock.pass_seconds(1)
    assert sent == [1, 2, 3, 3]


def test_a_hanging_sink_delays_no_other(db: Database, clock: Any, wait_until: Callable[..., None]) -> None:
    release, entered = threading.Event(), threading.Event()

    class Hanging(Recording):
        def send(self, message: Message, *, delivery_id: str, now: int) -> None:
            entered.set()
            assert release.wait(10)
            super().send(message, delivery_id=delivery_id, now=now)

    slow, quick = Hanging("a-slow"), Recording("quick")
    desk = Desk(db, clock, Sinks({"a-slow": slow, "quick": quick}))
    desk.record(DRIFT)
    assert desk.deliver(wait_s=0.2)
    assert entered.wait(5)
    desk.record(replace(DRIFT, condition="no_data"))
    wait_until(lambda: (desk.deliver(wait_s=0.2), len(quick.sent))[1] == 2)
    assert slow.sent == []
    release.set()
    wait_until(lambda: len(slow.sent) == 2)
    wait_until(lambda: all(row.status == "sent" for row in desk.rows()))


# --- deaths and races ------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


def _die(*_: Any, **__: Any) -> Any:
    raise Killed


@pytest.fixture
def _quiet_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda args: None)


@pytest.mark.usefixtures("_quiet_threads")
@pytest.mark.parametrize(
    ("step", "arrived_before"),
    [("claim", 0), ("send", 0), ("settle", 1)],
)
def test_a_death_at_any_step_loses_nothing_and_a_duplicate_carries_the_same_id(
    desk: Desk, sink: Recording, monkeypatch: pytest.MonkeyPatch, step: str, arrived_before: int
) -> None:
    desk.record(DRIFT)
    with monkeypatch.context() as dying:
        if step == "send":
            dying.setattr(sink, "send", _die)
        else:
            dying.setattr(deliveries, step, _die)
        desk.deliver()
    assert len(sink.sent) == arrived_before
    desk.clock.pass_seconds(120)
    desk.deliver()
    assert len(sink.sent) == arrived_before + 1
    assert len(set(sink.ids)) == 1
    assert desk.one().status == "sent"


@pytest.mark.usefixtures("_quiet_threads")
def test_a_message_that_kills_its_sender_every_time_is_given_up(
    desk: Desk, sink: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.record(DRIFT)
    sink.error = Killed()
    for _ in range(MAX_ATTEMPTS + 1):
        desk.deliver()
        desk.clock.pass_seconds(120)
    assert (desk.one().status, desk.one().last_error) == (
        "failed",
        "sink http: each attempt was interrupted",
    )


def test_a_sender_that_outlives_its_claim_cannot_overwrite_its_successor(
    desk: Desk, sink: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.record(DRIFT)
    successor = Desk(desk.db, desk.clock, Sinks({"http": Recording()}))

    def slow(*_: Any, **__: Any) -> None:
        desk.clock.pass_seconds(3_600)
        successor.deliver()
        raise DeliveryError("too late", retry=True)

    monkeypatch.setattr(sink, "send", slow)
    desk.deliver(limit=1)
    assert (desk.one().status, desk.one().last_error) == ("sent", None)


def test_two_workers_racing_for_one_delivery_make_one_sender(db: Database, clock: Any) -> None:
    sinks = [Recording() for _ in range(2)]
    desks = [Desk(db, clock, Sinks({"http": sink})) for sink in sinks]
    for number in range(10):
        desks[0].record(DRIFT, subject=replace(SUBJECT, monitor_id=f"m{number}"))
    racers = [threading.Thread(target=desk.deliver, kwargs={"limit": 50}) for desk in desks]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    sent = [delivery_id for sink in sinks for delivery_id in sink.ids]
    assert len(sent) == len(set(sent)) == 10
    assert {row.attempts for row in desks[0].rows()} == {1}


def test_a_claim_is_given_once(db: Database, desk: Desk) -> None:
    desk.record(DRIFT)
    row, now = desk.one(), desk.clock.now
    with db.write() as session:
        assert deliveries.claim(session, row.id, "a", now=now, until=now + 1_000) is not None
        assert deliveries.claim(session, row.id, "b", now=now, until=now + 1_000) is None
        assert not deliveries.settle(session, row.id, "b", status="sent")
        assert deliveries.claim(session, row.id, "b", now=now + 1_000, until=now + 2_000) is not None
        assert not deliveries.settle(session, row.id, "a", status="failed")
        assert deliveries.settle(session, row.id, "b", status="sent")


# --- what the API reads ----------------------------------------------------------------------------------


def test_pruning_removes_old_settled_deliveries_of_alerts_that_are_over(db: Database, desk: Desk) -> None:
    desk.record(DRIFT)
    desk.deliver()
    with db.write() as session:
        assert deliveries.prune(session, desk.clock.now + 9) == 0
    for _ in range(2):
        desk.record(CLEAN)
    desk.deliver()
    desk.record(replace(DRIFT, condition="no_data"))
    with db.write() as session:
        assert deliveries.prune(session, desk.clock.now) == 0
        assert deliveries.prune(session, desk.clock.now + 9) == 2
        assert deliveries.pending_count(session) == 1
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
