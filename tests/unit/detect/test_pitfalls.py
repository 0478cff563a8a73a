"""What users of other monitors reported, one test each; the numbers are those of the reports' list.

Two reports are of other parts and are tested there: 24 (numbers of MLflow runs) and 25 (addresses of hooks).
"""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlflow_sentinel_plugin.detect.api import Detector, FeatureResult, WindowResult, compare
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.texts import value_text

R = np.random.default_rng(1900)


def feature(reference: Any, current: Any, **options: Any) -> FeatureResult:
    return compare({"x": reference}, {"x": current}, **options).features["x"]


def value(name: str, reference: Any, current: Any, **options: Any) -> float:
    found = feature(reference, current, min_rows=1, **options).metrics[name]
    assert found.value is not None, found.reason
    return found.value


def p_value(name: str, reference: Any, current: Any) -> float:
    found = feature(reference, current).metrics[name].p_value
    assert found is not None
    return found


@pytest.mark.parametrize("current", [[], [None] * 3])
def test_01_an_empty_window_is_insufficient_data_for_every_metric_with_both_n(current: list[None]) -> None:
    found = feature(R.normal(size=500), current)

    assert (found.state, found.n_reference, found.n_current) == ("insufficient_data", 500, 0)
    of_values = {name: m.reason for name, m in found.metrics.items() if name != "missing_rate"}
    assert set(of_values.values()) == {"empty"}
    assert all(m.value is None for name, m in found.metrics.items() if name in of_values)


def test_02_a_column_of_nulls_is_a_finding_and_the_other_columns_are_computed() -> None:
    reference = {"x": R.normal(size=500), "y": R.normal(size=500)}

    result = compare(reference, {"x": [None] * 200, "y": R.normal(size=200)})

    assert (result.features["x"].state, result.features["x"].reason) == ("drift", "all_missing")
    assert result.features["y"].metrics["psi"].value is not None


def test_03_the_same_constant_has_p_1_and_distance_0_and_no_aggregate_is_nan() -> None:
    result = compare({"x": ["a"] * 50, "y": [1.0] * 50}, {"x": ["a"] * 50, "y": [1.0] * 50})

    assert result.features["x"].metrics["chi_squared"].p_value == 1.0
    assert result.features["y"].metrics["ks_test"].p_value == 1.0
    assert {result.features[n].metrics["psi"].value for n in "xy"} == {0.0}
    assert (result.state, result.score) == ("ok", 0.0)


def test_04_a_vanished_and_a_new_category_are_both_cells_of_one_table() -> None:
    vanished = p_value("chi_squared", ["a"] * 50 + ["b"] * 50, ["a"] * 100)
    new = p_value("chi_squared", ["a"] * 100, ["a"] * 50 + ["b"] * 50)

    table = [[50, 50], [100, 0]]
    assert vanished == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert new == pytest.approx(vanished)


def test_05_the_test_is_of_homogeneity_so_a_small_reference_is_not_taken_as_exact() -> None:
    reference, current = ["a"] * 6 + ["b"] * 14, ["a"] * 500 + ["b"] * 500

    as_exact = stats.chisquare([500, 500], [300, 700]).pvalue

    assert as_exact < 1e-40
    assert 0.05 < p_value("chi_squared", reference, current) < 0.1


def test_05_12_and_13_categories_are_compared_on_their_union() -> None:
    twelve, thirteen = [f"c{i % 12}" for i in range(600)], [f"c{i % 13}" for i in range(650)]

    assert value("total_variation", twelve, thirteen) == pytest.approx(1 / 13)
    assert value("total_variation", thirteen, twelve) == pytest.approx(1 / 13)


def test_06_values_of_mixed_type_are_texts_by_one_rule_and_sort() -> None:
    baseline = Baseline.from_data({"x": ["a", "b", "c", 123] * 10}, kinds={"x": "categorical"})

    assert baseline.features["x"].levels == ("123", "a", "b", "c")
    assert [value_text(v) for v in (1, "1", 1.0, True, "True", None)] == ["1", "1", "1", "true", "True", None]


def test_07_a_window_of_two_nulls_is_no_division_by_zero() -> None:
    assert feature(R.normal(size=1500), [None, None]).state == "insufficient_data"
    assert feature(["a", "b"] * 600, [None, None]).state == "insufficient_data"


def test_08_a_boolean_is_two_levels_and_never_binned() -> None:
    found = feature([True, False] * 100, np.array([True] * 80 + [False] * 20))

    assert found.kind == "boolean"
    assert found.metrics["psi"].value == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))


def test_09_missing_values_in_the_reference_touch_their_own_column_only() -> None:
    reference = {"x": [np.nan, *R.normal(size=300)], "y": np.full(301, np.nan), "z": R.normal(size=301)}

    result = compare(reference, {n: R.normal(size=200) for n in "xyz"})

    assert {n: f.metrics["js_divergence"].reason for n, f in result.features.items()} == {
        "x": None, "y": "empty", "z": None
    }  # fmt: skip


