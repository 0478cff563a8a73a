"""Linear rank and count statistics, conditional on both sides pooled.

With n window values among Nt = n + N, pooled counts t and window counts b in groups of score s, the statistic
is T = sum b s. Given t, the window is a random draw without replacement, so with d = s - mean(s)

    variance     = n N / (Nt (Nt - 1)) * sum t d^2
    third moment = n N (N - n) / (Nt (Nt - 1) (Nt - 2)) * sum t d^3
"""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

_FEWEST = 3


def score_statistics(scores: FloatArray, window: IntArray, pooled: IntArray) -> tuple[FloatArray, FloatArray]:
    """z and skewness of each row of ``scores`` (statistics x groups); 0 where a score is constant."""
    n, total = float(window.sum()), float(pooled.sum())
    deviation = scores - (scores @ pooled / total)[:, None]
    second, third = deviation**2 @ pooled, deviation**3 @ pooled
    return _standardised(deviation @ window, second, third, n, total)


def count_statistics(window: IntArray, pooled: IntArray, n: int, total: int) -> tuple[FloatArray, FloatArray]:
    """z and skewness of counts in any (overlapping or not) sets of values, with continuity correction.

    Args:
        window, pooled: Counts per set: of the window, of both sides together.
        n, total: Values of the window, of both sides together.
    """
    share = pooled / total
    second = total * share * (1 - share)
    excess = window - n * share
    shrunk = np.sign(excess) * np.maximum(np.abs(excess) - 0.5, 0.0)
    return _standardised(shrunk, second, second * (1 - 2 * share), float(n), float(total))


def _standardised(
    value: FloatArray, second: FloatArray, third: FloatArray, n: float, total: float
) -> tuple[FloatArray, FloatArray]:
    if total < _FEWEST:
        return np.zeros_like(second), np.zeros_like(second)
    rest = total - n
    variance = n * rest / (total * (total - 1)) * second
    moment = n * rest * (rest - n) / (total * (total - 1) * (total - 2)) * third
    sd = np.sqrt(np.where(variance > 0, variance, 1.0))
    varies = variance > 1e-12
    return np.where(varies, value / sd, 0.0), np.where(varies, moment / sd**3, 0.0)
