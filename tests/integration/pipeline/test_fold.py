"""Blocks become counts of windows, each row exactly once."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import func, select, update

from mlflow_sentinel_plugin.errors import LeaseLost
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.pipeline import fold as folding
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.store import baselines, inbox, lease, monitors, windows
from mlflow_sentinel_plugin.store.models import InboxBlock, Window
from tests.integration.pipeline.conftest import HOUR, MINUTE, NOON, World, table


def pending(world: World) -> int:
    with world.db.read() as session:
        return inbox.total_pending(session)


def profile_of(world: World, window: Window) -> Profile:
    with world.db.read() as session:
        stored = windows.get(session, window.id, with_profile=True).profile
        baseline = Baseline.from_bytes(baselines.load(session, window.baseline_id))
    return Profile.from_bytes(stored or b"", baseline)


def test_folding_moves_rows_from_the_inbox_into_the_open_window(world):
    world.baseline()
    world.post(table(30))
    world.post(table(40, seed=1))

    assert world.fold()
    assert not world.fold()

    assert pending(world) == 0
    (window,) = world.windows()
    assert (window.rows, window.is_open, window.start_ms, window.end_ms) == (70, True, NOON, NOON + HOUR)
    monitor = world.monitor()
    assert (monitor.rows_accepted, monitor.rows_rejected, monitor.last_row_at) == (70, 0, NOON)


def test_counts_are_those_of_all_rows_at_once_however_they_were_split(world):
    world.baseline()
    rows = table(90)
    for first, size in ((0, 1), (1, 49), (50, 40)):
        world.post(rows.slice(first, size))
        world.fold()

    (window,) = world.windows()
    found = profile_of(world, window)
    assert found == found.baseline.profile(rows)


def test_bodies_of_different_types_fold_together(world):
    world.baseline()
    world.post(pa.table({"age": [1.5, None], "city": ["Ulm", "Bonn"]}))
    world.post(pa.table({"age": ["1.5", ""], "city": ["Ulm", "Bonn"]}))
    world.post(pa.table({"age": [1], "city": pa.array(["Kiel"]).dictionary_encode()}))
    world.post(pa.table({"age": [2.5]}))

    world.fold()

    (window,) = world.windows()
    counts = profile_of(world, window).features
    assert window.rows == 6
    assert (counts["age"].present, counts["age"].missing) == (4, 2)
    assert (counts["city"].present, counts["city"].absent) == (5, 1)


def test_by_arrival_rows_go_to_the_window_of_their_arrival_even_if_folded_later(world):
    world.baseline()
    world.post(table(10))
    world.now += HOUR
    world.post(table(20))

    world.fold()

    assert [(window.start_ms, window.rows) for window in world.windows()] == [(NOON, 10), (NOON + HOUR, 20)]


def test_by_event_time_rows_go_to_the_window_of_their_event(world):
    world.baseline()
    world.set(timestamp_column="at", timezone="Asia/Kolkata")
    world.post(table(4, at=[NOON - HOUR, NOON - 30 * MINUTE, NOON - 1, NOON - 45 * MINUTE]))

    world.fold()

    assert [(window.start_ms, window.rows) for window in world.windows()] == [
        (NOON - 90 * MINUTE, 2),
        (NOON - 30 * MINUTE, 2),
    ]
    assert world.monitor().max_event_ms == NOON - 1


def test_an_event_in_the_future_moves_the_watermark_no_further_than_its_arrival(world):
    world.baseline()
    world.set(timestamp_column="at")
    world.post(table(1, at=NOON + 5 * HOUR))

    world.fold()

    assert world.monitor().max_event_ms == NOON
    assert [window.start_ms for window in world.windows()] == [NOON + 5 * HOUR]


def test_count_windows_fill_up_across_posts(world):
    world.baseline()
    world.set(window={"rows": 50})
    rows = table(120)
    for first, size in ((0, 30), (30, 60), (90, 30)):
        world.post(rows.slice(first, size))
        world.fold()

    found = world.windows()
    assert [(window.ordinal, window.rows) for window in found] == [(0, 50), (1, 50), (2, 20)]
    for window in found:
        profile = profile_of(world, window)
        assert profile == profile.baseline.profile(rows.slice(50 * window.ordinal, 50))


def test_one_post_may_fill_many_count_windows(world):
    world.baseline()
    world.set(window={"rows": 50})
    world.post(table(170))
    world.tick()
    world.post(table(40))
    world.tick()

    assert [(w.ordinal, w.rows, w.is_open) for w in world.windows()] == [
        (0, 50, False),
        (1, 50, False),
        (2, 50, False),
        (3, 50, False),
        (4, 10, True),
    ]


def test_a_count_window_closed_before_it_was_full_gets_no_more_rows(world):
    world.baseline()
    world.set(window={"rows": 50})
    world.post(table(20))
    world.tick()
    world.set(window={"rows": 60})
    world.tick()
    world.set(window={"rows": 50})
    world.post(table(40))
    world.tick()

    assert [(w.spec, w.ordinal, w.rows) for w in world.windows()] == [("50 rows", 0, 20), ("50 rows", 1, 40)]


def test_monitors_do_not_mix(world):
    world.baseline("churn")
    world.baseline("fraud")
    world.post(table(10), "churn")
    world.post(table(20), "fraud")

    world.fold()

    assert (world.counted("churn"), world.counted("fraud")) == (10, 20)


def test_rows_count_under_the_baseline_they_were_accepted_with(world):
    world.baseline()
    world.post(table(10))
    second = world.pipeline.register_baseline("churn", table(1000, seed=9), activate=True)
    world.post(table(20))

    world.fold()

    by_baseline = {window.baseline_id == second.baseline.id: window.rows for window in world.windows()}
    assert by_baseline == {False: 10, True: 20}


def test_a_paused_monitor_still_counts_its_rows(world):
    monitor = world.baseline()
    with world.db.write() as session:
        monitors.update(session, monitors.get(session, monitor.name, for_update=True), now=NOON, paused=True)
    world.post(table(10))

    world.fold()

    assert world.counted() == 10


def test_a_damaged_block_is_rejected_and_the_others_count(world):
    world.baseline()
    world.post(table(10))
    world.pipeline.accept(world.monitor(), Rows(table(20), rejected=2))
    with world.db.write() as session:
        session.execute(update(InboxBlock).where(InboxBlock.rows == 20).values(data=b"not Arrow"))
    world.post(table(30))

    world.fold()

    assert world.counted() == 40
    assert (world.monitor().rows_accepted, world.monitor().rows_rejected) == (40, 22)
    assert pending(world) == 0


def test_a_block_that_cannot_be_counted_is_rejected_and_the_others_count(world, monkeypatch):
    world.baseline()
    for rows in (10, 20, 30):
        world.post(table(rows))
    counted = Baseline.profile

    def profile(self, data):
        if any(part.num_rows == 20 for part in data):
            raise ArithmeticError("20 rows")
        return counted(self, data)

    monkeypatch.setattr(Baseline, "profile", profile)
    world.fold()

    assert world.counted() == 40
    assert (world.monitor().rows_accepted, world.monitor().rows_rejected) == (40, 20)
    assert pending(world) == 0


def test_a_damaged_baseline_keeps_its_monitors_rows_waiting_and_stops_no_other(world):
    monitor = world.baseline("churn")
    world.baseline("fraud")
    world.post(table(10), "churn")
    world.post(table(20), "fraud")
    with world.db.write() as session:
        baselines.get(session, str(monitor.baseline_id)).data = b"damaged"

    world.fold()

    assert world.counted("fraud") == 20
    assert (world.counted("churn"), pending(world)) == (0, 10)


def test_a_monitor_that_failed_is_tried_again_after_a_while(world, monkeypatch):
    world.baseline()
    world.post(table(10))
    with monkeypatch.context() as broken:
        broken.setattr(folding, "settings_of", _raise)
        assert not world.fold()
    assert not world.fold()

    world.now += 5_000
    assert world.fold()
    assert world.counted() == 10


def test_rows_of_a_deleted_monitor_are_gone_and_stop_nobody(world):
    monitor = world.baseline("churn")
    world.baseline("fraud")
    world.post(table(10), "churn")
    world.post(table(20), "fraud")
    with world.db.write() as session:
        monitors.delete(session, monitor.id)

    world.fold()

    assert (world.counted("fraud"), pending(world)) == (20, 0)


def test_settings_changed_while_rows_were_counted_make_the_fold_start_over(world, monkeypatch):
    world.baseline()
    world.post(table(10))
    fence = lease.fence

    def change(session, epoch):
        monkeypatch.setattr(lease, "fence", fence)
        fence(session, epoch)
        monitor = monitors.get(session, "churn", for_update=True)
        monitors.update(session, monitor, now=NOON, settings={"window": {"period": "1d"}})

    monkeypatch.setattr(lease, "fence", change)
    assert not world.fold()
    assert (world.counted(), pending(world)) == (0, 10)
    assert world.fold()
    assert world.counted() == 10


# --- dying at any step -----------------------------------------------------------------------------------


def _raise(*_args, **_kwargs):
    raise RuntimeError("dies here")


STEPS = [
    (folding, "decode"),
    (folding, "parts"),
    (windows, "find"),
    (folding, "_merged"),
    (lease, "fence"),
    (monitors, "lock"),
    (windows, "add_rows"),
    (inbox, "remove"),
]


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_row_counts_once_when_the_fold_dies(world, monkeypatch, module, step, after):
    world.baseline()
    world.post(table(30))
    world.fold()
    world.post(table(50, seed=1))
    whole = getattr(module, step)

    def die(*args, **kwargs):
        if after:
            whole(*args, **kwargs)
        # Not an Exception: as if the process were killed.
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, suppress(KeyboardInterrupt):
        dying.setattr(module, step, die)
        world.fold()

    assert (world.counted(), pending(world)) == (30, 50)
    world.fold()
    assert (world.counted(), pending(world)) == (80, 0)
    assert world.monitor().rows_accepted == 80


def test_a_leader_that_is_late_cannot_commit(world):
    world.baseline()
    world.post(table(30))
    late = world.epoch
    world.epoch = world.lead("second")

    with pytest.raises(LeaseLost):
        world.pipeline.fold(late)
    assert (world.counted(), pending(world)) == (0, 30)

    world.fold()
    with pytest.raises(LeaseLost):
        world.post(table(1))
        world.pipeline.fold(late)
    assert world.counted() == 30


def test_a_leader_that_loses_its_lease_while_counting_cannot_commit(world, monkeypatch):
    world.baseline()
    world.post(table(30))
    counted = Baseline.profile

    def profile(self, data):
        monkeypatch.setattr(Baseline, "profile", counted)
        world.lead("second")
        return counted(self, data)

    monkeypatch.setattr(Baseline, "profile", profile)

    with pytest.raises(LeaseLost):
        world.fold()
    assert (world.counted(), pending(world)) == (0, 30)


def test_two_leaders_folding_the_same_blocks_count_them_once(world, monkeypatch):
    """The second one folds after the first has read the blocks, and before it writes."""
    world.baseline()
    world.post(table(30))
    other = World(world.db)
    world.epoch = other.epoch
    fence = lease.fence

    def interleave(session, epoch):
        monkeypatch.setattr(lease, "fence", fence)
        raise KeyboardInterrupt

    monkeypatch.setattr(lease, "fence", interleave)
    with suppress(KeyboardInterrupt):
        world.fold()
    other.fold()
    world.fold()

    assert (world.counted(), world.monitor().rows_accepted) == (30, 30)


def test_wide_tables_are_folded_in_smaller_steps(world, monkeypatch):
    world.baseline()
    monkeypatch.setattr(folding, "MAX_CELLS", 100)
    for _ in range(4):
        world.post(table(20))

    world.fold()
    assert (world.counted(), pending(world)) == (40, 40)


def test_a_hundred_small_posts_fold_in_one_step(world):
    world.baseline()
    for number in range(100):
        world.post(table(5, seed=number))

    world.fold()

    assert (world.counted(), pending(world)) == (500, 0)
    with world.db.read() as session:
        assert session.scalar(select(func.max(Window.data_version))) == 1


def test_rows_too_late_for_a_pruned_window_are_rejected(world):
    world.baseline()
    world.set(timestamp_column="at")
    world.post(table(60, at=NOON - 10 * HOUR))
    world.tick()
    with world.db.write() as session:
        session.execute(update(Window).values(profile=None))
    world.post(table(5, at=NOON - 10 * HOUR))
    world.post(table(7, at=NOON))
    world.tick()

    assert world.counted() == 67
    assert (world.monitor().rows_accepted, world.monitor().rows_rejected) == (67, 5)


def test_times_of_a_whole_day_are_cut_like_one_by_one(world):
    world.baseline()
    world.set(timestamp_column="at")
    times = NOON - np.random.default_rng(3).integers(0, 24 * HOUR, 500)
    world.post(table(500, at=times.tolist()))

    world.fold()

    expected: dict[int, int] = {}
    for time in times.tolist():
        start = time - time % HOUR
        expected[start] = expected.get(start, 0) + 1
    assert {window.start_ms: window.rows for window in world.windows()} == expected
