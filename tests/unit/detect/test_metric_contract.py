"""What every registered metric keeps to, whatever the data; those of other distributions too."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from mlflow_sentinel_plugin.detect.evaluate import evaluate
from mlflow_sentinel_plugin.detect.metrics import METRICS, MetricValue
from mlflow_sentinel_plugin.detect.metrics.base import version_of
from mlflow_sentinel_plugin.detect.pair import Pair, pair
from mlflow_sentinel_plugin.profile.baseline import Baseline

RATES = ("missing_rate", "unseen_rate")
DISTANCES = [name for name in METRICS.names() if name not in RATES]
R = np.random.default_rng(8)
NORMAL = R.normal(size=400)
LEVELS = R.choice([f"level {i}" for i in range(500)], 3000).tolist()
DAYS = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")

CASES: dict[str, tuple[Any, Any, str | None]] = {
    "numbers": (NORMAL, NORMAL[:90] + 0.3, None),
    "missing values": ([1.0, 2.0, 3.0, None], [2.0, None, 9.0], None),
    "nothing in the reference": (np.full(4, np.nan), [1.0, 2.0], None),
    "nothing in the window": ([1.0, 2.0], [None, None], None),
    "no rows": ([1.0, 2.0], [], None),
    "one value": ([1.0], [1.0], None),
    "one other value": ([1.0], [2.0], None),
    "constant": ([1.0] * 50, [1.0] * 50, None),
    "another constant": ([1.0] * 50, [2.0] * 50, None),
    "two values": ([0.0, 1.0] * 40, [0.0, 1.0, 1.0] * 20, None),
    "ties": (R.poisson(3, 300), R.poisson(4, 100), None),
    "infinities in the window": (NORMAL, [np.inf, -np.inf, 0.5], None),
    "infinities in the reference": ([1.0, np.inf, -np.inf, 2.0], [np.inf, 2.0], None),
    "only infinities": ([np.inf, np.inf], [np.inf, -np.inf], None),
    "offset of 1e15": (NORMAL.round(2) * 100 + 1e15, NORMAL[:50].round(2) * 100 + 1e15, None),
    "scale of 1e-300": (NORMAL * 1e-300, NORMAL[:50] * 1.5e-300, None),
    "scale of 1e300": (NORMAL * 1e300, NORMAL[:50] * 1.5e300, None),
    "the largest floats": ([-1.7e308, 1.7e308] * 20, [-1.7e308, 0.0, 1.7e308], None),
    "the smallest floats": ([0.0, 5e-324, 1e-323], [5e-324] * 5, None),
    "one far outlier": (NORMAL, [*NORMAL[:99], 1e300], None),
    "levels": (["a", "b", "a"], ["b", "c", None], None),
    "no level in the window": (["a", "b"], [None, None], None),
    "all unseen": (["a", "b"] * 30, ["c", "d"] * 30, None),
    "500 levels": (LEVELS[:2500], LEVELS[2500:], "categorical"),
    "over 2000 levels": ([f"c{i % 2500}" for i in range(5000)], ["c1", "new"], "categorical"),
    "unicode": (["größe", "日本", "🙂", "e\u0301"] * 9, ["🙂", "é", "\u202e"] * 9, None),
    "texts that look missing": (["None", "nan", "NA", "null"] * 9, ["None", "nan", "N/A"] * 9, None),
    "an empty text": (["", "a", "b"] * 9, ["", "a"] * 9, None),
    "booleans": ([True, False, None], [True, True], None),
    "booleans of one kind": ([True] * 20, [False] * 20, None),
    "dates": (DAYS, DAYS[:20] + 400, None),
    "lengths of texts": ([f"sentence {i} {'x' * (i % 7)}" for i in range(200)], ["short"] * 60, "text"),
}


def pair_of(reference: Any, current: Any, kind: str | None = None) -> Pair:
    baseline = Baseline.from_data({"x": reference}, kinds={"x": kind} if kind else None)
    profile = baseline.profile({"x": current})
    return pair(baseline.features["x"], profile.features["x"], profile.rows)


@cache
def case(name: str) -> Pair:
    return pair_of(*CASES[name])


def value_of(name: str, both: Pair) -> MetricValue:
    return evaluate({name: METRICS.get(name)}, both)[name]


@pytest.mark.parametrize("data", CASES)
@pytest.mark.parametrize("name", METRICS.names())
def test_a_metric_answers_with_a_finite_number_or_a_reason(name: str, data: str) -> None:
    both = case(data)
    before = both.reference.copy(), both.current.copy()

    found = value_of(name, both)

    assert (found.value is None) == (found.reason is not None)
    assert not (found.reason or "").startswith("failed")
    assert found.value is None or (math.isfinite(found.value) and found.value >= 0)
    assert found.p_value is None or 0 <= found.p_value <= 1
    assert math.isfinite(found.bound) and found.bound >= 0
    assert found == value_of(name, both)
    assert (before[0] == both.reference).all() and (before[1] == both.current).all()


@pytest.mark.parametrize(
    "data",
    ["numbers", "constant", "two values", "ties", "offset of 1e15", "scale of 1e-300", "500 levels",
     "booleans", "unicode", "texts that look missing", "an empty text", "lengths of texts", "one value"],
)  # fmt: skip
@pytest.mark.parametrize("name", METRICS.names())
def test_the_reference_beside_itself_has_no_distance_and_no_evidence(name: str, data: str) -> None:
    rows, _, kind = CASES[data]
    found = value_of(name, pair_of(rows, rows, kind))

    assert found.value is not None or found.reason in ("not_numeric", "insufficient_data")
    assert found.p_value in (None, 1.0)
    assert name in RATES or found.value in (None, 0.0)


@pytest.mark.parametrize("data", ["numbers", "ties", "levels", "500 levels", "one far outlier"])
@pytest.mark.parametrize("name", METRICS.names())
def test_the_order_of_rows_changes_nothing(name: str, data: str) -> None:
    reference, current, kind = CASES[data]
    shuffled = [current[i] for i in np.random.default_rng(1).permutation(len(current))]

    assert value_of(name, pair_of(reference, shuffled, kind)) == value_of(name, case(data))


@pytest.mark.parametrize("data", ["numbers", "ties", "500 levels", "two values"])
@pytest.mark.parametrize("name", [*DISTANCES, "unseen_rate"])
def test_missing_values_do_not_touch_the_distance_of_the_others(name: str, data: str) -> None:
    reference, current, kind = CASES[data]
    gaps = [*list(reference), *[None] * 70], [*list(current), *[None] * 30]

    assert value_of(name, pair_of(*gaps, kind)) == value_of(name, case(data))


@pytest.mark.parametrize("name", DISTANCES)
def test_a_farther_window_has_no_smaller_value(name: str) -> None:
    numbers = [value_of(name, pair_of(NORMAL, NORMAL + shift)).value or 0 for shift in (0, 0.2, 0.8, 2, 9)]
    swaps = [["a"] * (60 - k) + ["b"] * (40 + k) for k in (0, 5, 20, 60)]
    levels = [value_of(name, pair_of(swaps[0], window)).value or 0 for window in swaps]

    assert numbers == sorted(numbers) and numbers[-1] > 0
    assert levels == sorted(levels)


@pytest.mark.parametrize("name", DISTANCES)
def test_a_change_of_units_changes_no_distance_but_that_in_units(name: str) -> None:
    a = np.sort(R.integers(0, 1000, 500).astype(float))
    b = a[200:]  # on the grid, so that nothing is estimated
    plain, scaled = value_of(name, pair_of(a, b)), value_of(name, pair_of(a * 2.0**-900, b * 2.0**-900))
    moved = value_of(name, pair_of(a + 1e15, b + 1e15))

    unit = 2.0**-900 if name == "wasserstein" else 1.0
    assert (scaled.value or 0) / unit == pytest.approx(plain.value, rel=1e-12)
    assert moved.value == pytest.approx(plain.value, rel=1e-9)


@pytest.mark.parametrize("name", METRICS.names())
def test_plain_integer_arrays_do_for_what_needs_no_more(name: str) -> None:
    found = METRICS.get(name)([30, 40, 30], [10, 20, 30], [1.0, 2.0], "numeric")

    assert found.value is not None or found.reason == "not_counted"


@pytest.mark.parametrize("name", METRICS.names())
def test_a_metric_documents_formula_range_source_and_an_example_and_has_a_version(name: str) -> None:
    text = METRICS.get(name).__doc__ or ""

    assert "Range" in text and "Source" in text and ">>>" in text
    assert version_of(METRICS.get(name)) >= 1


def test_an_empty_text_is_missing_and_words_for_missing_are_levels() -> None:
    assert value_of("missing_rate", case("an empty text")).value == 0.5
    assert value_of("missing_rate", case("texts that look missing")).value == 0
    assert value_of("unseen_rate", case("texts that look missing")).value == pytest.approx(1 / 3)


def test_sides_that_share_nothing_are_as_far_apart_as_can_be() -> None:
    bounded = ["js_divergence", "js_distance", "hellinger", "total_variation", "cramers_v"]

    assert [value_of(name, case("all unseen")).value for name in bounded] == pytest.approx([1.0] * 5)
    assert value_of("linf", case("all unseen")).value == 0.5
    assert value_of("chi_squared", case("all unseen")).p_value == pytest.approx(0, abs=1e-20)
