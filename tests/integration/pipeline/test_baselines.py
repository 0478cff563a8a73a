"""Baselines make monitors, and become active."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.profile import budget
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import baselines, models
from tests.integration.pipeline.conftest import NOON, World, table


def stored(world: World) -> int:
    with world.db.read() as session:
        monitors = session.scalar(select(func.count(models.Monitor.id))) or 0
        return monitors + (session.scalar(select(func.count(models.Baseline.id))) or 0)


def test_the_first_baseline_creates_its_monitor_and_is_active(world):
    source = {"run_id": "r1", "artifact_path": "train.csv"}
    found = world.pipeline.register_baseline("churn", table(2000), experiment_id="7", source=source)

    assert (found.active, found.created_monitor) == (True, True)
    assert (found.baseline.version, found.baseline.rows, found.baseline.activated_at) == (1, 2000, NOON)
    monitor = world.monitor()
    assert (monitor.baseline_id, monitor.experiment_id) == (found.baseline.id, "7")
    with world.db.read() as session:
        kept = Baseline.from_bytes(baselines.load(session, found.baseline.id))
        row = baselines.get(session, found.baseline.id)
    assert kept.digest == found.baseline.digest
    assert dict(kept.source) == row.source == source
    assert [(f["name"], f["kind"], f["role"], f["missing"]) for f in row.features] == [
        ("age", "numeric", "feature", 0.0),
        ("city", "categorical", "feature", 0.0),
    ]


def test_a_later_baseline_waits_until_it_is_activated(world):
    first = world.baseline().baseline_id
    second = world.pipeline.register_baseline("churn", table(2000, seed=1))

    assert (second.active, second.created_monitor, second.baseline.version) == (False, False, 2)
    assert world.monitor().baseline_id == first
    world.pipeline.activate_baseline(second.baseline.id)
    assert world.monitor().baseline_id == second.baseline.id


def test_a_later_baseline_is_active_at_once_when_asked(world):
    world.baseline()
    second = world.pipeline.register_baseline("churn", table(2000, seed=1), activate=True)

    assert second.active
    assert world.monitor().baseline_id == second.baseline.id


def test_activating_an_unknown_baseline_is_not_found(world):
    with pytest.raises(NotFound):
        world.pipeline.activate_baseline("f" * 32)


def test_a_column_with_the_role_timestamp_becomes_the_new_monitors_timestamp_column(world):
    rows = table(2000, at=range(NOON, NOON + 2000))
    world.pipeline.register_baseline("churn", rows, roles={"at": "timestamp", "city": "target"})

    assert world.pipeline.settings(world.monitor()).timestamp_column == "at"
    answer = world.post(table(5, at=NOON).drop_columns("city"))
    assert (answer.rows, answer.missing_columns, answer.unknown_columns) == (5, [], [])


def test_a_monitor_that_exists_keeps_its_timestamp_column(world):
    world.baseline()
    rows = table(2000, at=range(NOON, NOON + 2000))
    world.pipeline.register_baseline("churn", rows, roles={"at": "timestamp"})

    assert world.pipeline.settings(world.monitor()).timestamp_column is None


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (table(0), {}, "no rows"),
        (table(9), {"kinds": {"age": "ignored", "city": "ignored"}}, "no column to watch"),
        (table(9), {"roles": {"age": "id", "city": "timestamp"}}, "no column to watch"),
        (table(9), {"kinds": {"ages": "numeric"}}, "ages"),
        (table(9), {"roles": {"target": "target"}}, "target"),
    ],
)
def test_what_cannot_be_a_baseline_is_refused_and_nothing_is_stored(world, rows, options, words):
    with pytest.raises(InvalidInput, match=words):
        world.pipeline.register_baseline("churn", rows, **options)

    assert stored(world) == 0


def test_a_baseline_that_is_too_large_is_refused_and_nothing_is_stored(world, monkeypatch):
    monkeypatch.setattr(budget, "MAX_BYTES", 1000)
    with pytest.raises(InvalidInput, match="at most 8 MB"):
        world.pipeline.register_baseline("churn", table(2000))

    assert stored(world) == 0
