"""Many monitors that fire in one tick are one message for each receiver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from mlflow_sentinel_plugin.alert import digest, life
from mlflow_sentinel_plugin.alert.outbox import GROUP_MS
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.store import monitors
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor
from tests.integration.alert.test_outbox import CLEAN, DRIFT, SUBJECT, Desk, Recording


class Floor(Desk):
    """A leader whose ticks end."""

    def __init__(self, db: Database, clock: Any, sink: Recording) -> None:
        super().__init__(db, clock, Sinks({"http": sink}))
        self.alerting = replace(self.alerting, group_ms=GROUP_MS)

    def tick(self, finding: Any, count: int) -> None:
        """The finding on so many monitors, in one tick."""
        for number in range(count):
            self.record(finding, subject=replace(SUBJECT, monitor_id=f"m{number}", monitor=f"m{number}"))
        self.end()

    def end(self) -> None:
        with self.db.write() as session:
            digest.release(session, "https://ml.example", self.clock())
        self.clock.pass_seconds(1)
        while self.deliver():
            pass

    def statuses(self) -> set[tuple[str, str]]:
        return {(row.action, row.status) for row in self.rows() if row.monitor is not None}


@pytest.fixture
def sink() -> Recording:
    return Recording()


@pytest.fixture
def floor(db: Database, clock: Any, sink: Recording) -> Floor:
    return Floor(db, clock, sink)


def test_five_monitors_are_told_of_one_by_one(floor: Floor, sink: Recording) -> None:
    floor.tick(DRIFT, 5)
    assert sink.sent == [("firing", "first")] * 5


def test_six_monitors_are_one_message_that_names_them(floor: Floor, sink: Recording) -> None:
    floor.tick(DRIFT, 6)
    assert sink.sent == [("firing", "digest")]
    assert floor.statuses() == {("firing", "covered")}
    (told,) = [row for row in floor.rows() if row.monitor is None]
    assert told.message["monitor"] == "6 monitors"
    assert told.message["summary"] == "m0, m1, m2, m3, m4, m5: drift on 6"
    assert told.message["links"] == {"alerts": "https://ml.example/sentinel/#/alerts"}
    assert {row.digest_id for row in floor.rows()} == {told.id} or told.digest_id == told.alert_id


def test_a_digest_is_over_when_all_its_alerts_are(floor: Floor, sink: Recording) -> None:
    floor.tick(DRIFT, 6)
    for _ in range(2):
        floor.tick(CLEAN, 5)
    assert sink.sent == [("firing", "digest")]
    for _ in range(2):
        floor.record(CLEAN, subject=replace(SUBJECT, monitor_id="m5", monitor="m5"))
    floor.end()
    assert sink.sent == [("firing", "digest"), ("resolved", "digest")]
    assert floor.statuses() == {("firing", "covered"), ("resolved", "covered")}


def test_an_alert_that_gets_worse_leaves_its_digest(floor: Floor, sink: Recording) -> None:
    floor.tick(DRIFT, 6)
    floor.tick(replace(DRIFT, severity="critical"), 1)
    for _ in range(2):
        floor.tick(CLEAN, 6)
    told = [("firing", "digest"), ("firing", "worse"), ("resolved", "recovered"), ("resolved", "digest")]
    assert sorted(sink.sent) == sorted(told)


def test_a_storm_that_goes_on_stays_one_conversation(floor: Floor, sink: Recording) -> None:
    floor.tick(DRIFT, 6)
    floor.clock.pass_seconds(86_400)
    floor.tick(DRIFT, 8)
    conversations = {row.alert_id for row in floor.rows() if row.monitor is None}
    assert (len(conversations), sink.sent) == (1, [("firing", "digest")] * 2)


def test_messages_wait_for_the_end_of_their_tick(floor: Floor, sink: Recording) -> None:
    floor.record(DRIFT)
    assert not floor.deliver()
    floor.end()
    assert sink.sent == [("firing", "first")]


def test_messages_go_out_by_themselves_if_the_leader_dies_in_its_tick(floor: Floor, sink: Recording) -> None:
    floor.record(DRIFT)
    floor.clock.pass_seconds(GROUP_MS / 1000)
    floor.deliver()
    assert sink.sent == [("firing", "first")]


def test_a_catch_up_after_an_outage_tells_only_the_present(floor: Floor, sink: Recording) -> None:
    for finding in (DRIFT, CLEAN, CLEAN):
        floor.record(finding)
    floor.end()
    assert sink.sent == []
    assert floor.statuses() == {("firing", "cancelled")}


def test_of_several_messages_of_an_alert_in_one_tick_the_newest_goes_out(
    floor: Floor, sink: Recording
) -> None:
    floor.record(DRIFT)
    floor.record(replace(DRIFT, severity="critical"))
    floor.end()
    assert sink.sent == [("firing", "worse")]


def test_the_receivers_hear_that_a_deleted_monitors_alert_is_over(floor: Floor, sink: Recording) -> None:
    with floor.db.write() as session:
        monitor = monitors.create(session, "churn", now=0)
        monitor_id = monitor.id
    floor.record(DRIFT, subject=replace(SUBJECT, monitor_id=monitor_id))
    floor.end()
    with floor.db.write() as session:
        row = session.scalars(select(Monitor)).one()
        life.farewell(session, floor.alerting, row, life.Act("ada", floor.clock()))
        monitors.delete(session, row.id)
    floor.end()
    assert sink.sent == [("firing", "first"), ("resolved", "deleted")]
