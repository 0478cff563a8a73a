"""Counts merge exactly, in any order and any split."""

from __future__ import annotations

import functools
import itertools
import operator
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.grid import count_sorted

REFERENCE = pd.DataFrame(
    {
        "price": np.repeat([1 / 3, 2 / 3, 1.0, 7.25], 25),
        "wave": np.sin(np.arange(100.0)),
        "plan": ["free", "pro", None, "team"] * 25,
        "note": [f"note {i} " * (i % 3 + 1) for i in range(100)],
        "paid": [True, False, None, True] * 25,
        "day": pd.date_range("2024-01-01", periods=100),
    }
)
BASELINE = Baseline.from_data(REFERENCE)

cells = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.3333, 0.6667, 0.5, float(np.float32(1 / 3)), 1e300, -0.0]),
)
rows = st.lists(
    st.tuples(
        cells,
        cells,
        st.sampled_from(["free", "pro", "new", "", None, "newer"]),
        st.text(max_size=5),
        st.sampled_from(["true", "False", "yes", "0", None]),
        st.sampled_from(["2024-02-01", "2024-02-30", "1999-12-31T23:00:00+02:00", "soon", None]),
    ),
    min_size=1,
    max_size=30,
)


def frame(values: list[tuple[object, ...]]) -> dict[str, list[object]]:
    return {name: [row[i] for row in values] for i, name in enumerate(REFERENCE.columns)}


@given(rows=rows, cut=st.lists(st.integers(0, 30), max_size=4), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_any_split_in_any_order_adds_up_to_the_same_profile(
    rows: list[tuple[object, ...]], cut: list[int], seed: int
) -> None:
    whole = BASELINE.profile(frame(rows))
    ends = sorted({0, *(min(c, len(rows)) for c in cut), len(rows)})
    parts = [BASELINE.profile(frame(rows[a:b])) for a, b in itertools.pairwise(ends)]
    random.Random(seed).shuffle(parts)

    assert functools.reduce(operator.add, parts) == whole
    assert whole + BASELINE.empty_profile() == whole
    assert Profile.from_bytes(whole.to_bytes(), BASELINE) == whole


table = st.tuples(rows, st.sets(st.sampled_from(list(REFERENCE.columns)), max_size=3), st.booleans()).map(
    lambda drawn: {
        **{name: values for name, values in frame(drawn[0]).items() if name not in drawn[1]},
        **({"surprise": [1] * len(drawn[0])} if drawn[2] or len(drawn[1]) == len(REFERENCE.columns) else {}),
    }
)


@given(tables=st.tuples(table, table, table))
@settings(max_examples=25, deadline=None)
def test_adding_is_associative_and_commutative_with_columns_absent_or_extra(
    tables: tuple[dict[str, list[object]], ...],
) -> None:
    a, b, c = map(BASELINE.profile, tables)

    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert BASELINE.profile(iter(tables)) == a + b + c


@given(drawn=table)
@settings(max_examples=25, deadline=None)
def test_every_row_of_every_column_is_counted_exactly_once(drawn: dict[str, list[object]]) -> None:
    profile = BASELINE.profile(drawn)

    assert profile.rows == len(next(iter(drawn.values())))
    for counts in profile.features.values():
        assert counts.present + counts.missing + counts.malformed + counts.absent == profile.rows
        assert counts.infinite <= counts.present
        assert all(cells.sum() in (0, counts.present) for cells in counts.coarse.values())


@given(
    values=st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0, np.inf]), max_size=50),
    edges=st.sets(st.sampled_from([-1.0, 0.0, 0.25, 1.0, 3.0, *np.linspace(10, 20, 200)]), max_size=210),
)
@settings(deadline=None)
def test_both_ways_of_counting_agree_with_a_plain_loop(values: list[float], edges: set[float]) -> None:
    grid = sorted(edges)
    expected = [0] * (2 * len(grid) + 1)
    for value in values:
        expected[sum(e < value for e in grid) + sum(e <= value for e in grid)] += 1

    cells = count_sorted(np.sort(np.array(values, float)), np.array(grid))

    assert cells.full.tolist() == expected
    assert cells.total == len(values)
    assert cells.ends == (expected[0], expected[-1])
    held = [i for i, count in enumerate(expected) if count]
    assert (cells.held.tolist(), cells.counts.tolist()) == (held, [expected[i] for i in held])


def test_the_reference_profiled_has_the_reference_counts() -> None:
    profile = BASELINE.profile(REFERENCE)

    for name, feature in BASELINE.counted.items():
        assert profile.features[name].cells.tolist() == feature.counts.tolist()
        assert profile.features[name].missing == feature.missing


def test_an_iterable_of_batches_counts_like_the_whole() -> None:
    batches = (REFERENCE[i : i + 7] for i in range(0, 100, 7))

    assert BASELINE.profile(batches) == BASELINE.profile(REFERENCE)


def test_batches_of_different_types_count_like_the_whole() -> None:
    texts = REFERENCE[:50].astype({"price": str})

    assert BASELINE.profile([texts, REFERENCE[50:]]) == BASELINE.profile(REFERENCE)


def test_no_batches_are_no_rows() -> None:
    assert BASELINE.profile([]) == BASELINE.empty_profile()


def test_some_unseen_names_are_kept_with_exact_counts_however_many_there_are() -> None:
    names = [f"new{i}" for i in range(500)]
    whole = BASELINE.profile({"plan": names * 2})
    halves = BASELINE.profile({"plan": names[250:] + names[:250]}) + BASELINE.profile({"plan": names})

    assert whole.features["plan"].names == halves.features["plan"].names
    assert set(whole.features["plan"].names.values()) == {2}
    assert len(whole.features["plan"].names) == 64
    assert whole.features["plan"].unseen == 1000


def test_profiles_of_two_baselines_do_not_add_up() -> None:
    other = Baseline.from_data({"price": [1.0, 2.0]})

    with pytest.raises(InvalidInput, match="two baselines"):
        BASELINE.empty_profile() + other.empty_profile()


def test_a_small_window_profile_is_small() -> None:
    r = np.random.default_rng(0)
    baseline = Baseline.from_data({f"x{i}": r.normal(size=5000) for i in range(10)})

    size = len(baseline.profile({f"x{i}": r.normal(size=500) for i in range(10)}).to_bytes())

    assert size / 10 < 6 * 1024
