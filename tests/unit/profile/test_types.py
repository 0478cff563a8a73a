"""A column's kind and counts follow from what its values are, not from how a library stores them."""

from __future__ import annotations

import datetime as dt
import decimal
import random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.texts import value_text

D = decimal.Decimal
SMALL = [0, 1, 2, 3, 3, None] * 20
HALVES = [0.5, 1.25, -2.0, None] * 20
WORDS = ["a", "b", "b", None] * 20
INDIA = dt.timezone(dt.timedelta(hours=5.5))
DAYS = [dt.datetime(2024, 3, 1) + dt.timedelta(hours=7 * i) for i in range(60)]


def column(values: Any) -> Any:
    if isinstance(values, pl.Series):
        return pl.DataFrame({"x": values})
    pandas_array = isinstance(values, (pd.api.extensions.ExtensionArray, pd.Index))
    return pd.DataFrame({"x": values}) if pandas_array else {"x": values}


def learned(values: Any, **options: Any) -> FeatureBaseline:
    return Baseline.from_data(column(values), **options).features["x"]


def counted(reference: Any, values: Any, **options: Any) -> FeatureCounts:
    return Baseline.from_data(column(reference), **options).profile(column(values)).features["x"]


def same(one: FeatureCounts, two: FeatureCounts) -> bool:
    return vars(one) | {"counted": one.cells.tolist()} == vars(two) | {"counted": two.cells.tolist()}


INTEGERS: dict[str, Any] = {
    **{str(kind): pa.array(SMALL, kind) for kind in (pa.int8(), pa.uint8(), pa.int16(), pa.uint64())},
    "float16": np.array([np.nan if v is None else v for v in SMALL], np.float16),
    "float32": pa.array(SMALL, pa.float32()),
    "decimal": pa.array([None if v is None else D(v) for v in SMALL], pa.decimal128(5, 2)),
    "decimal256": pa.array([None if v is None else D(v) for v in SMALL], pa.decimal256(60, 2)),
    "dictionary": pa.array(SMALL).dictionary_encode(),
    "run ends": pa.compute.run_end_encode(pa.array(SMALL, pa.int32())),
    "pandas Int64": pd.array(SMALL, dtype="Int64"),
    "pandas Float32": pd.array(SMALL, dtype="Float32"),
    "pandas category": pd.Categorical(SMALL),
    "pandas sparse": pd.arrays.SparseArray([np.nan if v is None else float(v) for v in SMALL]),
    "pandas arrow": pd.array(SMALL, dtype=pd.ArrowDtype(pa.int16())),
    "objects": np.array(SMALL, object),
    "polars Int8": pl.Series(SMALL, dtype=pl.Int8),
    "polars Int128": pl.Series(SMALL, dtype=pl.Int128),
    "polars Decimal": pl.Series([None if v is None else D(v) for v in SMALL]),
    "texts": [None if v is None else str(v) for v in SMALL],
}


@pytest.mark.parametrize("stored", INTEGERS)
def test_small_integers_have_the_same_counts_however_they_are_stored(stored: str) -> None:
    assert same(counted(SMALL, INTEGERS[stored]), counted(SMALL, SMALL))


@pytest.mark.parametrize("stored", [name for name in INTEGERS if name != "texts"])
def test_integers_are_numeric_however_they_are_stored(stored: str) -> None:
    known, plain = learned(INTEGERS[stored]), learned(SMALL)

    assert (known.kind, known.missing) == ("numeric", 20)
    assert known.counts.tolist() == plain.counts.tolist()
    assert known.edges.tolist() == plain.edges.tolist()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_halves_are_exact_in_every_float(kind: Any) -> None:
    floats = np.array([np.nan if v is None else v for v in HALVES], kind)

    assert same(counted(HALVES, floats), counted(HALVES, HALVES))


TEXTS: dict[str, Any] = {
    "string": pa.array(WORDS, pa.string()),
    "large_string": pa.array(WORDS, pa.large_string()),
    "string_view": pa.array(WORDS, pa.string_view()),
    "dictionary": pa.array(WORDS).dictionary_encode(),
    "null in the dictionary": pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 1, 2] * 20), pa.array(["a", "b", None])
    ),
    "run ends": pa.compute.run_end_encode(pa.array(WORDS)),
    "numpy": np.array(["" if w is None else w for w in WORDS]),
    "objects": np.array(WORDS, object),
    "pandas string": pd.array(WORDS, dtype="string"),
    "pandas category": pd.Categorical(WORDS),
    "polars String": pl.Series(WORDS),
    "polars Categorical": pl.Series(WORDS, dtype=pl.Categorical),
    "polars Enum": pl.Series(WORDS, dtype=pl.Enum(["b", "a", "never"])),
}


@pytest.mark.parametrize("stored", TEXTS)
def test_texts_have_the_same_levels_and_counts_however_they_are_stored(stored: str) -> None:
    known = learned(TEXTS[stored])

    assert (known.kind, known.levels, known.counts.tolist(), known.missing) == (
        "categorical", ("b", "a"), [40, 20], 20
    )  # fmt: skip
    assert same(counted(WORDS, TEXTS[stored]), counted(WORDS, WORDS))


MOMENTS: dict[str, Any] = {
    "objects": np.array(DAYS, object),
    "milliseconds": pa.array(DAYS, pa.timestamp("ms")),
    "nanoseconds": pa.array(DAYS, pa.timestamp("ns")),
    "utc": pa.array(DAYS, pa.timestamp("us", "UTC")),
    "berlin": pd.DatetimeIndex(DAYS, tz="UTC").tz_convert("Europe/Berlin"),
    "apia": pd.DatetimeIndex(DAYS, tz="UTC").tz_convert("Pacific/Apia"),
    "zoned objects": [d.replace(tzinfo=dt.timezone.utc).astimezone(INDIA) for d in DAYS],
    "texts": [d.isoformat() for d in DAYS],
    "zoned texts": [d.isoformat() + "+00:00" for d in DAYS],
    "polars": pl.Series(DAYS),
    "pandas arrow": pd.array(DAYS, dtype=pd.ArrowDtype(pa.timestamp("us"))),
}


