"""The calibrated rule's parts against exact or simulated distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_sentinel_plugin.detect.budget import rejected
from mlflow_sentinel_plugin.detect.design_effect import INDEPENDENT, design_effect
from mlflow_sentinel_plugin.detect.effects import Effects
from mlflow_sentinel_plugin.detect.linear import count_statistics, normal_scores, rank_statistics
from mlflow_sentinel_plugin.detect.tails import two_sided
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.layout import Layout


@pytest.mark.parametrize("g", [1.5, 0.4, 0.05, -0.05, -0.4, -1.5])
@pytest.mark.parametrize("z", [-6.0, -3.0, 3.0, 4.5, 8.0])
def test_the_tail_is_twice_that_of_pearson_iii(z: float, g: float) -> None:
    law = stats.pearson3(g)
    expected = 2 * (law.sf(z) if z > 0 else law.cdf(z))

    assert two_sided(np.array([z]), np.array([g]))[0] == pytest.approx(max(expected, 1e-300), rel=1e-6)


def test_without_skewness_the_tail_is_normal_and_small_z_are_not_worth_computing() -> None:
    assert two_sided(np.array([4.0]), np.zeros(1))[0] == pytest.approx(2 * stats.norm.sf(4))
    assert two_sided(np.array([2.5, -1.0]), np.zeros(2)).tolist() == [1.0, 1.0]


def test_students_tail_is_the_heavier_one() -> None:
    p = 2 * stats.norm.sf(5)

    found = Effects(np.ones(2), np.array([9, np.inf])).student(np.array([p, p]))

    assert found == pytest.approx([2 * stats.t.sf(5, 9), p], rel=1e-6)


def test_the_moments_of_a_score_are_those_of_drawing_without_replacement() -> None:
    r = np.random.default_rng(0)
    pooled, scores = np.array([4.0, 7, 3, 6]), np.array([0.0, 1.0, 3.0, -2.0])
    owner = np.repeat(np.arange(4), pooled.astype(int))
    draws = [r.permutation(owner)[:6] for _ in range(40_000)]
    window = np.bincount(draws[0], minlength=4).astype(float)

    found = rank_statistics(scores, window, pooled, np.array(6.0), np.array(20.0))

    for (z, g), score in zip(found, (scores, scores**2), strict=True):
        drawn = np.array([score[draw].sum() for draw in draws])
        assert z == pytest.approx((window @ score - drawn.mean()) / drawn.std(), abs=0.03)
        assert g == pytest.approx(stats.skew(drawn), abs=0.05)


def test_normal_scores_are_the_quantiles_of_the_pooled_mid_ranks() -> None:
    pooled = np.array([10.0, 300, 0, 600, 90])
    expected = stats.norm.ppf((np.cumsum(pooled) - pooled / 2) / 1000)

    assert normal_scores(pooled, np.array(1000.0)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("window", "reference"), [(9, 20), (1, 90), (16, 100)])
def test_the_p_of_a_count_is_near_the_exact_one_and_not_far_below(window: int, reference: int) -> None:
    n, total = 50, 1050
    law = stats.hypergeom(total, window + reference, n)
    exact = 2 * min(law.sf(window - 1), law.cdf(window))

    z, g = count_statistics(np.array([window]), np.array([window + reference]), n, total)

    if abs(z[0]) > 2.5:
        assert 0.8 * exact < two_sided(z, g)[0] < 10 * exact
    else:
        assert exact > 0.005


def test_a_constant_score_says_nothing() -> None:
    three, four = np.array([1.0, 2, 3]), np.array([4.0, 4, 4])

    found = rank_statistics(np.ones(3), three, four, three.sum(), four.sum())

    assert [float(x) for pair in found for x in pair] == [0.0] * 4


def test_benjamini_hochberg_agrees_with_its_definition() -> None:
    r = np.random.default_rng(1)
    for _ in range(50):
        p = r.random(12) ** 4
        expected = stats.false_discovery_control(p) <= 0.05
        assert rejected(p, 0.05).tolist() == expected.tolist()
    assert rejected(np.empty(0), 0.05).size == 0


def test_the_groups_partition_the_grid_and_leave_heavy_values_alone() -> None:
    r = np.random.default_rng(2)
    values = np.where(r.random(4000) < 0.3, 0.5, r.normal(size=4000))
    feature = Baseline.from_data({"x": values}).features["x"]
    layout = feature.layout

    sums = layout.segment_reference

    assert sums.sum() == 4000
    assert sums.size <= 300
    heavy = np.flatnonzero(sums > 1000)
    assert [int(layout.edges[(layout.segments[i] - 1) // 2] == 0.5) for i in heavy] == [1]
    assert sums[sums < 1000].max() < 2 * 4000 / 256
    assert layout.ranges.shape[0] <= 24
    assert np.isin(layout.bin_bounds, layout.segments).all()
    assert layout.segments[layout.range_bounds].tolist() == layout.ranges.tolist()


def test_bins_begin_at_their_edge() -> None:
    layout = Layout(np.array([1.0, 2.0, 3.0]), np.array([1, 10, 2, 20, 3, 30, 4]), np.array([2.0, 3.0]))

    assert layout.bin_bounds.tolist() == [0, 3, 5, 7]
    assert Cells(layout.reference).sums(layout.bin_bounds).tolist() == [13, 23, 34]


def blocks_of(values: np.ndarray, **options: object) -> Blocks | None:  # type: ignore[type-arg]
    return Baseline.from_data({"x": values}, **options).features["x"].blocks  # type: ignore[arg-type]


def ar1(phi: float, rows: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    noise = np.random.default_rng(seed).normal(size=rows)
    values = np.zeros(rows)
    for i in range(1, rows):
        values[i] = phi * values[i - 1] + noise[i]
    return values


def test_independent_rows_have_no_design_effect() -> None:
    for seed in range(20):
        values = np.random.default_rng(seed).normal(size=3000)
        assert design_effect(blocks_of(values), 300) == INDEPENDENT


def test_an_autocorrelated_reference_has_about_the_known_design_effect() -> None:
    effects = [design_effect(blocks_of(ar1(0.8, 8000, seed)), 400).factor for seed in range(6)]

    assert np.mean(effects) == pytest.approx((1 + 0.8) / (1 - 0.8), rel=0.5)


def test_a_weak_dependence_of_neighbours_is_noticed() -> None:
    blocks = blocks_of(ar1(0.3, 5000, 0))

    assert blocks is not None and blocks.dependent


def test_a_season_longer_than_a_window_is_noticed_in_levels_too() -> None:
    r = np.random.default_rng(0)
    share = 0.5 + 0.3 * np.sin(np.arange(6000) / 300)
    levels = np.where(r.random(6000) < share, "day", "night")
    feature = Baseline.from_data({"x": levels}).features["x"]

    found = design_effect(feature.blocks, 300)

    assert found.factor > 10
    assert found.df == 31


def test_a_rare_level_that_swings_more_than_the_others_decides() -> None:
    r = np.random.default_rng(0)
    night = np.arange(24_000) // 250 % 24 < 6
    common = r.choice(["a", "b", "c", "d"], 24_000)
    levels = np.where(night & (r.random(24_000) < 0.2), "rare", common)
    blocks = Baseline.from_data({"x": levels}).features["x"].blocks
    rare = Baseline.from_data({"x": levels == "rare"}).features["x"].blocks
    assert blocks is not None and rare is not None

    assert design_effect(blocks, 250).factor > 0.9 * design_effect(rare, 250).factor


def test_missing_values_that_come_in_bursts_are_noticed() -> None:
    values = np.random.default_rng(0).normal(size=4000)
    values[1000:1200] = np.nan
    feature = Baseline.from_data({"x": values}).features["x"]

    assert design_effect(feature.missing_blocks, 200).factor > 10


def test_rows_without_a_time_order_have_no_blocks_and_a_timestamp_gives_the_order() -> None:
    values = ar1(0.9, 3000, 1)
    shuffled = np.random.default_rng(0).permutation(3000)

    assert blocks_of(values, time_ordered=False) is None
    by_time = Baseline.from_data({"x": values[shuffled], "t": shuffled}, timestamp="t").features["x"].blocks
    in_order = Baseline.from_data({"x": values, "t": np.arange(3000)}, timestamp="t").features["x"].blocks
    assert by_time is not None and in_order is not None
    assert by_time.spread(100) == in_order.spread(100)


@pytest.mark.parametrize("values", [np.full(500, 2.0), np.arange(20.0), np.full(500, np.nan)])
def test_a_reference_that_says_nothing_has_no_blocks(values: np.ndarray) -> None:  # type: ignore[type-arg]
    assert blocks_of(values) is None


def test_long_blocks_that_wander_no_further_than_short_ones_have_their_certainty() -> None:
    found = [design_effect(blocks_of(ar1(0.9, 5000, seed)), 500) for seed in range(10)]

    assert sum(effect.df == 31 for effect in found) >= 7


def test_blocks_that_wander_ever_further_have_their_own() -> None:
    walks = [np.cumsum(np.random.default_rng(seed).normal(size=5000)) for seed in range(10)]
    found = [design_effect(blocks_of(walk), 1000) for walk in walks]

    assert sum(effect.df == 7 for effect in found) >= 5
