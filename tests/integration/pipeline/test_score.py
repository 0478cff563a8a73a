"""Closed windows get verdicts, events and alerts; late rows change them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import func, select, update

from mlflow_sentinel_plugin.alert import outbox
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.config.model import AlertingSection, SinkConfig
from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.errors import LeaseLost
from mlflow_sentinel_plugin.store import events, lease, monitors, windows
from mlflow_sentinel_plugin.store.models import Alert, Delivery, DriftEvent, Window, WindowFeature
from tests.integration.pipeline.conftest import HOUR, MINUTE, NOON, World, table

LATENESS = 5 * MINUTE


def states(world: World, name: str = "churn") -> list[str | None]:
    return [window.state for window in world.windows(name)]


def count(world: World, model: type) -> int:
    with world.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def by_event_time(world: World, name: str = "churn") -> None:
    world.baseline(name)
    world.set(name, timestamp_column="at")


def test_a_window_closes_and_is_judged_once_lateness_has_passed(world):
    world.baseline()
    world.post(table(300))
    world.now = NOON + HOUR + LATENESS - 1
    world.tick()
    assert states(world) == [None]

    world.now += 1
    world.tick()

    (window,) = world.windows()
    assert (window.state, window.is_open, window.closed_at, window.scored_at) == (
        "ok",
        False,
        world.now,
        world.now,
    )
    assert world.monitor().state == "ok"
    assert world.events() == []


def test_a_row_newer_than_lateness_closes_the_windows_before_it(world):
    by_event_time(world)
    world.post(table(200, at=NOON - 3 * HOUR))
    world.post(table(200, at=NOON - 2 * HOUR))
    world.post(table(1, at=NOON - HOUR + LATENESS))

    world.tick()

    assert [(window.state, window.is_open) for window in world.windows()] == [
        ("ok", False),
        ("ok", False),
        (None, True),
    ]


def swinging(at: int, move: float = 0.0) -> pa.Table:
    """An hour of rows whose age follows the hour of the day."""
    hour = at // HOUR % 24
    ages = np.random.default_rng(at // HOUR).normal(3 * np.sin(2 * np.pi * hour / 24) + move, 1, 100)
    return pa.table({"age": ages, "at": [to_rfc3339(at + i * 1000) for i in range(100)]})


@pytest.mark.parametrize("timestamp_column", ["at", None])
def test_hours_are_compared_with_those_hours_of_the_reference_if_events_have_times(world, timestamp_column):
    reference = pa.concat_tables([swinging(NOON - i * HOUR) for i in range(200, 20, -1)])
    world.pipeline.register_baseline("churn", reference, roles={"at": "timestamp"})
    world.set(timestamp_column=timestamp_column)
    for i in range(5, 2, -1):
        world.post(swinging(NOON - i * HOUR, move=0.0 if i > 3 else -1.2))
    world.now += HOUR + LATENESS

    world.tick()

    assert states(world) == (["ok", "ok", "drift"] if timestamp_column else ["ok"])


def test_drift_makes_one_event_and_opens_one_alert(world):
    world.baseline()
    world.post(table(300, shift=1.5))
    world.now += 2 * HOUR
    world.tick()
    world.tick()

    (event,) = world.events()
    (window,) = world.windows()
    assert (event.window_id, event.state, event.features, event.withdrawn) == (
        window.id,
        "drift",
        ["age"],
        False,
    )
    assert (event.at_ms, event.severity, event.baseline_id) == (
        NOON + HOUR,
        window.severity,
        window.baseline_id,
    )
    assert "age" in event.summary
    assert count(world, Alert) == 1
    assert (world.monitor().state, world.monitor().severity) == ("drift", window.severity)


def test_each_watched_feature_is_kept_for_series(world):
    monitor = world.baseline()
    world.set(features={"city": {"ignore": True}})
    for _ in range(3):
        world.post(table(300))
        world.now += HOUR
        world.tick()
    world.now += HOUR
    world.tick()

    with world.db.read() as session:
        rows = windows.series(session, monitor.id, feature="age", limit=2)
        assert windows.series(session, monitor.id, feature="city") == []
        whole = windows.series(session, monitor.id)
    assert [row.start_ms for row in rows] == [NOON + HOUR, NOON + 2 * HOUR]
    assert set(rows[0].scores or {}) == {"psi", "ks_test", "js_divergence"}
    assert [row.state for row in whole] == ["ok"] * 3


def test_too_few_rows_are_no_verdict(world):
    world.baseline()
    world.post(table(20, shift=3))
    world.now += 2 * HOUR
    world.tick()

    assert states(world) == ["insufficient_data"]
    assert world.events() == []


def test_a_column_that_is_gone_is_a_changed_schema(world):
    world.baseline()
    world.post(table(300).drop_columns("city"))
    world.now += 2 * HOUR
    world.tick()

    assert states(world) == ["schema_changed"]
    assert [(event.state, event.features) for event in world.events()] == [("schema_changed", ["city"])]


def test_late_rows_change_the_verdict_and_the_old_one_stays_in_history(world):
    by_event_time(world)
    world.post(table(60, shift=2.0, at=NOON - 3 * HOUR))
    world.post(table(300, at=NOON - HOUR))
    world.tick()
    assert states(world) == ["drift", None]
    (event,) = world.events()
    scored_at = world.now

    world.now += MINUTE
    world.post(table(6000, seed=4, at=NOON - 3 * HOUR))
    world.tick()

    late, _ = world.windows()
    assert (late.rows, late.state, late.is_open) == (6060, "ok", False)
    assert [(old["state"], old["rows"], old["at"]) for old in late.history] == [("drift", 60, scored_at)]
    (again,) = world.events()
    assert (again.id, again.withdrawn) == (event.id, True)


def test_late_rows_that_bring_the_drift_back_restore_the_same_event(world):
    by_event_time(world)
    world.post(table(60, shift=2.0, at=NOON - 3 * HOUR))
    world.post(table(300, at=NOON - HOUR))
    world.tick()
    (event,) = world.events()
    for shift in (0.0, 3.0):
        world.post(table(6000, shift=shift, seed=4, at=NOON - 3 * HOUR))
        world.tick()

    (again,) = world.events()
    assert (again.id, again.withdrawn, again.created_at) == (event.id, False, event.created_at)
    assert len(world.windows()[0].history) == 2


def test_a_window_scored_again_is_no_further_window_of_its_alert(world):
    by_event_time(world)
    world.post(table(60, shift=2.0, at=NOON - 3 * HOUR))
    world.post(table(300, shift=2.0, at=NOON - HOUR))
    world.tick()
    world.post(table(60, shift=2.0, seed=1, at=NOON - 3 * HOUR))
    world.tick()

    with world.db.read() as session:
        assert [alert.windows for alert in session.scalars(select(Alert))] == [1]


def test_windows_are_judged_in_order_of_their_start(world, monkeypatch):
    by_event_time(world)
    for hours in (3, 5, 4):
        world.post(table(60, at=NOON - hours * HOUR))
    seen: list[int] = []
    check = Detector.check

    def watch(self, profile, *, start=None, end=None):
        seen.append(start)
        return check(self, profile, start=start, end=end)

    monkeypatch.setattr(Detector, "check", watch)
    world.now += HOUR
    world.tick()

    assert seen == [NOON - 5 * HOUR, NOON - 4 * HOUR, NOON - 3 * HOUR]


def test_the_state_of_a_monitor_is_that_of_its_newest_window(world):
    by_event_time(world)
    world.post(table(300, shift=2.0, at=NOON - 2 * HOUR))
    world.now += HOUR
    world.tick()
    assert world.monitor().state == "drift"

    world.post(table(300, at=NOON - 8 * HOUR))
    world.now += HOUR
    world.tick()

    assert states(world) == ["ok", "drift"]
    assert world.monitor().state == "drift"


def test_a_clean_window_of_long_ago_does_not_resolve_todays_alert(world):
    by_event_time(world)
    world.post(table(300, shift=2.0, at=NOON - 2 * HOUR))
    world.now += HOUR
    world.tick()
    for hours in (10, 9, 8):
        world.post(table(300, at=NOON - hours * HOUR))
    world.now += HOUR
    world.tick()

    with world.db.read() as session:
        assert [alert.status for alert in session.scalars(select(Alert))] == ["firing"]


def test_two_clean_windows_resolve_the_alert(world):
    world.baseline()
    for shift in (2.0, 0.0, 0.0):
        world.post(table(300, shift=shift))
        world.now += HOUR
    world.now += HOUR
    world.tick()

    assert states(world) == ["drift", "ok", "ok"]
    with world.db.read() as session:
        assert [alert.status for alert in session.scalars(select(Alert))] == ["resolved"]


def test_a_paused_monitor_is_not_judged_until_it_is_resumed(world):
    world.baseline()
    world.post(table(300))
    _pause(world, True)
    world.now += 2 * HOUR
    world.tick()
    assert [(window.is_open, window.state) for window in world.windows()] == [(False, None)]

    _pause(world, False)
    world.tick()
    assert states(world) == ["ok"]


def _pause(world: World, paused: bool) -> None:
    with world.db.write() as session:
        monitor = monitors.get(session, "churn", for_update=True)
        monitors.update(session, monitor, now=world.now, paused=paused)


def test_one_monitor_that_cannot_be_judged_stops_no_other_and_is_tried_again(world, monkeypatch):
    for name in ("churn", "fraud"):
        world.baseline(name)
        world.post(table(300), name)
    world.set("churn", window={"rows": 300})
    world.set("fraud", window={"rows": 300})
    check = Detector.check

    def break_first(self, profile, **bounds):
        if profile.rows == 300 and not broken:
            broken.append(True)
            raise ArithmeticError("not today")
        return check(self, profile, **bounds)

    broken: list[bool] = []
    monkeypatch.setattr(Detector, "check", break_first)
    world.tick()
    assert sorted(states(world, "churn") + states(world, "fraud"), key=str) == [None, "ok"]

    world.now += 5_000
    world.tick()
    assert states(world, "churn") + states(world, "fraud") == ["ok", "ok"]


def test_a_monitor_whose_settings_cannot_be_read_stops_no_other(world):
    for name in ("churn", "fraud"):
        world.baseline(name)
        world.post(table(300), name)
    world.fold()
    world.set("churn", window={"period": "never"})
    world.now += 2 * HOUR
    world.tick()

    assert (states(world, "churn"), states(world, "fraud")) == ([None], ["ok"])
    world.set("churn", window={"period": "1h"})
    world.now += 5_000
    world.tick()
    assert states(world, "churn") == ["ok"]


def test_damaged_counts_are_no_verdict_and_stop_no_later_window(world):
    world.baseline()
    world.post(table(300, shift=2.0))
    world.fold()
    with world.db.write() as session:
        session.execute(update(Window).values(profile=b"damaged"))
    world.now += HOUR
    world.post(table(300))
    world.now += 2 * HOUR
    world.tick()

    assert states(world) == ["insufficient_data", "ok"]


def test_activating_a_baseline_closes_the_open_window_of_the_old_one(world):
    first = world.baseline().baseline_id
    world.post(table(300))
    world.tick()
    world.pipeline.register_baseline("churn", table(2000, shift=1.5, seed=5), activate=True)
    world.post(table(300, shift=1.5, seed=6))
    world.tick()

    found = {window.baseline_id == first: (window.state, window.is_open) for window in world.windows()}
    assert found == {True: ("ok", False), False: (None, True)}
    world.now += 2 * HOUR
    world.tick()
    assert states(world) == ["ok", "ok"]


# --- evidence over several windows -----------------------------------------------------------------------


def hourly(world: World, *shifts: float, rows: int = 300) -> list[str | None]:
    """Post and judge one window of an hour for each shift; the states of all windows."""
    for shift in shifts:
        world.post(table(rows, shift=shift, seed=world.now))
        world.now += HOUR
        world.tick()
    world.now += LATENESS
    world.tick()
    return states(world)


def p_of_age(world: World, at: int = -1) -> float:
    result = world.windows()[at].result or {}
    return next(feature["p_value"] for feature in result["features"] if feature["name"] == "age")


def test_a_small_shift_that_one_window_does_not_show_is_found_over_several(world):
    world.baseline()

    found = hourly(world, *[0.2] * 8)

    assert found[0] == "ok"
    assert found[-1] == "drift"
    (age,) = [f for f in (world.windows()[-1].result or {})["signals"] if f["name"] == "age"]
    assert "of the last 8 windows" in age["text"]


def test_a_leader_that_starts_anew_says_what_the_old_one_would_have_said(world, db):
    world.baseline()
    hourly(world, *[0.15] * 6)
    twin = World(db, now=world.now)

    hourly(twin, 0.15)
    again = p_of_age(twin)
    late = world.pipeline.provisional(world.monitor())

    assert late is None
    with world.db.write() as session:
        session.execute(update(Window).where(Window.id == twin.windows()[-1].id).values(is_due=True))
    world.epoch = world.lead("third")
    world.tick()
    assert p_of_age(world) == again
    assert again < p_of_age(world, 0)


def test_a_new_baseline_forgets_the_windows_before_it(world):
    world.baseline()
    hourly(world, *[0.2] * 7)
    second = world.pipeline.register_baseline("churn", table(2000, seed=5))
    world.pipeline.activate_baseline(second.baseline.id)

    assert hourly(world, 0.2)[-1] == "ok"


def test_late_rows_are_judged_with_what_came_before_their_window_and_count_for_the_next_one(world):
    by_event_time(world)
    times = [NOON - hours * HOUR for hours in (6, 5, 4)]
    for i, at in enumerate(times):
        world.post(table(200, seed=i, at=at))
    world.post(table(1, at=NOON - 3 * HOUR + LATENESS))
    world.tick()
    before = [p_of_age(world, i) for i in range(3)]

    world.post(table(400, shift=3.0, seed=9, at=times[1]))
    world.tick()
    world.post(table(400, seed=10, at=NOON - 3 * HOUR))
    world.now += HOUR
    world.tick()

    after = [p_of_age(world, i) for i in range(4)]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] < 1e-6
    assert after[3] < 1e-6  # its history holds the late rows


def test_small_windows_are_insufficient_alone_and_found_together(world):
    world.baseline()

    found = hourly(world, *[1.0] * 4, rows=30)

    assert found == ["insufficient_data", "drift", "drift", "drift"]


def test_an_episode_that_is_over_does_not_page_on(world):
    world.baseline()

    found = hourly(world, *[0.0] * 3, *[0.8] * 3, *[0.0] * 4)

    assert found == ["ok"] * 3 + ["drift"] * 3 + ["ok"] * 4


def test_a_changed_window_length_closes_the_open_window(world):
    world.baseline()
    world.post(table(300))
    world.tick()
    world.set(window={"period": "1d"})
    world.tick()
    world.post(table(100))
    world.tick()

    found = {(window.spec, window.rows, window.is_open) for window in world.windows()}
    assert found == {("1h UTC", 300, False), ("1d UTC", 100, True)}


def test_the_rule_of_thresholds_names_metric_value_and_threshold_in_the_alert(db):
    sinks = {"http": SinkConfig(enabled=True, url="http://example.com/hook")}
    world = World(db, config=Config(alerting=AlertingSection(sinks=sinks)))
    world.baseline()
    world.set(rule="thresholds", thresholds={"psi": 0.3}, features={"city": {"ignore": True}})
    world.post(table(300, shift=2.0))
    world.now += 2 * HOUR
    world.tick()

    with world.db.read() as session:
        (delivery,) = session.scalars(select(Delivery))
    (feature,) = delivery.message["features"]
    assert (feature["feature"], feature["metric"], feature["threshold"]) == ("age", "psi", 0.3)
    assert feature["value"] > 0.3
    assert (delivery.message["monitor"], delivery.message["window"]["rows"]) == ("churn", 300)


# --- dying at any step -----------------------------------------------------------------------------------


def _drifted(world: World) -> None:
    world.baseline()
    world.post(table(300, shift=2.0))
    world.now += 2 * HOUR
    world.fold()
    world.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("module", "step"),
    [
        (Detector, "check"),
        (lease, "fence"),
        (windows, "record_verdict"),
        (events, "record"),
        (outbox, "record"),
    ],
    ids=["check", "fence", "record_verdict", "record_event", "record_alert"],
)
def test_a_verdict_its_event_and_its_alert_come_together_or_not_at_all(
    world, monkeypatch, module, step, after
):
    _drifted(world)
    whole = getattr(module, step)

    def die(*args, **kwargs):
        if after:
            whole(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying, suppress(KeyboardInterrupt):
        dying.setattr(module, step, die)
        world.score()
    left = [count(world, model) for model in (DriftEvent, WindowFeature, Alert)]
    assert (states(world), left) == ([None], [0, 0, 0])

    world.score()
    done = [count(world, model) for model in (DriftEvent, WindowFeature, Alert)]
    assert (states(world), done) == (["drift"], [1, 2, 1])


def test_a_leader_that_is_late_cannot_write_a_verdict(world):
    _drifted(world)
    late = world.epoch
    world.lead("second")

    with pytest.raises(LeaseLost):
        world.pipeline.score(late)
    with pytest.raises(LeaseLost):
        world.post(table(1))
        world.pipeline.fold(late)

    assert (states(world), count(world, DriftEvent)) == ([None], 0)


def test_rows_that_come_between_check_and_verdict_make_it_start_over(world, monkeypatch):
    _drifted(world)
    check = Detector.check

    def fold_between(self, profile, **bounds):
        monkeypatch.setattr(Detector, "check", check)
        with world.db.write() as session:
            session.execute(update(Window).values(data_version=Window.data_version + 1))
        return check(self, profile, **bounds)

    monkeypatch.setattr(Detector, "check", fold_between)
    assert not world.score()
    assert states(world) == [None]
    assert world.score()
    assert states(world) == ["drift"]
