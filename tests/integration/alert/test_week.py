"""A week of one model as the person on call lives it: every message that each receiver got, in order.

``docs/alerts.md`` explains it line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_sentinel_plugin.alert import life
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.store import alerts, silences
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Alert
from tests.integration.pipeline.conftest import HOUR, World, table


class Week:
    """A server with three receivers, whose windows are a quarter of a day; it begins on a Monday."""

    def __init__(self, db: Database, make_receiver: Callable[..., Any]) -> None:
        self.ops, self.chat, self.pager = make_receiver(), make_receiver(), make_receiver(then=202)
        private = {"allow_private": True}
        sinks = {
            "ops": {"type": "http", "url": self.ops.url(), **private},
            "chat": {"type": "slack", "url": self.chat.url(), **private},
            "pager": {
                "type": "pagerduty",
                "url": self.pager.url(),
                "routing_key": "k" * 32,
                "min_severity": "high",
                **private,
            },
        }
        settings = {
            "alerting": {"sinks": sinks},
            "windows": {"period": "6h"},
            "drift": {"algorithms": ["psi"], "thresholds": {"psi": 0.2}},
        }
        settings["alerting"]["cooldown_minutes"] = 720
        self.world = World(db, now=1_773_014_400_000, config=Config.model_validate(settings))
        self.world.baseline()
        self.seed = 0
        self.heard: list[tuple[str, str, str]] = []

    def windows(self, count: int, shift: float | None) -> None:
        """So many windows with rows that moved so far, in standard deviations; ``None``: without rows."""
        for _ in range(count):
            if shift is not None:
                self.seed += 1
                self.world.post(table(400, shift=shift, seed=self.seed))
            for _ in range(2):
                self.work(3 * HOUR, looks=1 if shift is not None else 45)

    def work(self, advance: int, looks: int) -> None:
        """What the server does after so much time, a few minutes past the hour."""
        for _ in range(looks):
            self.world.now += advance // looks
            self.world.pipeline.watch(self.world.epoch)
        self.world.tick()
        for _ in range(3):
            while self.world.pipeline.deliver("test"):
                pass
            self.world.now += 2_000
        self.world.now -= 6_000
        self.hear()

    def hear(self) -> None:
        day = to_rfc3339(self.world.now)
        assert day is not None
        for name, receiver in (("ops", self.ops), ("chat", self.chat), ("pager", self.pager)):
            for request in receiver.requests:
                self.heard.append((day[8:13], name, _gist(name, request.json)))
            receiver.requests.clear()

    def act(self, what: Callable[..., None], comment: str | None = None) -> None:
        """Ada does something about the open alert."""
        with self.world.db.write() as session:
            monitor = self.world.monitor()
            (alert,) = alerts.open_of(session, monitor.id)
            act = life.Act("ada", self.world.now, comment)
            what(session, self.world.pipeline.alerting, alert, monitor, act)

    def silence(self, hours: int) -> None:
        now = self.world.now
        with self.world.db.write() as session:
            silences.add(
                session,
                now=now,
                monitor_id=self.world.monitor().id,
                reason="a migration",
                author="ada",
                starts_at=now,
                ends_at=now + hours * HOUR,
            )

    def messages(self, receiver: str) -> list[str]:
        return [f"{hour} {gist}" for hour, name, gist in self.heard if name == receiver]

    def alerts(self) -> list[tuple[str, str, int]]:
        with self.world.db.read() as session:
            rows = session.query(Alert).order_by(Alert.opened_at).all()
            return [(row.condition, row.status, row.reopened) for row in rows]


OPS = [
    "10T09 firing: first",
    "10T15 firing: worse",
    "10T21 acknowledged: acknowledged",
    "12T15 resolved: recovered",
    "14T00 firing: first",
    "15T09 firing: first",
    "15T18 resolved: recovered",
    "16T03 resolved: recovered",
    "16T21 firing: first",
    "17T09 resolved: recovered",
    "17T15 firing: reopened",
    "18T03 resolved: recovered",
]
"""Day of March 2026 and hour, what it is, why it was sent."""
CHAT = [
    "10T09 High: drift on churn",
    "10T15 Critical: drift on churn",
    "10T21 Acknowledged: drift on churn",
    "12T15 Resolved: drift on churn",
    "14T00 Critical: drift on churn",
    "15T09 High: no data on churn",
    "15T18 Resolved: no data on churn",
    "16T03 Resolved: drift on churn",
    "16T21 Critical: drift on churn",
    "17T09 Resolved: drift on churn",
    "17T15 Critical: drift on churn",
    "18T03 Resolved: drift on churn",
]
PAGER = [
    "10T09 trigger",
    "10T15 trigger",
    "10T21 acknowledge",
    "12T15 resolve",
    "14T00 trigger",
    "15T09 trigger",
    "15T18 resolve",
    "16T03 resolve",
    "16T21 trigger",
    "17T09 resolve",
    "17T15 trigger",
    "18T03 resolve",
]
"""Of the severity high or worse only; what it was told of, it hears the end of."""


ALERTS = [
    ("drift", "resolved", 0),
    ("drift", "resolved", 0),
    ("no_data", "resolved", 0),
    ("drift", "resolved", 1),
]


def _gist(sink: str, body: Any) -> str:
    if sink == "ops":
        return f"{body['type'].removeprefix('drift.alert.')}: {body['data']['reason']}"
    if sink == "chat":
        return str(body["text"])
    return f"{body['event_action']}"


@pytest.fixture
def week(migrated: bytes, tmp_path: Path, make_receiver: Callable[..., Any]) -> Iterator[Week]:
    path = tmp_path / "week.db"
    path.write_bytes(migrated)
    db = Database.open(f"sqlite:///{path}")
    yield Week(db, make_receiver)
    db.close()


def test_a_week_of_one_model(week: Week) -> None:
    week.windows(4, 0.0)  # Monday: all is well.
    week.windows(1, 0.6)  # Tuesday: it begins to move,
    week.windows(2, 2.0)  # moves far,
    week.act(life.acknowledge, "looking")  # and Ada looks at it.
    week.windows(1, 2.0)
    week.windows(4, 2.0)  # Wednesday: no reminder, as she does.
    week.windows(4, 0.0)  # Thursday: she has mended it.
    week.silence(24)  # Friday: a migration, silenced; it drifts meanwhile,
    week.windows(3, 2.0)
    week.windows(2, 2.0)  # and still on Saturday morning, when the silence is over.
    week.windows(5, None)  # Then no rows come.
    week.windows(4, 0.0)  # They come again, as they were.
    for shift in (2.0, 0.0, 0.0, 2.0, 0.0, 0.0):  # In the second week it flaps.
        week.windows(1, shift)
    week.windows(1, 0.0)
    assert week.messages("ops") == OPS
    assert week.messages("chat") == CHAT
    assert week.messages("pager") == PAGER
    assert week.alerts() == ALERTS
