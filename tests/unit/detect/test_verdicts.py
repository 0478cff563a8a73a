"""What `compare` and `Detector` say of windows."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_sentinel_plugin.detect.api import Detector, WindowResult, compare, histogram
from mlflow_sentinel_plugin.detect.metrics import METRICS, MetricValue
from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline


def rows(n: int, seed: int) -> pd.DataFrame:
    r = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": r.normal(40, 10, n),
            "plan": r.choice(["free", "pro", "team"], n, p=[0.6, 0.3, 0.1]),
            "active": r.random(n) < 0.7,
            "score": np.where(r.random(n) < 0.05, np.nan, r.exponential(size=n)),
            "prediction": r.random(n),
        }
    )


REFERENCE = rows(4000, 1)
BASELINE = Baseline.from_data(REFERENCE)


def check(current: pd.DataFrame, **options: Any) -> WindowResult:
    return Detector(BASELINE, **options).check(BASELINE.profile(current))


def strict_json(result: WindowResult) -> str:
    return json.dumps(result.to_dict(), allow_nan=False)


def test_a_window_like_the_reference_is_ok() -> None:
    result = compare(REFERENCE, rows(500, 2))

    assert (result.state, result.severity, result.score, result.signals) == ("ok", None, 0.0, [])
    assert result.summary == "No drift in 5 columns over 500 rows."
    assert {f.state for f in result.features.values()} == {"ok"}
    strict_json(result)


@pytest.mark.parametrize(
    ("column", "change", "reason"),
    [
        ("age", lambda x: x + 5, "location"),
        ("age", lambda x: (x - 40) * 1.5 + 40, "spread"),
        ("age", lambda x: np.where(np.arange(len(x)) % 8 == 0, 41.5, x), "shape"),
        ("plan", lambda x: x.where(np.arange(len(x)) % 3 > 0, "team"), "levels"),
        ("plan", lambda x: x.where(np.arange(len(x)) % 20 > 0, "gold"), "unseen_levels"),
        ("active", lambda x: np.arange(len(x)) % 2 == 0, "levels"),
        ("score", lambda x: x.where(np.arange(len(x)) % 5 > 0), "missing"),
        ("score", lambda x: x.astype(object).where(np.arange(len(x)) % 5 > 0, "??"), "malformed"),
        ("age", lambda x: np.where(np.arange(len(x)) % 40 == 0, 500.0, x), "out_of_range"),
    ],
)
def test_each_sort_of_change_is_found_and_named(column: str, change: Any, reason: str) -> None:
    window = rows(500, 3)
    window[column] = change(window[column])

    result = check(window)

    assert [(s.name, s.reason) for s in result.signals] == [(column, reason)]
    assert result.state == "drift"
    assert column in result.summary
    strict_json(result)


def test_a_shift_nobody_would_notice_is_silent_with_a_million_rows_but_noted() -> None:
    r = np.random.default_rng(4)
    baseline = Baseline.from_data({"x": r.normal(size=100_000)})

    result = Detector(baseline).check(baseline.profile({"x": r.normal(0.02, 1, 1_000_000)})).features["x"]

    assert (result.state, result.reason) == ("ok", None)
    assert "significant, but the effect is under 0.02" in result.notes


@pytest.mark.parametrize("n", [0, 1, 49])
@pytest.mark.parametrize("rule", ["calibrated", "thresholds"])
def test_too_few_rows_are_never_ok_and_never_drift(n: int, rule: str) -> None:
    window = rows(n, 5)
    window["age"] += 100

    result = check(window, rule=rule)

    assert (result.state, result.rows) == ("insufficient_data", n)
    assert {f.state for f in result.features.values()} == {"insufficient_data"}
    assert f"{n} of 50 rows" in result.summary
    strict_json(result)


@pytest.mark.parametrize("current", [[1.0], [None], [2.0], []])
@pytest.mark.parametrize("rule", ["calibrated", "thresholds"])
def test_one_row_against_one_row_gives_an_answer(current: list[float | None], rule: str) -> None:
    result = compare({"x": [1.0]}, {"x": current}, min_rows=1, rule=rule)

    assert result.state in ("ok", "insufficient_data", "drift")
    strict_json(result)


def test_a_missing_column_is_gone_and_the_others_are_still_judged() -> None:
    window = rows(500, 6).drop(columns="plan")
    window["age"] += 8

    result = check(window)

    assert result.state == "schema_changed"
    assert [(s.name, s.state) for s in result.signals] == [("plan", "column_gone"), ("age", "drift")]
    assert result.severity == "critical"
    strict_json(result)


def test_a_column_in_half_of_the_batches_is_not_gone_but_missing() -> None:
    both = BASELINE.profile(rows(400, 7)) + BASELINE.profile(rows(300, 8).drop(columns="age"))

    age = Detector(BASELINE).check(both).features["age"]

    assert (age.state, age.reason) == ("drift", "missing")
    assert age.missing == pytest.approx(3 / 7)
    assert "300 rows came without this column" in age.notes


def test_a_column_of_another_kind_is_a_schema_change() -> None:
    window = rows(500, 9).astype({"age": object})
    window["age"] = "forty"

    result = check(window)

    assert (result.state, result.features["age"].state) == ("schema_changed", "kind_changed")
    assert result.features["age"].reason == "500 of 500 values are not numeric"
    assert result.features["age"].malformed == 1.0


def test_half_malformed_values_are_no_other_kind_but_drift() -> None:
    window = rows(500, 9).astype({"age": object})
    window.loc[::2, "age"] = "forty"

    assert check(window).features["age"].state == "drift"


def test_all_values_missing_is_drift_and_the_other_columns_are_computed() -> None:
    window = rows(500, 10)
    window["score"] = None

    result = check(window)

    assert (result.features["score"].state, result.features["score"].reason) == ("drift", "all_missing")
    assert result.features["score"].metrics["psi"].reason == "empty"
    assert result.features["age"].metrics["psi"].value is not None
    strict_json(result)


def test_a_column_that_was_always_empty_is_not_drift() -> None:
    reference = {"x": np.full(500, np.nan), "y": np.arange(500.0)}

    result = compare(reference, reference)

    assert (result.state, result.features["x"].state) == ("ok", "insufficient_data")
    assert result.features["x"].reason == "the reference has no value"


def test_a_target_may_be_absent_and_a_timestamp_and_an_id_are_never_judged() -> None:
    reference = rows(1000, 11)
    reference["y"], reference["at"], reference["key"] = (
        reference["age"],
        pd.Timestamp("2024-01-01"),
        range(1000),
    )
    roles = {"y": "target", "key": "id"}
    window = rows(500, 12)
    window["at"] = pd.Timestamp("2030-01-01")

    result = compare(reference, window, roles=roles, timestamp="at")

    assert result.state == "ok"
    assert [result.features[name].state for name in ("y", "at", "key")] == ["ignored"] * 3
    assert result.features["y"].reason == "no target in this window"


def test_a_target_that_is_there_is_judged() -> None:
    reference = {"x": np.arange(400.0), "y": np.arange(400.0)}
    window = {"x": np.arange(400.0), "y": np.arange(400.0) + 300}

    assert compare(reference, window, roles={"y": "target"}).features["y"].drifted


def test_extra_columns_are_only_noted() -> None:
    window = rows(500, 13)
    window["surprise"] = 1

    result = check(window)

    assert (result.state, result.notes) == ("ok", ("columns the baseline does not have: surprise",))


def test_a_clock_column_may_go_on_but_not_back() -> None:
    hours = pd.date_range("2024-01-01", periods=1000, freq="h")
    baseline = Baseline.from_data({"at": hours, "x": np.arange(1000.0)})

    def state(days: int) -> str:
        window = {"at": hours[:200] + pd.Timedelta(days=days), "x": np.linspace(0, 999, 200)}
        return Detector(baseline).check(baseline.profile(window)).features["at"].state

    assert (state(60), state(-60)) == ("ok", "drift")


def test_a_column_the_reference_is_sorted_by_does_not_hide_its_drift() -> None:
    ordered = {"x": np.arange(2000.0), "c": np.repeat(["a", "b", "c", "d"], 500)}

    result = compare(ordered, {"x": np.arange(2000.0)[::4] + 600, "c": ["a"] * 500})

    assert [s.name for s in result.signals] == ["c", "x"]


def test_rows_sorted_by_their_target_are_in_no_time_order() -> None:
    r = np.random.default_rng(33)
    label = np.repeat([0, 1, 2], 700)
    reference = {"x": label + r.normal(size=2100), "y": label}
    window = {"x": r.permutation(reference["x"])[:500] + 0.8}

    assert compare(reference, window, roles={"y": "target"}).features["x"].drifted
    held_back = compare(reference, window, roles={"y": "id"}).features["x"]
    assert "time_ordered=False" in held_back.notes[0]
    assert compare(reference, window, roles={"y": "id"}, time_ordered=False).features["x"].drifted


def test_a_date_is_watched_for_its_range_not_its_distribution() -> None:
    r = np.random.default_rng(14)
    births = pd.Timestamp("1980-01-01") + pd.to_timedelta(r.integers(0, 9000, 2000), unit="D")
    skewed, beyond = births[births > pd.Timestamp("1995-01-01")], births[:300] + pd.Timedelta(days=20_000)

    assert compare({"born": births}, {"born": skewed}).state == "ok"
    result = compare({"born": births}, {"born": beyond}).features["born"]
    assert (result.state, result.reason) == ("drift", "out_of_range")
    assert result.metrics["ks_test"].reason == "datetime"


def test_identical_windows_give_identical_results_to_the_bit() -> None:
    window = rows(500, 15)

    assert strict_json(check(window)) == strict_json(check(window))
    assert strict_json(compare(REFERENCE, window)) == strict_json(compare(REFERENCE, window))


def test_a_result_carries_both_n_the_digest_the_versions_and_the_rule() -> None:
    start = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)

    found = (
        Detector(BASELINE)
        .check(BASELINE.profile(rows(500, 16)), start=start, end=1_704_070_800_000)
        .to_dict()
    )

    assert (found["rows"], found["n_reference"], found["rule"]) == (500, 4000, "calibrated")
    assert found["baseline_digest"] == BASELINE.digest
    assert (found["start"], found["end"]) == ("2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z")
    age = next(f for f in found["features"] if f["name"] == "age")
    assert (age["n_reference"], age["n_current"], age["metrics"]["psi"]["version"]) == (4000, 500, 1)
    bounds = {name: metric["bound"] for name, metric in age["metrics"].items()}
    assert bounds["psi"] == 0
    assert bounds["wasserstein"] > 0


def test_unseen_level_names_are_shown_unless_hidden() -> None:
    window = rows(500, 17)
    window.loc[:30, "plan"] = "secret"

    assert "secret" in strict_json(check(window))
    assert "secret" not in strict_json(check(window, features={"plan": {"values": "hide"}}))


def test_an_ignored_feature_is_not_judged_and_an_unimportant_one_is_less_severe() -> None:
    window = rows(500, 18)
    window["age"] += 10

    assert check(window, features={"age": {"ignore": True}}).state == "ok"
    low, high = check(window, features={"age": {"importance": 0.1}}), check(window)
    assert low.score < high.score


def test_settings_of_an_unknown_feature_are_noted() -> None:
    assert "nope" in check(rows(100, 19), features={"nope": {"ignore": True}}).notes[0]


class TestThresholds:
    def test_any_metric_beyond_its_threshold_is_drift_and_says_so(self) -> None:
        window = rows(500, 20)
        window["age"] += 10

        age = check(window, rule="thresholds").features["age"]

        assert age.drifted
        assert age.reason is not None and age.reason.startswith("psi ")
        assert " > 0.2" in age.reason and "ks_test p" in age.reason

    def test_equality_never_alerts(self) -> None:
        window = rows(500, 21)
        psi = check(window).features["age"].metrics["psi"].value
        p = check(window).features["age"].metrics["ks_test"].p_value
        assert psi is not None and p is not None

        def drifted(thresholds: dict[str, float]) -> bool:
            return check(window, rule="thresholds", thresholds=thresholds).features["age"].drifted

        assert not drifted({"psi": psi}) and drifted({"psi": np.nextafter(psi, 0)})
        assert not drifted({"ks_test_pvalue": p}) and drifted({"ks_test_pvalue": float(np.nextafter(p, 1))})

    def test_only_enabled_metrics_alert(self) -> None:
        window = rows(500, 22)
        window["age"] += 10

        result = check(window, rule="thresholds", metrics=["missing_rate"])

        assert result.state == "ok"
        assert set(result.features["age"].metrics) == {"missing_rate"}

    def test_a_feature_may_have_its_own_threshold(self) -> None:
        window = rows(500, 23)
        window["age"] += 10
        own = {"age": {"thresholds": {"psi": 50, "ks_test_pvalue": 0, "js_divergence": 1}}}

        assert not check(window, rule="thresholds", features=own).features["age"].drifted

    def test_a_missing_rate_threshold_works_on_an_empty_column(self) -> None:
        reference = {"x": [None] * 30 + [1.0] * 30}
        window = {"x": [None] * 90 + [1.0] * 10}

        result = compare(reference, window, rule="thresholds", thresholds={"missing_rate": 0.8})

        assert result.features["x"].reason == "missing_rate 0.9 > 0.8"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "strict"}, "unknown rule 'strict'"),
        ({"metrics": ["psy"]}, "unknown metric 'psy'; did you mean 'psi'"),
        ({"metrics": "psi"}, "must be a list"),
        ({"thresholds": {"psii": 1}}, "unknown metric 'psii'"),
        ({"thresholds": {"psi": "high"}}, "threshold 'psi' is 'high'"),
        ({"thresholds": {"psi": float("nan")}}, "threshold 'psi' is nan"),
        ({"thresholds": {"ks_test_pvalue": 5}}, "threshold 'ks_test_pvalue' is 5"),
        ({"features": {"age": {"ignored": True}}}, "settings of 'age': ignored"),
        ({"features": {"age": {"thresholds": {"x": 1}}}}, "unknown metric 'x'"),
        ({"min_rows": 0}, "min_rows"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Detector(BASELINE, **options)


def test_compare_refuses_an_unknown_option() -> None:
    with pytest.raises(InvalidInput, match="no option 'treshold'"):
        compare(REFERENCE, REFERENCE, treshold=1)


def test_a_metric_that_fails_or_is_no_number_is_null_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> MetricValue:
        raise RuntimeError("no way")

    items = {
        **METRICS._items,
        "broken": broken,
        "nan": lambda *_: MetricValue(float("nan")),
        "number": lambda *_: 0.5,
    }
    monkeypatch.setattr(METRICS, "_items", items)

    metrics = compare(REFERENCE, rows(100, 24)).features["age"].metrics

    assert (metrics["broken"].value, metrics["broken"].reason) == (None, "failed: RuntimeError: no way")
    assert (metrics["nan"].value, metrics["nan"].reason) == (None, "not_finite")
    assert metrics["number"].reason == "failed: TypeError: it returned float, not MetricValue"
    assert metrics["psi"].value is not None


def test_a_registered_metric_gets_bins_that_add_up_and_may_have_a_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def total_variation(reference: Any, current: Any, edges: Any, kind: str) -> MetricValue:
        assert len(reference) == len(current) == len(edges) + (kind == "numeric")
        p, q = np.asarray(reference) / np.sum(reference), np.asarray(current) / np.sum(current)
        return MetricValue(float(abs(p - q).sum() / 2))

    monkeypatch.setattr(METRICS, "_items", {**METRICS._items, "tv": total_variation})
    window = rows(500, 25)
    window["age"] += 10

    result = check(window, rule="thresholds", metrics=["tv"], thresholds={"tv": 0.15})

    assert [s.name for s in result.signals] == ["age"]


def test_a_detector_goes_on_from_its_state_and_refuses_that_of_another_baseline() -> None:
    first = Detector(BASELINE)
    first.check(BASELINE.profile(rows(100, 26)))

    assert Detector(BASELINE, state=first.state()).state() == first.state()
    with pytest.raises(InvalidInput, match="another baseline"):
        Detector(Baseline.from_data({"x": [1.0, 2.0]}), state=first.state())
    with pytest.raises(CorruptData, match="detector state"):
        Detector(BASELINE, state=b"nonsense")


def test_a_profile_of_another_baseline_is_refused() -> None:
    other = Baseline.from_data({"x": [1.0, 2.0]})

    with pytest.raises(InvalidInput, match="another baseline"):
        Detector(BASELINE).check(other.empty_profile())


def test_both_distributions_are_shown_on_the_same_bins() -> None:
    window = rows(500, 27)
    window.loc[:49, "plan"] = "gold"
    profile = BASELINE.profile(window)

    age, plan, active = (histogram(BASELINE, profile, name) for name in ("age", "plan", "active"))

    assert (age["bins"][0]["low"], age["bins"][-1]["high"]) == (None, None)
    assert [b["high"] for b in age["bins"][:-1]] == [b["low"] for b in age["bins"][1:]]
    assert sum(b["reference"] for b in age["bins"]) == pytest.approx(1)
    assert sum(b["current"] for b in age["bins"]) == pytest.approx(1)
    assert 15 <= len(age["bins"]) <= 20
    assert [b["label"] for b in plan["bins"]] == ["free", "pro", "team"]
    assert plan["unseen"] == 0.1
    assert sum(b["current"] for b in plan["bins"]) == pytest.approx(0.9)
    assert [b["label"] for b in active["bins"]] == ["false", "true"]
    assert histogram(BASELINE, profile, "score")["missing"]["reference"] == pytest.approx(0.05, abs=0.01)
    json.dumps([age, plan, active], allow_nan=False)


def test_few_values_have_a_bin_each_and_many_levels_share_the_last() -> None:
    baseline = Baseline.from_data({"n": [0, 1, 1, 2] * 30, "c": [f"c{i % 30:02}" for i in range(120)]})
    profile = baseline.profile({"n": [1, 1.5, 9], "c": ["c00", "c29", "x"]})

    assert [b["label"] for b in histogram(baseline, profile, "n")["bins"]] == ["< 0", "0", "1", "≥ 2"]
    levels = histogram(baseline, profile, "c")["bins"]
    assert (len(levels), levels[-1]["label"]) == (21, "(other)")
    assert levels[-1]["reference"] == pytest.approx(10 / 30)


@pytest.mark.parametrize("name", ["plann", "key"])
def test_the_distribution_of_what_is_not_counted_is_refused(name: str) -> None:
    baseline = Baseline.from_data({"plan": ["a", "b"], "key": [1, 2]}, roles={"key": "id"})

    with pytest.raises(InvalidInput, match=name):
        histogram(baseline, baseline.empty_profile(), name)


def test_a_histogram_of_an_empty_window_is_all_zeros() -> None:
    found = histogram(BASELINE, BASELINE.empty_profile(), "age")

    assert (found["n_current"], found["unseen"], found["missing"]["current"]) == (0, None, None)
    assert {b["current"] for b in found["bins"]} == {0.0}
