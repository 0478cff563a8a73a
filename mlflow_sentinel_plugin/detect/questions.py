"""The questions the calibrated rule asks of one feature, each answered by p-values with weights.

Distribution (.8 of the budget), missing values (.1), values never seen (.1). A question without meaning for a
feature keeps its weight with p = 1, so the budget never depends on the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, kolmogorov, ndtri

from mlflow_sentinel_plugin.detect.design_effect import DesignEffect
from mlflow_sentinel_plugin.detect.linear import count_statistics, score_statistics
from mlflow_sentinel_plugin.detect.metrics.unseen_rate import beyond_range_p, unseen_levels_p
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.detect.tails import SMALLEST_P, as_student, two_sided
from mlflow_sentinel_plugin.profile.layout import Layout, group_sums
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

DISTRIBUTION, MISSING, UNSEEN = 0.8, 0.1, 0.1
MISSING_FLOOR = 0.02
UNSEEN_FLOOR = 0.005

_PART = 0.25
_LEAST_EXPECTED = 5
_FEWEST_CELLS = 3


@dataclass(frozen=True)
class Answer:
    """p-values of tests of one sort, with weights relative to their question."""

    reason: str
    p_values: FloatArray
    weights: FloatArray


def distribution(pair: Pair, effect: DesignEffect) -> list[Answer]:
    """Tests of the values' distribution; none for dates or an empty side. Weights add up to 1."""
    if pair.distance is None:
        return []
    found = _numeric(pair, pair.layout, effect) if pair.layout is not None else _levels(pair, effect)
    return list(found)


def missing_p(pair: Pair, effect: DesignEffect) -> float:
    """p of the count of rows without a usable value; 1 unless their share moved by .02."""
    if abs(pair.unusable_moved) < MISSING_FLOOR:
        return 1.0
    before, now = pair.unusable
    rows, total = pair.current.rows, pair.current.rows + pair.reference.rows
    z, g = count_statistics(np.array([now]), np.array([before + now]), rows, total)
    return float(_p(z, g, effect)[0])


def unseen_p(pair: Pair, effect: DesignEffect) -> float:
    """p of the count of unseen levels, or of values beyond the range; 1 unless their share is .005."""
    share, n, total = pair.unseen_share, pair.n_current, pair.n_reference
    if share is None or share < UNSEEN_FLOOR or not total:
        return 1.0
    if pair.layout is None:
        known = pair.reference
        p = unseen_levels_p(pair.current.unseen or 0, n, total, known.singletons, known.doubletons)
    else:
        p = beyond_range_p(max(pair.current.below or 0, pair.current.above or 0), n, total)
    return float(max(p, SMALLEST_P) ** (1 / effect.factor))


def _numeric(pair: Pair, layout: Layout, effect: DesignEffect) -> Iterator[Answer]:
    n, total = pair.n_current, pair.n_current + pair.n_reference
    z, g = _rank_statistics(layout, pair.current.cells)
    p = _p(z, g, effect)
    yield Answer("location", p[:1], np.array([_PART]))
    yield Answer("spread", p[1:], np.array([_PART]))
    yield _kolmogorov(pair, effect)
    window, pooled = _in_ranges(layout, pair.current.cells)
    if window.size:
        p = _p(*count_statistics(window, pooled, n, total), effect)
        yield Answer("shape", p, np.full(window.size, _PART / window.size))
    else:
        yield Answer("shape", np.ones(1), np.array([_PART]))


def _kolmogorov(pair: Pair, effect: DesignEffect) -> Answer:
    en = np.sqrt(pair.n_current * pair.n_reference / (pair.n_current + pair.n_reference))
    argument = (en + 0.12 + 0.11 / en) * (pair.distance or 0.0) / np.sqrt(effect.factor)
    p = np.array([max(float(kolmogorov(argument)), SMALLEST_P)])
    return Answer("shape", p if effect.df is None else as_student(p, effect.df), np.array([_PART]))


def _rank_statistics(layout: Layout, cells: IntArray) -> tuple[FloatArray, FloatArray]:
    """Normal scores of pooled mid-ranks, and their squares, on groups of the grid's cells."""
    window = group_sums(cells, layout.groups)
    pooled = window + group_sums(layout.reference, layout.groups)
    held = pooled > 0
    window, pooled = window[held], pooled[held]
    location = ndtri((np.cumsum(pooled) - pooled / 2) / pooled.sum())
    return score_statistics(np.stack([location, location**2]), window, pooled)


def _in_ranges(layout: Layout, cells: IntArray) -> tuple[IntArray, IntArray]:
    """Counts in the quantile groups and tails: of the window, and of both sides."""
    starts, stops = layout.ranges.T
    below = np.concatenate([[0], np.cumsum(cells)])
    window = below[stops] - below[starts]
    return window, window + layout.cumulative[stops] - layout.cumulative[starts]


def _levels(pair: Pair, effect: DesignEffect) -> Iterator[Answer]:
    n, reference = pair.n_current, pair.n_reference
    known = pair.feature.counts.size
    window, before = np.asarray(pair.current)[:known], np.asarray(pair.reference)[:known]
    statistic = _chi_squared(np.asarray(pair.reference), np.asarray(pair.current))
    left = 1.0
    if statistic is not None:
        left = 0.5
        p = np.array([max(float(chdtrc(statistic[1], statistic[0] / effect.factor)), SMALLEST_P)])
        yield Answer("levels", p if effect.df is None else as_student(p, effect.df), np.array([0.5]))
    p = _p(*count_statistics(window, window + before, n, n + reference), effect)
    yield Answer("levels", p, left * (before / reference + 1 / known) / 2)


def _chi_squared(reference: IntArray, window: IntArray) -> tuple[float, int] | None:
    """Homogeneity chi-squared and its df over levels expected at least 5 times, the rest pooled.

    ``None`` with fewer than 3 cells. A rest expected under 5 times joins the rarest level kept.
    """
    n, total = window.sum(), reference.sum()
    common = n * reference / total >= _LEAST_EXPECTED
    a = np.append(reference[common], reference[~common].sum())
    b = np.append(window[common], window[~common].sum())
    if a.size > 1 and n * (a[-1] + b[-1]) / (n + total) < _LEAST_EXPECTED:
        rarest = int(np.argmin(a[:-1]))
        a[rarest] += a[-1]
        b[rarest] += b[-1]
        a, b = a[:-1], b[:-1]
    if a.size < _FEWEST_CELLS:
        return None
    pooled = a + b
    expected = n * pooled / (n + total)
    return float(((b - expected) ** 2 / expected).sum() * (n + total) / total), a.size - 1


def _p(z: FloatArray, skewness: FloatArray, effect: DesignEffect) -> FloatArray:
    root = np.sqrt(effect.factor)
    p = two_sided(z / root, skewness * root)
    return p if effect.df is None else as_student(p, effect.df)
