"""The same rows as CSV text, JSON, Parquet and Arrow have the same profile."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlflow_sentinel_plugin.profile.baseline import Baseline

ROWS = 300
KINDS = {"code": "categorical", "big": "categorical", "flag_text": "boolean"}


def typed_rows(seed: int) -> pd.DataFrame:
    r = np.random.default_rng(seed)
    amount = r.normal(100, 20, ROWS)
    amount[::10] = np.nan
    return pd.DataFrame(
        {
            "amount": amount,
            "count": r.poisson(4, ROWS),
            "code": r.integers(1, 6, ROWS),
            "big": 2**60 + r.integers(0, 4, ROWS),
            "plan": [None if i % 7 == 0 else ["free", "pro", "NA", "nan"][i % 4] for i in range(ROWS)],
            "flag": r.random(ROWS) > 0.3,
            "flag_text": np.where(r.random(ROWS) > 0.3, 1.0, 0.0),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(r.integers(0, 100, ROWS), unit="D"),
        }
    )


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline.from_data(typed_rows(1), kinds=KINDS)


def as_csv_texts(rows: pd.DataFrame) -> Any:
    text = rows.to_csv(index=False)
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def as_json_rows(rows: pd.DataFrame) -> pa.Table:
    records = json.loads(rows.to_json(orient="records", date_format="iso", double_precision=15))
    exact = [{**record, "big": int(big)} for record, big in zip(records, rows["big"], strict=True)]
    return pa.Table.from_pylist(exact)


def as_parquet(rows: pd.DataFrame) -> pa.Table:
    sink = io.BytesIO()
    rows.to_parquet(sink)
    sink.seek(0)
    return pq.read_table(sink)


@pytest.mark.parametrize(
    "form",
    [
        as_csv_texts,
        as_json_rows,
        as_parquet,
        pa.Table.from_pandas,
        pl.from_pandas,
        lambda rows: pa.Table.from_pandas(rows).to_batches()[0],
        lambda rows: {name: rows[name].to_numpy() for name in rows},
        lambda rows: rows.astype(object),
    ],
    ids=["csv", "json", "parquet", "arrow", "polars", "record_batch", "arrays", "objects"],
)
def test_the_same_rows_have_the_same_counts_in_every_format(baseline: Baseline, form: Any) -> None:
    rows = typed_rows(2)
    rows["amount"] = rows["amount"].round(6)  # what JSON's 15 decimals keep exactly

    assert baseline.profile(form(rows)) == baseline.profile(rows)


def test_only_the_empty_cell_is_missing_and_the_words_na_and_nan_are_levels(baseline: Baseline) -> None:
    counts = baseline.profile(as_csv_texts(typed_rows(3))).features["plan"]

    assert counts.missing == len(range(0, ROWS, 7))
    assert (counts.malformed, counts.unseen) == (0, 0)


@pytest.mark.parametrize("value", ["true", "True", "TRUE", " true ", "1", "1.0", 1, 1.0, True, np.True_])
def test_a_boolean_is_true_in_all_its_spellings(baseline: Baseline, value: Any) -> None:
    assert baseline.profile({"flag": [value]}).features["flag"].cells.tolist() == [0, 1]


@pytest.mark.parametrize("value", ["yes", "2", 2, 0.5, "tru"])
def test_another_value_is_no_boolean_but_counted_as_malformed(baseline: Baseline, value: Any) -> None:
    assert baseline.profile({"flag": [value]}).features["flag"].malformed == 1


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", "3.", np.int8(3), np.float32(3)])
def test_a_level_of_numbers_is_one_level_in_all_its_spellings(baseline: Baseline, value: Any) -> None:
    counts = baseline.profile({"code": [value]}).features["code"]

    assert counts.cells[baseline.features["code"].levels.index("3")] == 1


def test_the_integers_beyond_2_to_53_do_not_collide(baseline: Baseline) -> None:
    counts = baseline.profile({"big": [2**60, 2**60 + 1, str(2**60 + 1)]}).features["big"]

    assert sorted(counts.cells.tolist()) == [0, 0, 1, 2]


def test_texts_keep_their_zeros_where_the_reference_held_texts() -> None:
    baseline = Baseline.from_data({"zip": ["007", "7", "1.0"] * 20})

    counts = baseline.profile({"zip": ["007", "7", "1.0", "1"]}).features["zip"]

    assert counts.cells.sum() == 3
    assert counts.names == {"1": 1}


def test_a_mixed_column_becomes_texts_by_one_rule() -> None:
    baseline = Baseline.from_data({"x": ["a", 1, True, "b"] * 20}, kinds={"x": "categorical"})

    counts = baseline.profile({"x": [1, "1", 1.0, True, "true", "a", 123]}).features["x"]

    by_level = dict(zip(baseline.features["x"].levels, counts.cells.tolist(), strict=True))
    assert by_level == {"1": 3, "true": 2, "a": 1, "b": 0}
    assert counts.names == {"123": 1}


def test_booleans_take_the_spelling_of_the_reference() -> None:
    baseline = Baseline.from_data({"x": ["True", "False", "maybe"] * 20})

    assert baseline.profile({"x": [True, False]}).features["x"].unseen == 0


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-01",
        "2024-03-01T00:00:00Z",
        "2024-03-01 01:00+01:00",
        "2024-03-01T00:00:00.000000000",
        np.datetime64("2024-03-01"),
        pd.Timestamp("2024-03-01", tz="UTC"),
        pd.Timestamp("2024-03-01").date(),
    ],
)
def test_a_date_is_the_same_instant_in_all_its_spellings(value: Any) -> None:
    baseline = Baseline.from_data({"day": pd.date_range("2024-02-01", periods=60, freq="D")})
    expected = baseline.profile({"day": [pd.Timestamp("2024-03-01")]}).features["day"]

    counts = baseline.profile({"day": [value]}).features["day"]

    assert counts.cells.tolist() == expected.cells.tolist()


@pytest.mark.parametrize("value", ["01/02/2024", "2024-13-01", "20240101", 1_704_067_200])
def test_a_date_is_never_guessed(value: Any) -> None:
    baseline = Baseline.from_data({"day": pd.date_range("2024-02-01", periods=60, freq="D")})

    assert baseline.profile({"day": [value]}).features["day"].malformed == 1


def test_a_csv_reference_without_types_has_its_numbers_and_booleans_recognised_if_told_so() -> None:
    rows = as_csv_texts(typed_rows(4))

    untyped = Baseline.from_data(rows, untyped=True)

    assert {name: f.kind for name, f in untyped.features.items()} == {
        "amount": "numeric",
        "count": "numeric",
        "code": "numeric",
        "big": "categorical",
        "plan": "categorical",
        "flag": "boolean",
        "flag_text": "numeric",
        "day": "datetime",
    }
    assert Baseline.from_data(rows).features["count"].kind == "categorical"
