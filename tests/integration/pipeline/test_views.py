"""What is computed on read, and that reading changes nothing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound
from mlflow_sentinel_plugin.store import monitors
from mlflow_sentinel_plugin.store.models import Monitor, Window
from tests.integration.pipeline.conftest import HOUR, NOON, World, table


def shown(world: World):
    found = world.pipeline.provisional(world.monitor())
    assert found is not None
    return found


def snapshot(world: World) -> list[object]:
    with world.db.read() as session:
        tables = (Monitor.__table__, Window.__table__)
        return [tuple(row) for name in tables for row in session.execute(select(name))]


def test_the_open_window_has_a_provisional_verdict_that_follows_its_rows(world):
    world.baseline()
    assert world.pipeline.provisional(world.monitor()) is None

    world.post(table(20, shift=2.0))
    world.fold()
    assert shown(world)[1].state == "insufficient_data"

    world.post(table(200, shift=2.0))
    world.fold()
    window, result = shown(world)
    assert (window.start_ms, window.rows, result.state) == (NOON, 220, "drift")


def test_a_changed_setting_changes_the_provisional_verdict(world):
    world.baseline()
    world.post(table(20, shift=2.0))
    world.fold()
    assert shown(world)[1].state == "insufficient_data"

    world.now += 1
    world.set(min_rows=10)
    assert shown(world)[1].state == "drift"


def test_the_provisional_verdict_is_the_one_the_closed_window_gets(world):
    world.baseline()
    world.post(table(300, shift=1.0))
    world.fold()
    _, provisional = shown(world)

    world.now += 2 * HOUR
    world.tick()
    (window,) = world.windows()
    assert window.result == provisional.to_dict()
    assert world.pipeline.provisional(world.monitor()) is None


def test_looking_changes_nothing(world):
    world.baseline()
    world.post(table(300, shift=1.0))
    world.tick()
    before = snapshot(world)

    shown(world)
    world.pipeline.distribution(world.monitor(), "age")
    world.pipeline.evaluate(table(100), monitor=world.monitor())

    assert snapshot(world) == before


def test_a_monitor_without_a_baseline_has_no_open_window(world):
    with world.db.write() as session:
        monitors.create(session, "churn", now=NOON)

    assert world.pipeline.provisional(world.monitor()) is None


def test_the_distribution_is_that_of_the_newest_window_unless_another_is_named(world):
    world.baseline()
    world.post(table(100))
    world.now += HOUR
    world.post(table(200, shift=1.0))
    world.tick()
    old, new = world.windows()

    window, found = world.pipeline.distribution(world.monitor(), "age")
    assert (window.id, found["n_current"], found["n_reference"]) == (new.id, 200, 2000)
    window, found = world.pipeline.distribution(world.monitor(), "age", old.id)
    assert (window.id, found["n_current"]) == (old.id, 100)
    assert sum(bin_["current"] for bin_ in found["bins"]) == pytest.approx(1)
    json.dumps(found, allow_nan=False)


def test_what_has_no_distribution_says_why(world):
    monitor = world.baseline("churn")
    other = world.baseline("fraud")
    with pytest.raises(NotFound, match="no rows yet"):
        world.pipeline.distribution(monitor, "age")

    world.post(table(100))
    world.tick()
    (window,) = world.windows()
    with pytest.raises(InvalidInput, match="ages"):
        world.pipeline.distribution(monitor, "ages")
    with pytest.raises(NotFound):
        world.pipeline.distribution(other, "age", window.id)
    with world.db.write() as session:
        session.execute(update(Window).values(profile=None))
    with pytest.raises(NotFound, match="no longer kept"):
        world.pipeline.distribution(monitor, "age", window.id)


def test_rows_can_be_compared_with_other_rows(world):
    found = world.pipeline.evaluate(table(300, shift=1.0), reference=table(2000))

    assert (found.state, found.reference_rows, found.rows) == ("drift", 2000, 300)


def test_rows_can_be_compared_with_a_monitors_baseline_under_its_settings(world):
    world.baseline()
    world.set(features={"age": {"ignore": True}})
    moved = table(300, shift=1.0)

    found = world.pipeline.evaluate(moved, monitor=world.monitor())
    assert (found.state, found.features["age"].state, found.rule) == ("ok", "ignored", "calibrated")
    by_threshold = world.pipeline.evaluate(moved, monitor=world.monitor(), rule="thresholds", metrics=["psi"])
    assert by_threshold.rule == "thresholds"
    assert set(by_threshold.features["city"].metrics) == {"psi"}


def test_a_comparison_needs_exactly_one_other_side(world):
    monitor = world.baseline()
    with pytest.raises(InvalidInput, match="reference or with a monitor"):
        world.pipeline.evaluate(table(9))
    with pytest.raises(InvalidInput, match="reference or with a monitor"):
        world.pipeline.evaluate(table(9), reference=table(9), monitor=monitor)


def test_a_comparison_with_a_monitor_without_a_baseline_is_a_conflict(world):
    with world.db.write() as session:
        monitors.create(session, "churn", now=NOON)

    with pytest.raises(Conflict, match="no baseline yet"):
        world.pipeline.evaluate(table(9), monitor=world.monitor())