def test_10_a_stretch_of_nans_in_the_reference_poisons_nothing_learned_from_it() -> None:
    values = R.normal(size=4000)
    values[1000:1500] = np.nan
    baseline = Baseline.from_data({"x": values})
    blocks = baseline.features["x"].blocks

    assert blocks is not None and np.isfinite(blocks.spread(200)[0])
    assert Detector(baseline).check(baseline.profile({"x": R.normal(size=300)})).features["x"].p_value > 0.05


def test_11_few_unique_numbers_are_numbers_and_many_texts_are_texts() -> None:
    near = value("js_divergence", [0.1, 0.2, 0.3] * 100, [0.11, 0.21, 0.31] * 100)
    moved = value("wasserstein", [0.1, 0.2, 0.3] * 100, [0.11, 0.21, 0.31] * 100)
    baseline = Baseline.from_data({"x": [0.1, 0.2, 0.3] * 100, "t": [str(i) for i in range(300)]})

    assert {n: f.kind for n, f in baseline.features.items()} == {"x": "numeric", "t": "text"}
    assert near < 1 and moved == pytest.approx(0.01)
    said = Baseline.from_data({"x": [1, 2, 3]}, kinds={"x": "categorical"})
    assert said.features["x"].kind == "categorical"


def test_12_a_window_of_one_row_is_an_answer_not_a_crash() -> None:
    for rule in ("calibrated", "thresholds"):
        result = compare(
            {"x": R.normal(size=1000), "c": ["a", "b"] * 500}, {"x": [9.0], "c": ["z"]}, rule=rule
        )
        assert result.state == "insufficient_data"


def test_13_eight_rows_are_not_enough_to_call_drift() -> None:
    few = feature(R.normal(size=150), [1.4, 1.6] * 4)

    assert (few.state, few.reason) == ("insufficient_data", "the window has 8 rows")


def test_13_psi_of_small_windows_is_known_to_be_large_and_does_not_decide_by_default() -> None:
    reference = R.normal(size=5000)
    baseline = Baseline.from_data({"x": reference})
    detector = Detector(baseline, metrics=["psi"])
    found = [detector.check(baseline.profile({"x": R.normal(size=50)})).features["x"] for _ in range(60)]

    assert 0.12 < np.mean([f.metrics["psi"].value for f in found]) < 0.32
    assert sum(f.drifted for f in found) == 0


def test_14_the_effect_decides_so_many_rows_do_not_make_every_feature_drift() -> None:
    r = np.random.default_rng(14)
    reference = {f"f{i}": r.normal(size=60_000) for i in range(5)}

    result = compare(reference, {n: r.normal(0.025, 1, 60_000) for n in reference}, metrics=["ks_test"])

    assert min(f.metrics["ks_test"].p_value or 0 for f in result.features.values()) < 0.001
    assert result.state == "ok"


def test_15_two_runs_give_the_same_answer_to_the_bit_and_no_sketch_makes_drift_of_none() -> None:
    reference, current = R.normal(size=20_000), R.normal(size=5000)

    first, second = (compare({"x": reference}, {"x": current}).to_dict() for _ in range(2))

    assert first == second
    assert p_value("ks_test", reference, current) > 0.001


def test_16_chi_squared_is_scipys_with_130_of_500_beside_240_of_500() -> None:
    reference, current = ["a"] * 130 + ["b"] * 370, ["a"] * 240 + ["b"] * 260
    known = stats.chi2_contingency([[130, 370], [240, 260]], correction=False)

    assert value("chi_squared", reference, current) == pytest.approx(known.statistic)
    assert p_value("chi_squared", reference, current) == pytest.approx(known.pvalue)


def test_17_a_column_of_mostly_zeros_and_one_of_counts_have_numbers_not_nan() -> None:
    capital_gain = np.where(R.random(3000) < 0.92, 0, R.integers(100, 99_999, 3000))
    age = R.integers(17, 90, 3000)

    for column in (capital_gain, age, capital_gain.astype(object), pd.Series(age, dtype="Int64")):
        found = feature(column[:2000], column[2000:]).metrics["ks_test"]
        assert found.value is not None and found.p_value is not None


def test_18_an_empty_bin_is_a_small_share_and_psi_is_finite() -> None:
    assert value("psi", ["a"] * 50 + ["b"] * 50, ["a"] * 50) == pytest.approx(
        0.5 * np.log(2) + (1e-4 - 0.5) * np.log(1e-4 / 0.5)
    )


