"""Linear rank and count statistics, conditional on both sides pooled.

With n window values among Nt = n + N, pooled counts t and window counts b in groups of score s, the statistic
is T = sum b s. Given t, the window is a random draw without replacement, so with d = s - mean(s)

    variance     = n N / (Nt (Nt - 1)) * sum t d^2
    third moment = n N (N - n) / (Nt (Nt - 1) (Nt - 2)) * sum t d^3
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from mlflow_sentinel_plugin.profile.types import FloatArray

_FEWEST = 3
_STEPS = 8192
_NORMAL_SCORES = ndtri((np.arange(_STEPS) + 0.5) / _STEPS)
"""Any function of the pooled ranks is a valid score, and looking one up costs a tenth of computing it."""


def normal_scores(pooled: FloatArray, total: FloatArray) -> FloatArray:
    """Normal scores of pooled mid-ranks.

    Args:
        pooled: Counts of both sides in groups of ascending values (last axis).
        total: Their sums, without the last axis.
    """
    ranks = np.cumsum(pooled, axis=-1)
    ranks -= pooled / 2
    ranks *= (_STEPS / np.maximum(total, 1.0))[..., None]
    return np.asarray(_NORMAL_SCORES.take(ranks.astype(np.int32), mode="clip"))


def rank_statistics(
    scores: FloatArray, window: FloatArray, pooled: FloatArray, n: FloatArray, total: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """z and skewness of the sum of scores, and of the sum of their squares; 0 where a score is constant.

    Args:
        scores, window, pooled: Per group (last axis) of values: scores, counts of the window, of both sides.
        n, total: Values of the window, and of both sides, without the last axis.
    """
    square = scores * scores
    once, twice = pooled * scores, pooled * square
    sums = [once.sum(axis=-1), _dot(once, scores), _dot(twice, scores), _dot(twice, square)]
    twice *= square
    m1, m2, m3, m4, m6 = (each / np.maximum(total, 1.0) for each in (*sums, _dot(twice, square)))
    first = _dot(window, scores) - n * m1, m2 - m1**2, m3 - 3 * m1 * m2 + 2 * m1**3
    second = _dot(window, square) - n * m2, m4 - m2**2, m6 - 3 * m2 * m4 + 2 * m2**3
    return _standardised(*first, n, total), _standardised(*second, n, total)


def count_statistics(
    window: ArrayLike, pooled: ArrayLike, n: ArrayLike, total: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """z and skewness of counts in any (overlapping or not) sets of values, with continuity correction.

    Args:
        window, pooled: Counts per set: of the window, of both sides together.
        n, total: Values of the window, of both sides together; they broadcast.
    """
    window, pooled = np.asarray(window, np.float64), np.asarray(pooled, np.float64)
    n, total = np.asarray(n, np.float64), np.asarray(total, np.float64)
    share = np.asarray(pooled / np.maximum(total, 1.0), np.float64)
    variance = share * (1 - share)
    excess = np.asarray(window - n * share, np.float64)
    shrunk = np.copysign(np.maximum(np.abs(excess) - 0.5, 0.0), excess)
    return _standardised(shrunk, variance, variance * (1 - 2 * share), n, total)


def _dot(one: FloatArray, two: FloatArray) -> FloatArray:
    """Sums of products over the last axis."""
    return np.asarray(np.einsum("...g,...g->...", one, two))


def _standardised(
    value: FloatArray, second: FloatArray, third: FloatArray, n: FloatArray, total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """``value`` over its sd, and its skewness, from the scores' central moments over both sides."""
    rest = total - n
    enough = np.maximum(total, _FEWEST)
    variance = n * rest / (enough - 1) * second
    moment = n * rest * (rest - n) / ((enough - 1) * (enough - 2)) * third
    varies = (second > 1e-12) & (variance > 0) & (total >= _FEWEST)
    sd = np.sqrt(np.where(varies, variance, 1.0))
    return np.where(varies, value / sd, 0.0), np.where(varies, moment / sd**3, 0.0)
