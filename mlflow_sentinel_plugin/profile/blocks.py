"""How much the reference wanders over time, kept as sums over contiguous blocks of its rows.

Rows that come in time order are seldom independent (seasons, slow trends, batches). Whether they are, and by
how much the spread of block means exceeds that of independent rows, is what the calibrated rule's design
effect needs; it is measured here once, at baseline time, while the row order is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

MAX_GROUPS = 12
GATE = 0.001
"""Dependence is believed when the smallest of all tests, times their number, is below this."""

_FEWEST_ROWS = 64
_SHORT_RUNS = (2, 4, 8)
_LONG_RUN_BLOCKS = (256, 128, 64, 32, 16, 8)
_SHORTEST_LONG_RUN = 20
_FEWEST_BLOCKS = 3
_WINDOW_MULTIPLES = (1, 2, 4, 8)

Combine = Literal["max", "mean"]


@dataclass(frozen=True)
class Blocks:
    """Sums of standardised scores over base blocks of equally many rows.

    Attributes:
        rows: Rows in the reference.
        size: Rows in a base block; the last, shorter one is left out.
        present: Rows with a value, per block.
        sums: Scores x blocks; each score has mean 0 and variance 1 over the rows with a value.
        weights: How the spreads of levels combine in the test of independence; empty for other scores.
        gate_p: Bonferroni-adjusted p of "these rows are independent".
    """

    rows: int
    size: int
    present: IntArray
    sums: FloatArray
    weights: FloatArray
    gate_p: float

    @property
    def dependent(self) -> bool:
        """Whether there is evidence against independent rows."""
        return self.gate_p < GATE

    def spread(self, length: int) -> tuple[float, int]:
        """Variance of block means over that of independent rows (1 = independent), and the number of blocks.

        The largest of all scores: one level may swing far more than the levels do on average.
        Blocks hold about ``length`` rows: a whole number of base blocks, at least one.
        """
        each = self._base_blocks(length)
        if each not in self._known:
            present, sums = _merge(self.present, self.sums, each)
            self._known[each] = float(_spreads(present, sums).max()), present.size
        return self._known[each]

    def blocks_of(self, length: int) -> int:
        """How many blocks of about ``length`` rows there are."""
        return self.present.size // self._base_blocks(length)

    def _base_blocks(self, length: int) -> int:
        return max(1, round(length / self.size))

    @cached_property
    def _known(self) -> dict[int, tuple[float, int]]:
        """Every window asks again."""
        return {}


def rank_scores(values: FloatArray) -> FloatArray:
    """Location and scale scores (2 x rows) of the values: normal scores of mid-ranks, and their squares."""
    _, at, count = np.unique(values, return_inverse=True, return_counts=True)
    location = ndtri((np.cumsum(count) - count / 2)[at.reshape(-1)] / values.size)
    return np.stack([location, location**2])


def is_sorted(values: FloatArray) -> bool:
    """Whether the rows are sorted by this column, up or down: that order says nothing about time."""
    before, after = values[:-1], values[1:]
    return bool((before != after).any() and ((before <= after).all() or (before >= after).all()))


def is_grouped(codes: IntArray) -> bool:
    """Whether each of several levels stands in one run: the rows are sorted by this column."""
    runs = 1 + int((np.diff(codes) != 0).sum())
    return runs > 1 and runs == np.unique(codes).size


def group_scores(codes: IntArray, groups: int) -> tuple[FloatArray, FloatArray]:
    """Indicator scores (groups x rows) of a categorical column, and the weights that make their spreads
    the mean block chi-squared per degree of freedom.

    Args:
        codes: Level index per row, most frequent level 0.
        groups: Number of levels; those from :data:`MAX_GROUPS` - 1 on are one group.
    """
    kept = min(groups, MAX_GROUPS)
    grouped = np.minimum(codes, kept - 1)
    indicators = (grouped == np.arange(kept)[:, None]).astype(np.float64)
    return indicators, (1 - indicators.mean(axis=1)) / max(kept - 1, 1)


def make_blocks(
    scores: FloatArray, present: BoolArray, weights: FloatArray, count: int, window_rows: int | None
) -> Blocks | None:
    """Blocks of a reference in row order, or ``None`` where they could say nothing (few rows, a constant).

    Args:
        scores: Scores x rows with a value.
        present: Per row of the reference, whether it has a value.
        weights: See :class:`Blocks`.
        count: At most this many base blocks.
        window_rows: Usual rows of a window; blocks of 1, 2, 4, 8 times as many are tested too.
    """
    spread = scores.std(axis=1) if scores.size else np.zeros(0)
    if present.size < _FEWEST_ROWS or scores.shape[1] < _FEWEST_ROWS or (spread == 0).any():
        return None
    standard = (scores - scores.mean(axis=1, keepdims=True)) / spread[:, None]
    size = -(-present.size // count)
    whole = present.size // size
    owner = np.flatnonzero(present) // size
    sums = np.stack([np.bincount(owner, row, whole + 1)[:whole] for row in standard])
    filled = np.bincount(owner, minlength=whole + 1)[:whole].astype(np.int64)
    gate_p = _gate(standard, weights, window_rows)
    return Blocks(present.size, size, filled, sums.astype(np.float32).astype(np.float64), weights, gate_p)


def _gate(standard: FloatArray, weights: FloatArray, window_rows: int | None) -> float:
    """Smallest p over short and long runs, times the number of tests."""
    rows = standard.shape[1]
    lengths = [rows // n for n in _LONG_RUN_BLOCKS if rows // n >= _SHORTEST_LONG_RUN]
    if window_rows:
        lengths += [k * window_rows for k in _WINDOW_MULTIPLES if rows // (k * window_rows) >= _FEWEST_BLOCKS]
    p_values = [p for length in lengths for p in _long_run_p(standard, weights, length)]
    p_values += [
        _short_run_p(standard[0], length) for length in _SHORT_RUNS if rows // length >= 2 * _FEWEST_ROWS
    ]
    return min(1.0, min(p_values) * len(p_values)) if p_values else 1.0


def _long_run_p(standard: FloatArray, weights: FloatArray, length: int) -> list[float]:
    """Chi-squared tests of the spread of block means."""
    present, sums = _merge(np.ones(standard.shape[1], np.int64), standard, length)
    spreads, df = _spreads(present, sums), present.size - 1
    if weights.size:
        df *= max(weights.size - 1, 1)
        return [float(chdtrc(df, df * float(spreads @ weights)))]
    return [float(chdtrc(df, df * value)) for value in spreads]


def _short_run_p(score: FloatArray, length: int) -> float:
    """Normal test that the mean squared block mean exceeds that of independent rows."""
    means = score[: score.size // length * length].reshape(-1, length).mean(axis=1)
    excess = length * means**2 - 1
    return float(ndtr(-excess.mean() / (excess.std() / np.sqrt(excess.size)))) if excess.std() > 0 else 1.0


def _merge(present: IntArray, sums: FloatArray, each: int) -> tuple[IntArray, FloatArray]:
    whole = present.size // each
    counted = present[: whole * each].reshape(whole, each).sum(axis=1)
    summed = sums[:, : whole * each].reshape(sums.shape[0], whole, each).sum(axis=2)
    return counted, summed


def _spreads(present: IntArray, sums: FloatArray) -> FloatArray:
    """Per score: mean over blocks of (block mean)^2 / (1/n - 1/N)."""
    filled = present > 0
    n = present[filled].astype(np.float64)
    total = n.sum()
    expected = 1 / n - 1 / total
    if n.size < 2:
        return np.ones(sums.shape[0])
    return np.asarray(((sums[:, filled] / n) ** 2 / expected).mean(axis=1))
