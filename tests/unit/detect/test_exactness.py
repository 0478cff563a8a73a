"""Scores from counts are those of the rows, exactly or within the bound they carry, whatever the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlflow_sentinel_plugin.detect.api import Detector, FeatureResult, compare
from mlflow_sentinel_plugin.profile.baseline import Baseline

values = st.one_of(
    st.floats(-1e6, 1e6),
    st.integers(-5, 5).map(float),
    st.sampled_from([0.1, 1 / 3, -0.0, 1e300, -1e300, 5e-324]),
)
samples = st.lists(values, min_size=1, max_size=40)
near = st.lists(st.one_of(st.floats(-100, 100), st.integers(-5, 5).map(float)), min_size=1, max_size=40)


def counted(reference: object, current: object, grid_size: int = 8192) -> FeatureResult:
    baseline = Baseline.from_data({"x": reference}, kinds={"x": "numeric"}, grid_size=grid_size)
    return Detector(baseline).check(baseline.profile({"x": current})).features["x"]


@given(reference=samples, current=samples)
@settings(max_examples=60, deadline=None)
def test_d_is_exact_for_any_samples_on_the_default_grid(reference: list[float], current: list[float]) -> None:
    found = counted(reference, current)

    if not found.notes:  # nothing was rounded
        known = stats.ks_2samp(reference, current, method="asymp").statistic
        assert found.metrics["ks_test"].value == pytest.approx(known, abs=1e-12)
        assert found.metrics["ks_test"].bound == 0


@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-3, 3), scale=st.floats(0.2, 3))
@settings(max_examples=25, deadline=None)
def test_d_and_wasserstein_on_a_coarse_grid_keep_their_bounds(seed: int, shift: float, scale: float) -> None:
    r = np.random.default_rng(seed)
    reference = np.where(r.random(2000) < 0.3, 0.5, r.normal(size=2000))
    current = np.where(r.random(300) < 0.2, 0.5, r.normal(shift, scale, 300))
    found = counted(reference, current, grid_size=32)
    ks, moved = found.metrics["ks_test"], found.metrics["wasserstein"]

    assert ks.value is not None and moved.value is not None
    assert 0 < ks.bound < 0.1
    assert abs(ks.value - stats.ks_2samp(reference, current, method="asymp").statistic) <= ks.bound + 1e-12
    assert abs(moved.value - stats.wasserstein_distance(reference, current)) <= moved.bound + 1e-12


@given(reference=near, current=near)
@settings(max_examples=60, deadline=None)
def test_wasserstein_is_exact_in_compare_and_within_its_bound_from_counts(
    reference: list[float], current: list[float]
) -> None:
    known = stats.wasserstein_distance(reference, current)
    exact = compare({"x": reference}, {"x": current}, kinds={"x": "numeric"}).features["x"]
    from_counts = counted(reference, current)

    assert exact.metrics["wasserstein"].value == pytest.approx(known, rel=1e-9, abs=1e-9)
    assert exact.metrics["wasserstein"].bound == 0
    if not from_counts.notes or "off by" in from_counts.notes[0]:
        moved = from_counts.metrics["wasserstein"]
        assert moved.value is not None
        # Float noise is rounded away.
        assert abs(moved.value - known) <= moved.bound + 1e-6 * max(known, 1e-3)


def test_wasserstein_of_values_on_the_grid_needs_no_bound() -> None:
    found = counted([1.0, 2.0, 5.0] * 20, [5.0] * 10 + [1.0] * 10).metrics["wasserstein"]

    assert found.value == pytest.approx(stats.wasserstein_distance([1, 2, 5] * 20, [5] * 10 + [1] * 10))
    assert found.bound == 0


def test_a_large_bound_is_said_in_a_note() -> None:
    found = counted(np.linspace(0, 1, 100), [0.5] * 90 + [3.0, 1000.0])

    assert any(note.startswith("wasserstein is off by at most ") for note in found.notes)


def test_infinite_values_leave_wasserstein_without_a_number_and_d_with_one() -> None:
    found = counted(np.linspace(0, 1, 100), [0.5, np.inf, 0.2])

    assert found.metrics["wasserstein"].reason == found.metrics["wasserstein_scaled"].reason == "infinite"
    assert found.metrics["ks_test"].value is not None


@pytest.mark.parametrize("grid_size", [16, 64, 8192])
def test_psi_and_js_do_not_depend_on_the_grid(grid_size: int) -> None:
    r = np.random.default_rng(4)
    reference, current = r.gamma(2, size=20_000), r.gamma(2.2, size=800)
    found, fine = counted(reference, current, grid_size), counted(reference, current)

    for name in ("psi", "js_divergence", "hellinger", "total_variation", "linf", "chi_squared", "cramers_v"):
        assert found.metrics[name] == fine.metrics[name]


def test_the_window_sets_no_edge() -> None:
    baseline = Baseline.from_data({"x": np.arange(100.0)})
    before = baseline.to_bytes()
    baseline.profile({"x": [1e300, -1e300, 0.5]})

    assert baseline.to_bytes() == before


def test_bin_edges_fall_between_values_so_no_value_sits_on_one() -> None:
    r = np.random.default_rng(2)
    values = r.normal(size=1000)

    assert not set(Baseline.from_data({"x": values}).features["x"].bins) & set(values)


def test_one_outlier_of_1e300_in_the_window_changes_nothing_else() -> None:
    r = np.random.default_rng(3)
    reference = {"x": r.normal(size=2000), "y": r.normal(size=2000)}
    current = {"x": r.normal(0.3, 1, 500), "y": r.normal(size=500)}
    hostile = {"x": [*current["x"][:-1], 1e300], "y": current["y"]}
    plain, odd = compare(reference, current), compare(reference, hostile)

    assert odd.features["y"] == plain.features["y"]
    for name, metric in plain.features["x"].metrics.items():
        if "wasserstein" not in name and name != "unseen_rate":
            assert odd.features["x"].metrics[name].value == pytest.approx(metric.value, rel=0.1, abs=0.01)
