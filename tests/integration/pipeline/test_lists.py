"""Windows and events as lists, series and totals; and what is forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import events, inbox, monitors, windows
from mlflow_sentinel_plugin.store.models import IdempotencyKey, InboxBlock, Monitor, Window
from tests.integration.pipeline.conftest import HOUR, NOON, World, table

DAY = 24 * HOUR


@pytest.fixture
def week(world):
    """Two monitors in two experiments: hourly windows, drift in hours 2 and 4 of the first."""
    world.pipeline.register_baseline("churn", table(2000), experiment_id="7")
    world.pipeline.register_baseline("fraud", table(2000), experiment_id="9")
    for hour in range(6):
        world.post(table(100, shift=2.0 if hour in (2, 4) else 0.0, seed=hour), "churn")
        world.post(table(100, seed=hour), "fraud")
        world.now += HOUR
    world.tick()
    return world


def all_pages(read):
    items, cursor, pages = [], None, 0
    while True:
        page = read(cursor)
        items, cursor, pages = items + page.items, page.next, pages + 1
        if cursor is None:
            return items, pages


def test_windows_are_listed_newest_first_in_pages(week):
    monitor = week.monitor()
    with week.db.read() as session:
        found, pages = all_pages(lambda c: windows.list_page(session, monitor.id, limit=4, cursor=c))
        drifted = windows.list_page(session, monitor.id, state="drift").items
        middle = windows.list_page(session, monitor.id, since=NOON + HOUR, until=NOON + 3 * HOUR).items

    assert [w.start_ms for w in found] == [NOON + hour * HOUR for hour in (5, 4, 3, 2, 1, 0)]
    assert pages == 2
    assert [w.start_ms for w in drifted] == [NOON + 4 * HOUR, NOON + 2 * HOUR]
    assert [w.start_ms for w in middle] == [NOON + 2 * HOUR, NOON + HOUR]


def test_a_series_holds_the_newest_windows_oldest_first(week):
    monitor = week.monitor()
    with week.db.read() as session:
        whole = windows.series(session, monitor.id, limit=3)
        age = windows.series(session, monitor.id, feature="age", since=NOON + HOUR, until=NOON + 4 * HOUR)
        recent = windows.recent(session, [monitor.id], 2)

    assert [row.start_ms - NOON for row in whole] == [2 * HOUR, 3 * HOUR, 4 * HOUR]
    assert [(row.start_ms - NOON, row.state) for row in age] == [
        (HOUR, "ok"),
        (2 * HOUR, "drift"),
        (3 * HOUR, "ok"),
    ]
    assert age[1].effect == pytest.approx(age[1].scores["ks_test"]["value"])
    assert [row.start_ms - NOON for row in recent[monitor.id]] == [3 * HOUR, 4 * HOUR]


def test_events_are_listed_newest_first_by_every_filter(week):
    monitor, other = week.monitor("churn"), week.monitor("fraud")

    def listed(**filters):
        with week.db.read() as session:
            return [(event.at_ms - NOON) // HOUR for event in events.list_page(session, **filters).items]

    assert listed() == [5, 3]
    assert listed(monitor_id=monitor.id) == [5, 3]
    assert listed(monitor_id=other.id) == []
    assert listed(experiment_id="7") == [5, 3]
    assert listed(experiment_id="9") == []
    assert listed(visible=["9"]) == []
    assert listed(workspace="other") == []
    assert listed(severity="low") == [5, 3]
    assert listed(state="schema_changed") == []
    assert listed(since=NOON + 3 * HOUR, until=NOON + 5 * HOUR) == [3]
    with week.db.read() as session:
        found, pages = all_pages(lambda c: events.list_page(session, limit=1, cursor=c))
    assert ([event.at_ms for event in found], pages) == ([NOON + 5 * HOUR, NOON + 3 * HOUR], 2)


def test_only_worse_events_are_listed_when_a_severity_is_asked_for(week):
    with week.db.write() as session:
        first, second = events.list_page(session).items
        first.severity, second.severity = "medium", "critical"
    with week.db.read() as session:
        found = {s: len(events.list_page(session, severity=s).items) for s in ("low", "medium", "high")}

    assert found == {"low": 2, "medium": 2, "high": 1}


def test_an_event_is_found_by_those_who_may_see_its_monitors_experiment(week):
    (event, *_) = week.events()
    with week.db.read() as session:
        assert events.get(session, event.id, visible=["7"]).id == event.id
        for hidden in ({"visible": ["9"]}, {"workspace": "other"}):
            with pytest.raises(NotFound):
                events.get(session, event.id, **hidden)


def test_totals_are_per_experiment(week):
    with week.db.read() as session:
        churn, fraud = events.totals(session)
        assert [total.experiment_id for total in events.totals(session, visible=["9"])] == ["9"]
        (late, _) = events.totals(session, since=NOON + 4 * HOUR)

    assert (churn.experiment_id, churn.monitors, churn.windows, churn.events) == ("7", 1, 5, 2)
    assert (churn.last_event_ms, churn.open_alerts, churn.drifting) == (NOON + 5 * HOUR, 1, 1)
    assert (churn.rows_accepted, churn.rows_rejected) == (600, 0)
    assert (fraud.experiment_id, fraud.windows, fraud.events, fraud.last_event_ms) == ("9", 5, 0, None)
    assert (late.windows, late.events) == (2, 1)


def test_a_withdrawn_event_counts_in_no_total(week):
    with week.db.write() as session:
        events.list_page(session).items[0].withdrawn = True
    with week.db.read() as session:
        assert events.totals(session)[0].events == 1


def test_a_window_is_found_in_its_own_workspace_only(week):
    (window, *_) = week.windows()
    with week.db.read() as session:
        assert windows.get(session, window.id).id == window.id
        assert set(windows.by_ids(session, [window.id, "none"])) == {window.id}
        with pytest.raises(NotFound):
            windows.get(session, window.id, workspace="other")


# --- forgetting ------------------------------------------------------------------------------------------


def kept(world: World) -> tuple[int, int]:
    """Windows with full counts, and with coarse ones."""
    with world.db.read() as session:
        marks = session.scalars(select(Window.reduced).where(Window.profile.is_not(None))).all()
    return marks.count(0), marks.count(1)


@pytest.fixture
def many(db):
    """Twenty closed windows of 60 rows."""
    world = World(db, config=Config.model_validate({"windows": {"rows": 60}}))
    world.baseline()
    for number in range(20):
        world.now += 1
        world.post(table(60, seed=40 + number))
    world.tick()
    return world


def test_full_counts_are_kept_for_a_week_and_of_the_newest_sixteen_windows(many):
    many.now += 7 * DAY
    many.pipeline.prune(many.epoch)
    assert kept(many) == (20, 0)

    many.now += 1
    gone = many.pipeline.prune(many.epoch)
    assert kept(many) == (16, 4)
    assert (gone.reduced, gone.dropped) == (4, 0)
    assert [window.state for window in many.windows()] == ["ok"] * 20


def test_coarse_counts_go_in_the_end(many):
    many.now += 181 * DAY
    gone = many.pipeline.prune(many.epoch)
    assert kept(many) == (16, 0)
    assert gone.dropped == 4
    assert many.pipeline.prune(many.epoch).dropped == 0


def test_retention_is_what_the_config_says(many):
    config = Config.model_validate({"retention": {"profiles": "1d", "profile_windows": 3}})
    many.now += DAY + 1
    World(many.db, now=many.now, config=config).pipeline.prune(many.epoch + 1)

    assert kept(many) == (3, 17)


def test_windows_that_wait_for_a_verdict_keep_their_profile(many):
    with many.db.write() as session:
        session.execute(update(Window).where(Window.ordinal == 0).values(is_due=True))
    many.now += 8 * DAY
    many.pipeline.prune(many.epoch)

    assert kept(many) == (17, 3)


def test_damaged_counts_do_not_keep_the_others_from_becoming_coarse(many):
    with many.db.write() as session:
        session.execute(update(Window).where(Window.ordinal == 0).values(profile=b"damaged"))
    many.now += 8 * DAY
    many.pipeline.prune(many.epoch)

    assert kept(many) == (16, 3)


def test_rows_that_come_while_counts_are_made_coarse_are_not_lost(many):
    many.now += 8 * DAY
    with many.db.read() as session:
        seen = windows.reducible(session, many.monitor().id, many.now - 7 * DAY, 16)[0]
    with many.db.write() as session:
        session.execute(update(Window).where(Window.id == seen.id).values(data_version=seen.data_version + 1))
        assert windows.reduce_profile(session, seen, b"coarse") == 0
    assert kept(many) == (20, 0)


def test_old_keys_and_blocks_of_deleted_monitors_are_forgotten(world):
    monitor = world.baseline()
    world.post(table(5), key="old", digest="d")
    world.fold()
    world.now += 8 * DAY
    world.post(table(5), key="new", digest="d")
    with world.db.write() as session:
        inbox.add(session, "f" * 32, b"", 9, 0, world.now)

    assert world.pipeline.prune(world.epoch).rows == 2
    with world.db.read() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1
        assert session.scalars(select(InboxBlock.monitor_id)).all() == [monitor.id]


def test_deleting_a_monitor_leaves_none_of_its_rows(week):
    monitor = week.monitor("churn")
    with week.db.write() as session:
        monitors.delete(session, monitor.id)
    with week.db.read() as session:
        assert session.scalars(select(Monitor.name)).all() == ["fraud"]
        assert set(session.scalars(select(Window.monitor_id))) == {week.monitor("fraud").id}
        assert events.list_page(session).items == []
