"""Windows A to B become the next baseline."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.renew import renewed
from mlflow_sentinel_plugin.store import baselines
from tests.integration.pipeline.conftest import HOUR, World, table


@pytest.fixture
def world(world: World) -> World:
    """Three closed hours of rows that have moved."""
    world.baseline()
    for hour in range(3):
        world.post(table(800, shift=0.8, seed=hour))
        world.now += HOUR
    world.now += HOUR
    world.tick()
    return world


def register(world: World, first: int = 0, last: int = 2, **options):
    ids = [window.id for window in world.windows()]
    return world.pipeline.baseline_of_windows(world.monitor(), ids[first], ids[last], **options)


def test_their_counts_add_up_to_a_baseline_under_which_they_are_no_drift(world):
    assert [window.state for window in world.windows()] == ["drift"] * 3

    made = register(world, activate=True)
    assert (made.baseline.version, made.baseline.rows, made.active) == (2, 2400, True)
    world.post(table(800, shift=0.8, seed=9))
    world.now += 2 * HOUR
    world.tick()

    assert world.windows()[-1].baseline_id == made.baseline.id
    assert world.windows()[-1].state == "ok"


def test_it_says_where_it_comes_from(world):
    source = register(world, 1, 2).baseline.source["from_windows"]
    assert (source["windows"], source["start"]) == (2, "2026-03-10T13:00:00.000Z")


def test_it_is_not_active_unless_asked(world):
    before = world.monitor().baseline_id
    assert not register(world).active
    assert world.monitor().baseline_id == before


def test_a_return_to_the_old_distribution_is_drift_under_it(world):
    register(world, activate=True)
    world.post(table(800, seed=11))
    world.now += 2 * HOUR
    world.tick()
    assert world.windows()[-1].state == "drift"


def test_an_open_window_cannot_be_normal_yet(world):
    world.post(table(50))
    world.fold()
    with pytest.raises(Conflict, match="still open"):
        register(world, 0, 3)


def test_windows_without_full_counts_cannot_be_added_up(world):
    from sqlalchemy import update

    from mlflow_sentinel_plugin.store.models import Window

    with world.db.write() as session:
        session.execute(update(Window).where(Window.id == world.windows()[1].id).values(profile=None))
    with pytest.raises(Conflict, match="no longer kept"):
        register(world)


def test_windows_of_two_baselines_are_refused(world):
    world.pipeline.register_baseline("churn", table(2000, seed=5), activate=True)
    world.post(table(100))
    world.now += 2 * HOUR
    world.tick()
    with pytest.raises(InvalidInput, match="different baselines"):
        register(world, 0, 3)


def test_the_wrong_order_and_unknown_windows_are_refused(world):
    with pytest.raises(InvalidInput, match="begins after"):
        register(world, 2, 0)
    with pytest.raises(NotFound):
        world.pipeline.baseline_of_windows(world.monitor(), "nothing", "nothing")


def test_windows_whose_full_counts_are_gone_make_no_baseline(world):
    config = Config.model_validate({"retention": {"profiles": "1h", "profile_windows": 1}})
    world.now += 2 * HOUR
    World(world.db, now=world.now, config=config).pipeline.prune(world.epoch + 1)

    with pytest.raises(Conflict, match="no longer kept"):
        register(world)
    assert register(world, 2, 2).baseline.rows == 800


def test_new_levels_become_levels():
    old = Baseline.from_data(pa.table({"city": ["Ulm"] * 60 + ["Bonn"] * 40}))
    live = pa.table({"city": ["Kiel"] * 50 + ["Ulm"] * 30 + [None] * 20})
    city = renewed(old.profile(live), {}).features["city"]
    assert (city.levels, city.counts.tolist(), city.missing, city.capped) == (
        ("Kiel", "Ulm"),
        [50, 30],
        20,
        False,
    )


def test_it_survives_storage_and_profiles_the_same_rows_to_the_same_counts():
    random = np.random.default_rng(1)
    old = Baseline.from_data(pa.table({"x": random.normal(0, 1, 3000)}))
    live = pa.table({"x": random.normal(1, 2, 3000)})
    new = Baseline.from_bytes(renewed(old.profile(live), {"a": 1}).to_bytes())
    again = new.profile(live).features["x"]
    assert again.cells.tolist() == new.features["x"].counts.tolist()
    assert abs(new.features["x"].summary["mean"] - np.mean(live["x"].to_numpy())) < 0.2


def test_what_lay_beyond_the_old_grid_is_said_to_be_coarse():
    old = Baseline.from_data(pa.table({"x": np.arange(1000.0)}))
    new = renewed(old.profile(pa.table({"x": np.arange(5000.0, 6000.0)})), {})
    assert new.features["x"].bound == 1.0


def stored(world, baseline_id):
    with world.db.read() as session:
        return Baseline.from_bytes(baselines.load(session, baseline_id))


def test_a_stored_one_is_what_was_counted(world):
    made = register(world)
    assert stored(world, made.baseline.id).features["age"].rows == 2400
