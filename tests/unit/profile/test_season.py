"""A season is believed only on evidence, and kept compactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlflow_sentinel_plugin.errors import CorruptData
from mlflow_sentinel_plugin.profile import season as seasons
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.budget import MAX_BYTES
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.season import DAY_OF_WEEK, HOUR_OF_DAY, HOUR_OF_WEEK, Season
from mlflow_sentinel_plugin.profile.untrusted import read_baseline

Column = NDArray[np.float64]
MONDAY = np.datetime64("2026-01-05T00:00:00", "ms")


def times(days: int, per_hour: int = 6) -> tuple[Column, Any]:
    hours = np.repeat(np.arange(days * 24), per_hour).astype(np.float64)
    return hours, MONDAY + (hours * 3_600_000).astype("timedelta64[ms]")


def learned(values: Column, at: Any) -> FeatureBaseline:
    return Baseline.from_data({"x": values, "at": at}, timestamp="at").features["x"]


def period(values: Column, at: Any) -> str | None:
    season = learned(values, at).season
    return None if season is None else season.period


def noise(size: int, seed: int = 1) -> Column:
    return np.random.default_rng(seed).normal(size=size)


def test_a_daily_swing_is_a_season_of_hours() -> None:
    hours, at = times(14)

    assert period(noise(hours.size) + np.sin(2 * np.pi * hours / 24), at) == HOUR_OF_DAY


def test_other_weekends_are_a_season_of_days() -> None:
    hours, at = times(28)

    assert period(noise(hours.size) + 2.0 * (hours // 24 % 7 >= 5), at) == DAY_OF_WEEK


def test_days_that_differ_by_their_hours_are_a_season_of_the_week() -> None:
    hours, at = times(28)
    working = (hours // 24 % 7 < 5) & (hours % 24 >= 8) & (hours % 24 < 18)

    assert period(noise(hours.size) + 2.0 * working, at) == HOUR_OF_WEEK


@pytest.mark.parametrize("seed", range(20))
def test_independent_rows_have_no_season(seed: int) -> None:
    hours, at = times(28)

    assert period(noise(hours.size, seed), at) is None


@pytest.mark.parametrize("seed", range(10))
def test_a_random_walk_has_no_season(seed: int) -> None:
    hours, at = times(28)
    walk = np.repeat(np.cumsum(noise(28 * 24, seed)), 6)

    assert period(noise(hours.size, seed) + walk, at) is None


def test_one_cycle_is_no_evidence() -> None:
    hours, at = times(1)

    assert period(noise(hours.size) + 3 * np.sin(2 * np.pi * hours / 24), at) is None


def test_rows_may_come_in_any_order() -> None:
    hours, at = times(14)
    values = noise(hours.size) + np.sin(2 * np.pi * hours / 24)
    mixed = np.random.default_rng(2).permutation(hours.size)

    one, two = learned(values, at).season, learned(values[mixed], at[mixed]).season

    assert one is not None and two is not None
    assert np.array_equal(one.rows, two.rows) and np.allclose(one.means, two.means)


def test_the_means_are_those_of_each_hour() -> None:
    hours, at = times(14)
    season = learned(hours % 24 + noise(hours.size) / 100, at).season

    assert season is not None
    assert bool((np.diff(season.means[:, 0]) > 0).all()) and set(season.rows.tolist()) == {14 * 6}


def test_rows_without_a_value_or_a_time_are_left_out() -> None:
    hours, at = times(14)
    values = noise(hours.size) + np.sin(2 * np.pi * hours / 24)
    values[::7], at[::11] = np.nan, np.datetime64("NaT")

    season = learned(values, at).season

    assert season is not None
    assert int(season.rows.sum()) == int((~np.isnan(values) & ~np.isnat(at)).sum())


def test_bare_numbers_as_times_have_an_order_but_no_hour() -> None:
    hours, _ = times(14)
    values = noise(hours.size) + np.sin(2 * np.pi * hours / 24)

    assert period(values, hours * 3600) is None


def test_many_seasonal_columns_stay_under_the_cap() -> None:
    hours, at = times(14, per_hour=10)
    swing = np.sin(2 * np.pi * hours / 24)
    table = {f"x{i}": noise(hours.size, i) + swing for i in range(300)}

    baseline = Baseline.from_data({**table, "at": at}, timestamp="at")

    assert baseline.features["x299"].season is not None
    assert len(baseline.to_bytes()) < MAX_BYTES


def test_a_season_survives_its_bytes() -> None:
    hours, at = times(14)
    data = {"x": noise(hours.size) + np.sin(2 * np.pi * hours / 24), "at": at}
    packed = Baseline.from_data(data, timestamp="at").to_bytes()

    assert read_baseline(packed).to_bytes() == packed


def test_a_posted_season_that_does_not_fit_its_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    described = seasons._described

    def twice(*arguments: Any) -> Season:
        found = described(*arguments)
        return Season(
            found.period, found.rows * 9, found.slots, found.means, found.variances, found.cells, found.blocks
        )

    monkeypatch.setattr(seasons, "_described", twice)
    hours, at = times(14)
    data = {"x": noise(hours.size) + np.sin(2 * np.pi * hours / 24), "at": at}
    packed = Baseline.from_data(data, timestamp="at").to_bytes()

    with pytest.raises(CorruptData, match="its season does not fit its rows"):
        read_baseline(packed)
