"""Pearson's chi-squared test of homogeneity."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import chdtrc

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned
from mlflow_sentinel_plugin.profile.types import IntArray

LEAST_EXPECTED = 5


@versioned(1)
def chi_squared(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """``sum((observed - expected)^2 / expected)`` of the 2 x k table; p on k - 1 degrees of freedom.

    Both sides are samples: the reference is not taken as exact, and a level that one side lacks is a cell
    like any other. Bins or levels expected less than 5 times in the smaller side are pooled; if the pool is
    still expected less than 5 times, it joins the rarest of the others. Null with ``insufficient_data`` where
    that leaves one cell.

    Range 0 to infinity. The value grows with the rows, so it is no effect size: read ``cramers_v`` or
    ``total_variation`` for that. At a million rows p is near 0 for changes nobody would notice.

    Source: Pearson, Phil. Mag. 50 (1900); Cochran, Biometrics 10 (1954) for the rule of 5.

    >>> result = chi_squared([50, 50], [90, 10])
    >>> round(result.value, 3), result.p_value < 1e-8
    (38.095, True)
    >>> chi_squared([7, 0], [9, 0])
    MetricValue(value=0.0, p_value=1.0, reason=None, bound=0.0)
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    table = np.stack([np.asarray(a), np.asarray(b)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] == 1:
        return MetricValue(0.0, 1.0)
    pooled = pool_rare(table)
    if pooled.shape[1] == 1:
        return MetricValue(None, reason="insufficient_data")
    statistic = homogeneity(pooled)
    return MetricValue(statistic, float(chdtrc(pooled.shape[1] - 1, statistic)))


def pool_rare(table: IntArray) -> IntArray:
    """A 2 x k table without columns that are expected less than 5 times in the smaller side.

    >>> pool_rare(np.array([[90, 80, 3, 4], [45, 50, 2, 0]])).tolist()
    [[90, 87], [45, 52]]
    """
    columns = table.sum(axis=0)
    expected = columns * (table.sum(axis=1).min() / table.sum())
    rare = expected < LEAST_EXPECTED
    if not rare.any():
        return table
    kept, rest = table[:, ~rare], table[:, rare].sum(axis=1)
    if kept.shape[1] and expected[rare].sum() < LEAST_EXPECTED:
        kept[:, np.argmin(kept.sum(axis=0))] += rest
        return kept
    return np.column_stack([kept, rest])


def homogeneity(table: IntArray) -> float:
    """Chi-squared of a 2 x k table whose rows and columns all hold something."""
    a, b = table.astype(np.float64)
    n, m = a.sum(), b.sum()
    return float(((a * m - b * n) ** 2 / (a + b)).sum() / (n * m))
