"""A monitor that gets no rows any more says so, once it is longer than expected."""

from __future__ import annotations

from sqlalchemy import select

from mlflow_sentinel_plugin.store import alerts, monitors
from mlflow_sentinel_plugin.store.models import Alert
from tests.integration.pipeline.conftest import HOUR, MINUTE, NOON, World, table


def watch_until(world: World, end: int) -> None:
    """The leader looks every minute, as it does while a server is up."""
    while world.now < end:
        world.now += MINUTE
        world.pipeline.watch(world.epoch)


def silences(world: World) -> list[tuple[str, str]]:
    with world.db.read() as session:
        found = session.scalars(select(Alert).where(Alert.condition == "no_data").order_by(Alert.opened_at))
        return [(alert.status, alert.summary) for alert in found]


def set_paused(world: World, paused: bool) -> None:
    with world.db.write() as session:
        monitor = monitors.get(session, "churn", for_update=True)
        monitors.update(session, monitor, now=world.now, paused=paused)


def test_three_whole_windows_without_a_row_are_no_data(world):
    world.baseline()
    world.post(table(100))
    world.tick()
    watch_until(world, NOON + 4 * HOUR + 4 * MINUTE)
    world.tick()
    assert world.monitor().state == "ok"
    assert silences(world) == []

    watch_until(world, NOON + 4 * HOUR + 5 * MINUTE)

    assert world.monitor().state == "no_data"
    assert silences(world) == [
        ("firing", "no rows since 2026-03-10T12:00:00.000Z; expected within 3 windows of 1h")
    ]


def test_the_first_rows_end_it_at_once(world):
    world.baseline()
    world.post(table(100))
    world.tick()
    watch_until(world, NOON + 5 * HOUR)
    world.tick()
    world.post(table(100, seed=3))
    world.tick()
    watch_until(world, world.now + MINUTE)

    assert world.monitor().state == "ok"
    assert [status for status, _ in silences(world)] == ["resolved"]


def test_rows_that_wait_to_be_counted_are_no_silence(world):
    world.baseline()
    world.post(table(100))
    world.tick()
    world.post(table(10))
    watch_until(world, NOON + 9 * HOUR)
    assert silences(world) == []


def test_a_nightly_batch_is_not_silent_by_day(world):
    world.baseline()
    world.set(expect_every="1d")
    for day in range(3):
        world.now = NOON + day * 24 * HOUR + (day % 2) * 3 * MINUTE
        world.post(table(100, seed=day))
        world.tick()
        watch_until(world, NOON + (day + 1) * 24 * HOUR - 5 * MINUTE)
        world.tick()
    assert silences(world) == []
    watch_until(world, NOON + 3 * 24 * HOUR + HOUR)
    assert [status for status, _ in silences(world)] == ["firing"]


def test_a_monitor_without_first_data_is_never_silent(world):
    world.baseline()
    watch_until(world, NOON + 12 * HOUR)
    assert world.monitor().state is None
    assert silences(world) == []


def test_count_windows_are_silent_only_if_they_say_how_often_rows_come(world):
    world.baseline()
    world.set(window={"rows": 50})
    world.post(table(50))
    world.tick()
    watch_until(world, NOON + 12 * HOUR)
    assert silences(world) == []
    world.set(expect_every="1h")
    watch_until(world, world.now + MINUTE)
    assert world.monitor().state == "no_data"


def test_a_server_that_was_down_does_not_take_its_own_silence_for_theirs(world):
    world.baseline()
    world.post(table(100))
    world.tick()
    watch_until(world, NOON + HOUR)
    world.now += 48 * HOUR
    up = world.now
    watch_until(world, up + 3 * HOUR)
    assert silences(world) == []
    watch_until(world, up + 5 * HOUR)
    assert len(silences(world)) == 1


def test_a_paused_monitor_is_not_silent_and_gets_time_after_it(world):
    world.baseline()
    world.post(table(100))
    world.tick()
    set_paused(world, True)
    watch_until(world, NOON + 12 * HOUR)
    set_paused(world, False)
    watch_until(world, world.now + 3 * HOUR)
    assert silences(world) == []
    watch_until(world, world.now + 2 * HOUR)
    assert len(silences(world)) == 1


def test_a_window_judged_during_silence_does_not_hide_it(world):
    world.baseline()
    world.set(expect_every="10m")
    world.post(table(100))
    world.fold()
    watch_until(world, NOON + 16 * MINUTE)
    watch_until(world, NOON + 70 * MINUTE)
    world.tick()
    assert [w.state for w in world.windows()] == ["ok"]
    assert world.monitor().state == "no_data"


def test_what_arrived_in_a_pause_is_judged_after_it_without_alerts(world):
    world.baseline()
    set_paused(world, True)
    world.post(table(500, shift=3))
    world.now += 2 * HOUR
    world.tick()
    assert [(w.is_open, w.state) for w in world.windows()] == [(False, None)]

    set_paused(world, False)
    world.tick()

    assert [w.state for w in world.windows()] == ["drift"]
    assert len(world.events()) == 1
    with world.db.read() as session:
        assert alerts.open_counts(session, [world.monitor().id]) == {}

    world.post(table(500, shift=3, seed=5))
    world.now += 2 * HOUR
    world.tick()
    with world.db.read() as session:
        assert alerts.open_counts(session, [world.monitor().id]) == {world.monitor().id: 1}
