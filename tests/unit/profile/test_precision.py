"""Reference and window in different precision are compared at the coarser one, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.result import FeatureResult
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.precision import round_to

Values = NDArray[np.float64]
PRECISIONS = ["float32", "decimals:0", "decimals:3", "decimals:6", "digits:3", "digits:7"]


def thirds(rows: int, seed: int) -> Values:
    return np.random.default_rng(seed).integers(0, 40, rows) / 7


def normal(rows: int, seed: int) -> Values:
    return np.random.default_rng(seed).normal(size=rows)


def prices(rows: int, seed: int) -> Values:
    return np.round(np.random.default_rng(seed).lognormal(1, 0.5, rows), 2)


def check(reference: Values, current: object) -> FeatureResult:
    baseline = Baseline.from_data({"x": reference})
    return Detector(baseline).check(baseline.profile({"x": current})).features["x"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_rounding_is_monotone_and_settles_at_once(precision: str) -> None:
    r = np.random.default_rng(0)
    values = np.sort(r.normal(size=500) * 10.0 ** r.integers(-300, 300, 500))
    values = np.concatenate([[-np.inf], values, [np.inf]])

    rounded = round_to(values, precision)

    assert (np.diff(rounded[1:-1]) >= 0).all()
    assert (round_to(rounded, precision) == rounded).all()
    assert rounded[[0, -1]].tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize(
    ("reference", "coarse"),
    [
        (thirds, lambda x: x.astype(np.float32)),
        (thirds, lambda x: np.round(x, 4)),
        (thirds, lambda x: [f"{v:.4f}" for v in x]),
        (thirds, lambda x: [f"{v:.4g}" for v in x]),
        (normal, lambda x: np.round(x, 1)),
        (normal, lambda x: x.astype(np.float32)),
        (prices, lambda x: x.astype(np.float32)),
        (prices, lambda x: x + 1e-15),
        (lambda n, s: thirds(n, s).astype(np.float32), lambda x: np.round(x.astype(float) * 7) / 7),
        (lambda n, s: np.round(normal(n, s), 2), lambda x: x + np.linspace(-0.004, 0.004, x.size)),
    ],
    ids=[
        "float32",
        "4_decimals",
        "4_decimals_text",
        "4_digits_text",
        "1_decimal",
        "continuous_float32",
        "prices_float32",
        "float_noise",
        "float32_reference",
        "finer_than_the_reference",
    ],
)
def test_a_window_in_another_precision_is_no_drift(reference: object, coarse: object) -> None:
    result = check(reference(4000, 1), coarse(reference(2000, 2)))  # type: ignore[operator]

    assert result.state == "ok"
    assert (result.effect or 0) < 0.05


def test_the_coarser_precision_is_named() -> None:
    assert any("4 decimals" in note for note in check(thirds(4000, 1), np.round(thirds(500, 2), 4)).notes)
    finer = check(np.round(normal(4000, 1), 2), normal(500, 2))
    assert any("finer than the reference's 2 decimals" in note for note in finer.notes)
    assert check(thirds(4000, 1), thirds(500, 2)).notes == ()


def test_a_shift_is_found_in_a_coarser_precision_too() -> None:
    assert check(thirds(4000, 1), np.round(thirds(500, 2) + 1.3, 4)).drifted


@pytest.mark.parametrize("stuck", [0.0, 0.5, 1.0])
def test_a_column_stuck_at_a_round_value_is_never_rounded_into_agreement(stuck: float) -> None:
    reference = np.random.default_rng(0).uniform(0.01, 0.99, 4000)

    assert check(reference, np.full(500, stuck)).drifted


def test_labels_instead_of_probabilities_are_drift() -> None:
    reference = np.random.default_rng(0).uniform(0, 1, 4000)

    assert check(reference, np.round(np.random.default_rng(1).uniform(0, 1, 500))).drifted
    assert check(np.round(reference), np.random.default_rng(1).uniform(0, 1, 500)).drifted


def test_one_full_value_among_rounded_ones_ends_the_rounding_in_any_order() -> None:
    baseline = Baseline.from_data({"x": thirds(4000, 1)})
    rounded = baseline.profile({"x": np.round(thirds(200, 2), 4)})
    full = baseline.profile({"x": [1 / 3]})

    assert rounded.features["x"].coarse
    assert (rounded + full).features["x"].coarse == {} == (full + rounded).features["x"].coarse