def test_19_one_far_value_in_the_window_hides_no_shift() -> None:
    reference, current = R.normal(size=5000), R.normal(1, 1, size=5000)
    hostile = [*current, 1e6]
    plain = value("psi", reference, current)

    assert plain == pytest.approx(0.956, abs=0.1)
    for name in ("psi", "js_divergence", "hellinger", "total_variation", "ks_test"):
        assert value(name, reference, hostile) == pytest.approx(value(name, reference, current), abs=0.01)


@pytest.mark.parametrize("hostile", [1e15, 1e300, 5e-324])
def test_20_one_hostile_value_asks_for_no_memory(hostile: float) -> None:
    values = [*(1 + R.normal(size=2000) * 1e-12), hostile]
    tracemalloc.start()
    baseline = Baseline.from_data({"x": values})
    Detector(baseline).check(baseline.profile({"x": [*values, -hostile]}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 20 * 2**20


def test_21_wasserstein_is_scaled_by_the_true_sd_however_small() -> None:
    reference = R.normal(0, 1e-5, 4000)

    assert value("wasserstein_scaled", reference, reference + 5e-5) == pytest.approx(5, rel=0.05)
    constant = feature([3.0] * 60, [4.0] * 60).metrics["wasserstein_scaled"]
    assert (constant.value, constant.reason) == (None, "constant")


def test_21_the_base_of_jensen_shannon_is_2() -> None:
    assert value("js_divergence", ["a"] * 60, ["b"] * 60) == value("js_distance", ["a"] * 60, ["b"] * 60) == 1


def test_22_a_window_costs_the_same_however_large_the_reference_was() -> None:
    window = {"x": R.normal(size=2000)}
    cost = {}
    for size in (20_000, 400_000):
        baseline = Baseline.from_data({"x": R.normal(size=size)})
        baseline.profile(window)
        times = []
        for _ in range(15):
            start = time.process_time()
            baseline.profile(window)
            times.append(time.process_time() - start)
        cost[size] = min(times)

    assert cost[400_000] < 3 * cost[20_000]


def test_23_a_day_and_month_are_never_swapped_on_some_rows() -> None:
    baseline = Baseline.from_data({"d": pd.date_range("2024-01-01", periods=90)})

    counts = baseline.profile({"d": ["03/04/2024", "13/04/2024", "2024-03-04"]}).features["d"]

    assert (counts.malformed, counts.present) == (2, 1)


def test_24_no_result_holds_nan_or_infinity() -> None:
    hostile = {
        "x": [np.nan, np.inf, 1.8e308, -1e308] * 20,
        "c": ["", None, "NaN", "inf"] * 20,
        "e": [None] * 80,
    }

    result: WindowResult = compare(hostile, {n: v[:60] for n, v in hostile.items()})

    json.dumps(result.to_dict(), allow_nan=False)


def test_also_three_levels_are_told_apart_though_the_ks_law_is_conservative() -> None:
    reference = R.choice([0, 1, 2], 5000).astype(float)
    p_values = [p_value("ks_test", reference, R.choice([0, 1, 2], 300).astype(float)) for _ in range(60)]

    assert np.mean(np.array(p_values) < 0.05) <= 0.05
    assert feature(reference, R.choice([0, 1, 2], 500, p=[0.5, 0.25, 0.25]).astype(float)).drifted


def test_also_identifiers_beyond_2_to_53_are_not_binned() -> None:
    assert feature([2**60 + i for i in range(200)], [2**60 + i for i in range(60)]).state == "ignored"


def test_also_a_label_of_0_and_1_can_be_said_to_be_categorical() -> None:
    found = feature([0, 1] * 50, [1, 1, 0] * 50, kinds={"x": "categorical"})

    assert (found.kind, found.metrics["linf"].value) == ("categorical", pytest.approx(1 / 6))


def test_also_a_null_in_one_column_drops_no_row_of_another() -> None:
    result = compare(
        {"x": R.normal(size=100), "unused": [1.0] * 100}, {"x": R.normal(size=80), "unused": [None] * 80}
    )

    assert result.features["x"].n_current == 80


def test_also_the_psi_of_all_windows_together_is_no_larger_than_the_largest() -> None:
    baseline = Baseline.from_data({"x": R.normal(size=5000)})
    profiles = [baseline.profile({"x": R.normal(shift, 1, 400)}) for shift in (-0.5, 0, 0.2, 0.6)]
    detector = Detector(baseline, metrics=["psi"])

    def psi(profile: Any) -> float:
        return detector.check(profile).features["x"].metrics["psi"].value or 0.0

    assert psi(profiles[0] + profiles[1] + profiles[2] + profiles[3]) <= max(map(psi, profiles))


def test_also_no_edge_is_infinite() -> None:
    baseline = Baseline.from_data({"x": [-np.inf, *R.normal(size=50), np.inf]})

    assert np.isfinite(baseline.features["x"].edges).all()
    assert np.isfinite(baseline.features["x"].bins).all()
