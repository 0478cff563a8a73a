"""One process leads and works; when it cannot, another does."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

import pytest

from mlflow_sentinel_plugin import scheduler
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import LeaseLost, Unavailable
from mlflow_sentinel_plugin.scheduler import Background, Faults
from mlflow_sentinel_plugin.store import lease
from tests.integration.pipeline.conftest import HOUR, World, table


class Steps:
    """A pipeline that only remembers who asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []
        self.failing: dict[str, Exception] = {}
        self.waiting = 0

    def _step(self, name: str, argument: object) -> bool:
        self.calls.append((name, argument))
        if name in self.failing:
            raise self.failing[name]
        return False

    def log_reader(self, tracking: object) -> Steps:
        return self

    def read(self, epoch: int) -> bool:
        return self._step("read", epoch)

    def finder(self, tracking: object) -> Steps:
        return self

    def find(self, epoch: int) -> bool:
        return self._step("find", epoch)

    def fold(self, epoch: int) -> bool:
        self._step("fold", epoch)
        self.waiting -= 1
        return self.waiting >= 0

    def close_windows(self, epoch: int) -> bool:
        return self._step("close", epoch)

    def score(self, epoch: int) -> bool:
        return self._step("score", epoch)

    def watch(self, epoch: int) -> bool:
        return self._step("watch", epoch)

    def deliver(self, worker: str) -> bool:
        return self._step("deliver", worker)

    def prune(self, epoch: int) -> int:
        return self._step("prune", epoch)

    def named(self, name: str) -> list[object]:
        return [argument for step, argument in self.calls if step == name]


@pytest.fixture
def polls(monkeypatch):
    seen: list[int] = []

    def poll(_tracking, _db, _config, now):
        seen.append(now)
        return len(seen) < 3

    monkeypatch.setattr(scheduler, "poll_runs", poll)
    return seen


@pytest.fixture
def started(db, polls):
    running: list[Background] = []

    def start(steps: Steps, **options) -> Background:
        background = Background(steps, None, db, Config(), beat_s=0.05, **options)
        running.append(background)
        background.start()
        return background

    yield start
    for background in running:
        background.stop()


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a thread of the background."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def leader_of(db) -> lease.LeaseStatus:
    with db.read() as session:
        return lease.status(session)


def test_the_leader_folds_closes_scores_and_delivers(started):
    steps = Steps()
    background = started(steps)

    until(lambda: {name for name, _ in steps.calls} >= {"fold", "close", "score", "deliver"})

    assert background.is_leader
    assert set(steps.named("fold")) == {1}
    assert background.status() == {}


def test_work_goes_on_without_a_pause_while_there_is_some(started):
    steps = Steps()
    steps.waiting = 30
    started(steps)

    begun = time.monotonic()
    until(lambda: len(steps.named("fold")) > 30)
    assert time.monotonic() - begun < 8


def test_polling_goes_on_while_there_is_more(started, polls):
    started(Steps())

    until(lambda: len(polls) >= 3)


def test_only_one_of_two_leads_and_the_other_takes_over_at_once(started, db):
    first, second = Steps(), Steps()
    leader = started(first)
    until(lambda: leader.is_leader)
    candidate = started(second)
    time.sleep(0.3)
    assert not candidate.is_leader
    assert second.calls == []

    leader.stop()

    assert not leader.is_leader
    until(lambda: candidate.is_leader)
    until(lambda: second.named("fold"))
    assert second.named("fold")[0] == 2


def test_starting_twice_is_starting_once(started, db):
    background = started(Steps())
    before = threading.active_count()
    background.start()

    assert threading.active_count() <= before + 3
    until(lambda: background.is_leader)
    assert leader_of(db).epoch == 1


def test_stopping_gives_the_lease_up_within_a_second_whatever_a_job_does(started, db):
    steps = Steps()
    stuck, free = threading.Event(), threading.Event()

    def fold(epoch: int) -> bool:
        stuck.set()
        return free.wait(30)

    steps.fold = fold
    background = started(steps)
    assert stuck.wait(10)

    begun = time.monotonic()
    background.stop()
    assert time.monotonic() - begun < 1.5
    until(lambda: leader_of(db).owner is None)
    free.set()


def test_a_background_stopped_before_it_was_started_is_harmless(db):
    Background(Steps(), None, db, Config()).stop()


def test_a_forked_child_neither_leads_nor_stops_its_parent(started, monkeypatch):
    background = started(Steps())
    until(lambda: background.is_leader)
    pid = os.getpid()

    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    assert not background.is_leader
    background.stop()

    monkeypatch.setattr(os, "getpid", lambda: pid)
    assert background.is_leader


def test_a_failing_job_stops_no_other_and_is_told_once(started, caplog):
    steps = Steps()
    steps.failing = {"fold": ArithmeticError("no number"), "deliver": OSError("no network")}
    with caplog.at_level(logging.INFO, logger="mlflow_sentinel"):
        background = started(steps)
        until(lambda: len(steps.named("fold")) >= 3 and len(steps.named("score")) >= 3)
        assert background.status() == {"fold": "no number", "deliver": "no network"}
        steps.failing = {}
        until(lambda: {"fold works again", "deliver works again"} <= set(caplog.messages))

    assert background.status() == {}
    assert caplog.messages.count("fold fails: no number; trying again") == 1
    assert caplog.messages.count("fold works again") == 1


def test_a_leader_that_cannot_beat_stops_its_jobs_and_leads_again_later(started, db, monkeypatch):
    steps = Steps()
    monkeypatch.setattr(lease, "TRUSTED_SHARE", 0.1)
    background = started(steps)
    until(lambda: background.is_leader)

    with monkeypatch.context() as away:
        away.setattr(lease.Lease, "beat", _away)
        until(lambda: not background.is_leader)
        until(lambda: "lease" in background.status())
        time.sleep(0.1)
        done = len(steps.calls)
        time.sleep(1.3)
        assert len(steps.calls) == done

    until(lambda: background.is_leader)
    until(lambda: len(steps.calls) > done)
    assert background.status() == {}


def _away(_self):
    raise Unavailable("the database is away")


def test_a_lease_that_is_lost_ends_the_jobs_of_its_epoch(started, db):
    steps = Steps()
    background = started(steps)
    until(lambda: background.is_leader)
    world = World(db)  # takes the lead from it

    until(lambda: not background.is_leader)
    assert leader_of(db).epoch == world.epoch == 2


def test_faults_are_told_again_when_they_are_of_another_kind(caplog):
    faults = Faults()
    for error in (OSError("a"), OSError("b"), Unavailable("c"), Unavailable("d", code="other")):
        faults.note("fold", error)

    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "fold fails: a; trying again",
        "fold fails: c; trying again",
        "fold fails: d; trying again",
    ]
    assert faults.status() == {"fold": "d"}


def test_losing_the_lead_is_no_fault():
    def lost():
        raise LeaseLost("epoch 1 is over")

    faults = Faults()
    assert not faults.attempt("fold", lost)
    assert faults.status() == {}


def test_rows_become_a_verdict_without_anybody_asking(db, polls):
    world = World(db)
    world.baseline()
    world.post(table(300, shift=2.0))
    world.resign()
    world.now += 2 * HOUR
    background = Background(world.pipeline, None, db, Config(), beat_s=0.05)
    background.start()
    try:
        until(lambda: [window.state for window in world.windows()] == ["drift"])
        assert background.status() == {}
    finally:
        background.stop()
