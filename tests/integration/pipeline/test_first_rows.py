"""Without training data the first live rows become the baseline, and no row is lost over it."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa
import pytest
from sqlalchemy import func, select, update

from mlflow_sentinel_plugin.errors import Conflict, LeaseLost
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import baselines, inbox, monitors
from mlflow_sentinel_plugin.store.models import Baseline as BaselineRow
from mlflow_sentinel_plugin.store.models import InboxBlock
from tests.integration.pipeline.conftest import HOUR, NOON, World, table


@pytest.fixture
def world(world: World) -> World:
    """A monitor without training data."""
    with world.db.write() as session:
        monitors.create(session, "churn", now=NOON, settings={"baseline": {"first_rows": 200}})
    return world


def pending(world: World) -> int:
    with world.db.read() as session:
        return inbox.total_pending(session)


def stored(world: World) -> Baseline:
    monitor = world.monitor()
    with world.db.read() as session:
        return Baseline.from_bytes(baselines.load(session, str(monitor.baseline_id)))


def made(world: World) -> int:
    with world.db.read() as session:
        return session.scalar(select(func.count()).select_from(BaselineRow))


def test_rows_wait_until_there_are_enough(world):
    world.post(table(199))
    world.tick()
    assert (pending(world), world.monitor().baseline_id, made(world)) == (199, None, 0)
    assert world.monitor().rows_accepted == 0


def test_exactly_the_first_rows_become_the_baseline_and_the_others_are_counted(world):
    rows = table(450)
    for first, size in ((0, 30), (30, 120), (150, 130), (280, 170)):
        world.post(rows.slice(first, size))
    world.tick()

    assert stored(world).rows == 200
    expected = Baseline.from_data(rows.slice(0, 200), source={"first_rows": 200})
    assert stored(world).features["age"].counts.tolist() == expected.features["age"].counts.tolist()
    assert world.counted() == 250
    assert (world.monitor().rows_accepted, pending(world)) == (450, 0)


def test_it_is_made_once_and_later_rows_are_compared_with_it(world):
    world.post(table(200))
    world.tick()
    world.post(table(500, shift=3, seed=4))
    world.now += 2 * HOUR
    world.tick()

    assert made(world) == 1
    assert [window.state for window in world.windows()] == ["drift"]


def test_a_leader_that_is_late_makes_none_and_loses_no_row(world):
    world.post(table(300))
    late = world.epoch
    world.epoch = world.lead("second")
    with suppress(LeaseLost):
        world.pipeline.fold(late)
    assert (made(world), pending(world)) == (0, 300)
    world.tick()
    assert (made(world), world.monitor().rows_accepted) == (1, 300)


def test_a_crash_while_it_is_stored_leaves_everything_as_it_was(world, monkeypatch):
    world.post(table(300))
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "remove", _crash)
        world.fold()
    assert (made(world), pending(world)) == (0, 300)
    world.now += HOUR
    world.tick()
    assert (made(world), world.monitor().rows_accepted) == (1, 300)


def test_a_baseline_posted_before_is_used_for_the_rows_that_wait(world):
    world.post(table(150))
    world.baseline()
    world.tick()
    assert made(world) == 1
    assert (world.counted(), world.monitor().rows_accepted) == (150, 150)


def test_posts_of_different_formats_become_one_baseline(world):
    world.post(pa.table({"age": [1.5, 2.5] * 50, "city": ["Ulm", "Bonn"] * 50}))
    world.pipeline.accept(
        world.monitor(), Rows(pa.table({"age": ["3.5", ""] * 50, "city": ["Kiel", "Ulm"] * 50}), untyped=True)
    )
    world.tick()
    age = stored(world).features["age"]
    assert (age.kind, age.missing, age.present) == ("numeric", 50, 150)


def test_event_times_go_with_the_rows(world):
    world.set(timestamp_column="at")
    world.post(table(300, at=[NOON - HOUR] * 200 + [NOON] * 100))
    world.tick()
    assert [(window.start_ms, window.rows) for window in world.windows()] == [(NOON, 100)]
    assert stored(world).features["at"].role == "timestamp"


def test_rows_that_make_no_baseline_say_so_and_wait(world):
    world.set(timestamp_column="at")
    world.post(pa.table({"at": ["2026-03-10T11:00:00Z"] * 200}))
    world.tick()
    assert "no column to watch" in world.monitor().problem
    assert pending(world) == 200


def test_without_the_setting_there_is_no_place_for_them(world):
    with world.db.write() as session:
        monitors.create(session, "fraud", now=NOON)
    with pytest.raises(Conflict):
        world.post(table(10), "fraud")


def test_a_repeated_post_counts_once(world):
    for _ in range(3):
        world.post(table(200), key="k", digest="d")
    world.tick()
    assert world.monitor().rows_accepted == 200


def test_a_damaged_block_is_rejected_and_others_take_its_place(world):
    world.post(table(200))
    with world.db.write() as session:
        session.execute(update(InboxBlock).values(data=b"nothing"))
    world.tick()
    assert (world.monitor().rows_rejected, made(world)) == (200, 0)
    world.post(table(200))
    world.tick()
    assert made(world) == 1


def _crash(*_):
    raise RuntimeError("the power is gone")