@pytest.mark.parametrize("stored", MOMENTS)
def test_an_instant_is_the_same_in_every_zone_and_unit(stored: str) -> None:
    known = learned(MOMENTS[stored])

    assert (known.kind, known.missing, known.malformed) == ("datetime", 0, 0)
    assert known.edges.tolist() == learned(DAYS).edges.tolist()
    assert same(counted(DAYS, MOMENTS[stored]), counted(DAYS, DAYS))


def test_the_hour_that_comes_twice_is_two_instants() -> None:
    twice = pd.date_range("2024-10-27 00:30", periods=4, freq="h", tz="UTC").tz_convert("Europe/Berlin")

    assert learned(twice).distinct == 4


def test_a_column_of_dates_may_begin_with_many_nulls_and_must_hold_nothing_else() -> None:
    days = [str(d) for d in DAYS]

    assert learned([None] * 300 + days).kind == "datetime"
    assert learned(days * 5 + ["soon"]).kind == "categorical"


def test_a_period_is_the_time_it_begins() -> None:
    known = learned(pd.period_range("2024-01", periods=24, freq="M"))

    assert known.kind == "datetime"
    assert known.summary["min"] == "2024-01-01T00:00:00Z"


def test_the_bins_of_pandas_cut_are_levels() -> None:
    known = learned(pd.cut(np.arange(80.0), [-1, 20, 200]))

    assert (known.kind, known.levels) == ("categorical", ("(20, 200]", "(-1, 20]"))


@pytest.mark.parametrize(
    "values", [[2**60, 2**60 + 1] * 40, [-(2**63), 2**62] * 40, pa.array([2**64 - 1, 5] * 40, pa.uint64())]
)
def test_integers_that_floats_cannot_tell_apart_are_levels(values: Any) -> None:
    known = learned(values)

    assert known.kind == "categorical"
    assert known.counts.tolist() == [40, 40]


def test_integers_up_to_2_to_53_are_exact_numbers() -> None:
    values = [2**53, 2**53 - 1, -(2**53)] * 20

    assert learned(values).kind == "numeric"
    assert learned(values).distinct == 3


def test_large_integers_said_to_be_numeric_are_rounded_not_refused() -> None:
    assert learned([2**60, 2**60 + 1, 7] * 10, kinds={"x": "numeric"}).distinct == 2


@pytest.mark.parametrize(
    "values", [pa.nulls(80), [None] * 80, pl.Series([None] * 80), np.array([None] * 80, object)]
)
def test_a_column_of_nulls_without_a_type_is_ignored_and_of_floats_is_numeric(values: Any) -> None:
    assert learned(values).kind == "ignored"
    assert learned(np.full(80, np.nan)).kind == "numeric"


@pytest.mark.parametrize("kind", ["numeric", "categorical", "boolean", "datetime", "text"])
def test_a_live_column_of_nulls_is_missing_for_every_kind(kind: str) -> None:
    references: dict[str, Any] = {
        "numeric": [1.5, 2.5], "categorical": ["a", "b"], "boolean": [True, False], "datetime": DAYS[:2],
        "text": ["one", "two"],
    }  # fmt: skip
    counts = counted(references[kind], pa.nulls(7), kinds={"x": kind})

    assert (counts.missing, counts.present, counts.malformed) == (7, 0, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"), (3.0, "3"), (-0.0, "0"), (D("3.0"), "3"), (np.int8(3), "3"), (2**70, str(2**70)),
        (0.1, "0.1"), (1e300, "1e+300"), (float("inf"), "inf"), (True, "true"), (np.False_, "false"),
        ("True", "True"),
        (dt.date(2024, 1, 2), "2024-01-02"), (dt.time(1, 2), "01:02:00"), (b"raw", "raw"),
        (b"\xff", "\ufffd"),
        (float("nan"), None), (None, None), (pd.NaT, None), ("", None), (b"", None), ("nan", "nan"),
    ],
)  # fmt: skip
def test_each_value_has_one_text_whatever_its_type(value: Any, text: str | None) -> None:
    assert value_text(value) == text


def test_objects_of_mixed_type_have_levels_in_one_total_order_whatever_the_row_order() -> None:
    mixed: list[Any] = [1, "a", True, 2.5, D("7"), dt.date(2024, 1, 1), b"raw", [1, 2], {"k": 1}, "1"] * 8
    shuffled = random.Random(3).sample(mixed, len(mixed))

    one, two = learned(mixed), learned(shuffled)

    assert (one.kind, one.levels) == ("categorical", two.levels)
    assert one.levels[0] == "1"  # the number and the text are one level, so the most frequent one
    assert list(one.levels[1:]) == sorted(one.levels[1:])


@pytest.mark.parametrize("values", [[b"a", b"b"] * 40, [dt.time(1)] * 80, [[1]] * 80, [{"a": 1}] * 80])
def test_bytes_times_of_day_and_nested_values_are_ignored(values: Any) -> None:
    assert learned(values).kind == "ignored"


@pytest.mark.parametrize("live", [["x"] * 9, [b"x"] * 9, [[1]] * 9, [True] * 9, [dt.time(1)] * 9, DAYS[:9]])
def test_live_values_of_another_type_are_malformed_numbers_and_never_an_error(live: Any) -> None:
    counts = counted([1.0, 2.0], live)

    assert (counts.malformed, counts.present, counts.missing) == (9, 0, 0)
