"""Every metric against its definition, and every registered metric against the contract."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mlflow_sentinel_plugin.detect.metrics import METRICS, MetricValue
from mlflow_sentinel_plugin.detect.metrics.js_divergence import js_divergence
from mlflow_sentinel_plugin.detect.metrics.psi import psi
from mlflow_sentinel_plugin.detect.metrics.unseen_rate import beyond_range_p, unseen_levels_p
from mlflow_sentinel_plugin.detect.pair import Pair, pair
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline


def pair_of(reference: Any, current: Any, kind: str | None = None, **options: Any) -> Pair:
    baseline = Baseline.from_data({"x": reference}, kinds={"x": kind} if kind else None, **options)
    profile = baseline.profile({"x": current})
    return pair(baseline.features["x"], profile.features["x"], profile.rows)


def value_of(name: str, both: Pair) -> MetricValue:
    return METRICS.get(name)(both.reference, both.current, both.edges, both.feature.kind)


def psi_by_hand(reference: list[float], current: list[float]) -> float:
    edges = sorted(set(np.quantile(reference, [i / 10 for i in range(1, 10)])))
    total = 0.0
    for i in range(len(edges) + 1):
        low = edges[i - 1] if i else -math.inf
        high = edges[i] if i < len(edges) else math.inf
        p = sum(low <= v < high for v in reference) / len(reference) or 1e-4
        q = sum(low <= v < high for v in current) / len(current) or 1e-4
        total += (q - p) * math.log(q / p)
    return total


def levels_by_hand(reference: list[str], current: list[str]) -> tuple[float, float]:
    psi_total = js_total = 0.0
    for level in {*reference, *current}:
        p, q = reference.count(level) / len(reference), current.count(level) / len(current)
        m = (p + q) / 2
        js_total += (p * math.log2(p / m) if p else 0) / 2 + (q * math.log2(q / m) if q else 0) / 2
        p, q = p or 1e-4, q or 1e-4
        psi_total += (q - p) * math.log(q / p)
    return psi_total, js_total


SAMPLES = {
    "normal": lambda r, n: r.normal(size=n),
    "shifted": lambda r, n: r.normal(0.4, 1.3, size=n),
    "ties": lambda r, n: r.poisson(3, size=n).astype(float),
    "zero_inflated": lambda r, n: np.where(r.random(n) < 0.7, 0, r.exponential(size=n)),
    "two_values": lambda r, n: (r.random(n) < 0.2).astype(float),
}


@pytest.mark.parametrize("current", SAMPLES)
@pytest.mark.parametrize("reference", SAMPLES)
def test_d_and_psi_from_counts_are_those_of_the_samples(reference: str, current: str) -> None:
    r = np.random.default_rng(5)
    a, b = SAMPLES[reference](r, 700), SAMPLES[current](r, 300)
    both = pair_of(a, b)

    ks = value_of("ks_test", both)

    assert ks.value == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
    assert ks.p_value == pytest.approx(
        stats.kstwobign.sf(ks.value * np.sqrt(700 * 300 / 1000)), rel=1e-9, abs=1e-300
    )
    assert value_of("psi", both).value == pytest.approx(psi_by_hand(a.tolist(), b.tolist()), rel=1e-9)


def test_on_a_coarse_grid_d_is_off_by_at_most_the_stored_bound() -> None:
    r = np.random.default_rng(6)
    a, b = np.where(r.random(5000) < 0.2, 1.5, r.normal(size=5000)), r.normal(0.1, 1, size=900)
    both = pair_of(a, b, grid_size=64)

    error = abs((value_of("ks_test", both).value or 0) - stats.ks_2samp(a, b).statistic)

    assert 0 < both.feature.bound < 0.03
    assert error <= both.feature.bound
    assert value_of("psi", both).value == pytest.approx(psi_by_hand(a.tolist(), b.tolist()), rel=1e-9)


def test_levels_are_compared_over_the_union_of_both_sides() -> None:
    reference = ["a"] * 50 + ["b"] * 30 + ["gone"] * 20
    current = ["a"] * 20 + ["b"] * 20 + ["new"] * 5 + ["newer"] * 5
    both = pair_of(reference, current)
    by_hand = levels_by_hand(reference, current)

    assert value_of("psi", both).value == pytest.approx(by_hand[0])
    assert value_of("js_divergence", both).value == pytest.approx(by_hand[1])
    assert list(both.edges) == ["a", "b", "gone", "new", "newer"]


def test_one_far_value_in_the_window_does_not_hide_a_shift() -> None:
    r = np.random.default_rng(7)
    reference, current = r.normal(size=5000), r.normal(1, 1, size=5000)

    plain = value_of("psi", pair_of(reference, current)).value
    hostile = value_of("psi", pair_of(reference, np.append(current, 1e300))).value

    assert plain == pytest.approx(0.95, abs=0.1)
    assert hostile == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize("constant", [[3.0] * 50, ["a"] * 50, [True] * 50])
def test_the_same_constant_on_both_sides_is_no_distance(constant: list[Any]) -> None:
    both = pair_of(constant, constant)

    assert value_of("psi", both).value == 0
    assert value_of("js_divergence", both).value == 0
    assert value_of("ks_test", both).p_value in (1.0, None)


@pytest.mark.parametrize("other", [2.0, 4.0])
def test_another_constant_is_a_large_distance(other: float) -> None:
    both = pair_of([3.0] * 50, [other] * 50)

    assert value_of("js_divergence", both).value == 1
    assert (value_of("psi", both).value or 0) > 10
    assert value_of("ks_test", both).value == 1


def test_js_is_base_2_and_psi_in_nats() -> None:
    assert js_divergence([1, 0], [0, 1]).value == 1
    assert psi([1, 1], [3, 1]).value == pytest.approx(0.25 * math.log(1.5) - 0.25 * math.log(0.5))


def test_zero_shares_become_one_in_ten_thousand() -> None:
    assert psi([100, 0], [50, 50]).value == pytest.approx(-0.5 * math.log(0.5) + 0.4999 * math.log(5000))


def test_missing_rate_is_the_windows_share_with_the_p_of_two_proportions() -> None:
    both = pair_of([1.0] * 90 + [None] * 10, [1.0] * 30 + [None] * 20)

    found = value_of("missing_rate", both)

    z = (0.4 - 0.1) / math.sqrt(0.2 * 0.8 * (1 / 100 + 1 / 50))
    assert found.value == 0.4
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))


def test_unseen_levels_are_expected_where_the_reference_has_many_rare_ones() -> None:
    assert unseen_levels_p(5, 100, 1000, 0, 0) < 1e-4
    assert unseen_levels_p(5, 100, 1000, 50, 10) > 0.3
    shape = 36 / (6 + 8)
    assert unseen_levels_p(3, 100, 1000, 5, 4) == pytest.approx(
        stats.nbinom.sf(2, shape, shape * 1000 / 6 / (100 + shape * 1000 / 6)), rel=1e-9
    )


@pytest.mark.parametrize(("beyond", "n", "total"), [(1, 10, 90), (3, 50, 200), (10, 10, 5)])
def test_the_p_of_values_beyond_the_range_is_the_product_of_its_factors(
    beyond: int, n: int, total: int
) -> None:
    product = math.prod((n - i) / (n + total - i) for i in range(beyond))

    assert beyond_range_p(beyond, n, total) == pytest.approx(min(1, 2 * product))


def test_values_beyond_the_range_are_the_unseen_ones_of_a_number() -> None:
    both = pair_of(np.linspace(0, 1, 100), [-1.0, 0.5, 0.5, 2.0, np.inf])

    assert value_of("unseen_rate", both).value == 0.6


def test_capped_levels_have_no_unseen_rate() -> None:
    both = pair_of([f"c{i % 2500}" for i in range(9000)], ["c1"], "categorical")

    assert value_of("unseen_rate", both) == MetricValue(None, reason="levels_capped")


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as error:
        METRICS.get("pis")

    assert "psi" in str(error.value) and "ks_test" in (error.value.hint or "")
