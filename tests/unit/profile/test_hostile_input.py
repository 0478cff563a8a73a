"""Bad input is refused with a reason, or counted; nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, "int is not a table"),
        ("a,b", "str is not a table"),
        ({"x": 3}, "column 'x' is int"),
        ({"x": "abc"}, "column 'x' is str"),
        ({"x": [1, 2], "y": [1]}, "differ in length"),
        ({"x": np.zeros((2, 2))}, "2 dimensions"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "two columns are named 'x'"),
        (pa.table([[1], [2]], names=["x", "x"]), "two columns are named 'x'"),
        ({1: [1], "1": [2]}, "two columns are named '1'"),
        ([[1, 2], [3, 4]], "list is not a table"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(data: Any, message: str) -> None:
    baseline = Baseline.from_data({"x": [1.0, 2.0]})

    with pytest.raises(InvalidInput, match=message):
        baseline.profile(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": {"agee": "numeric"}}, "'agee', which the data does not have"),
        ({"kinds": {"age": "number"}}, "'number' is not a kind"),
        ({"roles": {"age": "label"}}, "'label' is not a role"),
        ({"timestamp": "when"}, "'when', which the data does not have"),
        ({"grid_size": 4}, "grid_size must be 16..65536"),
        ({"window_rows": 0}, "window_rows must be at least 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Baseline.from_data({"age": [1.0, 2.0]}, **options)


def test_a_misspelt_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidInput) as error:
        Baseline.from_data({"age": [1.0]}, kinds={"agee": "numeric"})

    assert error.value.hint == "did you mean 'age'?"


@pytest.mark.parametrize("empty", [pd.DataFrame(), {"x": []}, {}])
def test_a_reference_without_rows_is_refused(empty: Any) -> None:
    with pytest.raises(InvalidInput, match="the reference has no"):
        Baseline.from_data(empty)


def test_bad_values_are_counted_and_the_rest_stays() -> None:
    baseline = Baseline.from_data({"x": [1.0, 2.0, 3.0]})

    counts = baseline.profile({"x": ["1", "two", "", " 3 ", None, "nan", "1_000", "0x1", "inf"]}).features[
        "x"
    ]

    assert (counts.present, counts.missing, counts.malformed, counts.infinite) == (3, 3, 3, 1)


def test_booleans_in_a_column_of_numbers_are_malformed() -> None:
    baseline = Baseline.from_data({"x": [1.0, 2.0, 3.0]})

    assert baseline.profile({"x": [True, False]}).features["x"].malformed == 2


def test_booleans_said_to_be_numeric_count_as_one_and_zero() -> None:
    baseline = Baseline.from_data({"x": [True, False]}, kinds={"x": "numeric"})

    typed, texts = baseline.profile({"x": [True, False]}), baseline.profile({"x": ["True", "false"]})

    assert typed == texts
    assert typed.features["x"].present == 2


def test_one_huge_outlier_changes_no_edge_and_no_bin() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    plain, hostile = Baseline.from_data({"x": values}), Baseline.from_data({"x": [*values, 1e300]})

    assert set(plain.features["x"].edges) - set(plain.features["x"].bins) <= set(hostile.features["x"].edges)
    assert np.allclose(plain.features["x"].bins, hostile.features["x"].bins, atol=0.01)
    assert hostile.features["x"].summary["sd"] == pytest.approx(1e300 / 1001**0.5, rel=1e-3)


def test_infinities_in_the_reference_are_neither_edges_nor_fatal() -> None:
    baseline = Baseline.from_data({"x": [1.0, 2.0, np.inf, -np.inf]})

    assert np.isfinite(baseline.features["x"].edges).all()
    assert baseline.features["x"].counts[[0, -1]].tolist() == [1, 1]
    assert Baseline.from_bytes(baseline.to_bytes()).digest == baseline.digest


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([1, 2, 1], "numeric"),
        ([0.1, 0.11, 0.1], "numeric"),
        ([True, False], "boolean"),
        (["a", "b"], "categorical"),
        (["1", "2"], "categorical"),
        ([f"sentence number {i}" for i in range(200)], "text"),
        (["2024-01-01", "2024-01-02T10:00:00Z"], "datetime"),
        ([2**60 + i for i in range(200)], "ignored"),
        ([2**60, 2**60 + 1] * 40, "categorical"),
        ([None, None], "ignored"),
        (np.full(3, np.nan), "numeric"),
        ([[1], [2]], "ignored"),
        (pd.Categorical(["x", "y"]), "categorical"),
        (np.array([1, 2], "timedelta64[s]"), "numeric"),
    ],
)
def test_the_kind_of_a_column_is_inferred_from_its_type(column: Any, kind: str) -> None:
    table = pd.DataFrame({"x": column}) if isinstance(column, pd.Categorical) else {"x": column}

    assert Baseline.from_data(table).features["x"].kind == kind


def test_nested_live_values_are_malformed() -> None:
    baseline = Baseline.from_data({"x": ["a", "b"], "n": [1.0, 2.0]})

    profile = baseline.profile(pa.table({"x": [["a"], None], "n": [[1], [2]]}))

    assert (profile.features["x"].malformed, profile.features["x"].missing) == (1, 1)
    assert profile.features["n"].malformed == 2


def test_a_very_long_level_is_cut_but_stays_itself() -> None:
    baseline = Baseline.from_data({"x": ["a" * 5000, "a" * 4999 + "b"] * 3})

    assert max(map(len, baseline.features["x"].levels)) <= 200
    assert baseline.profile({"x": ["a" * 5000, "a" * 5001]}).features["x"].unseen == 1


def test_levels_beyond_the_cap_are_counted_together() -> None:
    baseline = Baseline.from_data({"x": [f"c{i % 2500}" for i in range(9000)]})

    counts = baseline.profile({"x": ["c1", "c2499", "never seen"]}).features["x"]

    assert baseline.features["x"].capped
    assert (counts.unseen, counts.cells[-1], counts.cells.sum()) == (0, 2, 3)


def test_unicode_and_spaces_in_names_are_kept() -> None:
    baseline = Baseline.from_data({"größe (cm)": [1.0, 2.0], "": [1.0, 2.0]})

    assert list(baseline.profile({"größe (cm)": [1.0]}).features) == ["größe (cm)", ""]


def test_extra_columns_are_noted_and_not_counted() -> None:
    baseline = Baseline.from_data({"x": [1.0, 2.0]})

    profile = baseline.profile({"x": [1.0], "new": [1], "also": [2]})

    assert profile.extra == ("also", "new")
    assert list(profile.features) == ["x"]
