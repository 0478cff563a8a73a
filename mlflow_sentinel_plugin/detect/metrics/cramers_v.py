"""Cramér's V."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned
from mlflow_sentinel_plugin.detect.metrics.chi_squared import homogeneity


@versioned(1)
def cramers_v(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``sqrt(chi2 / N)``: association of "which side" with bins or levels, N the rows of both sides together.

    Range 0 to 1: 1 for sides that share no level. Chi-squared made independent of the number of rows, but not
    of their proportion: for the same shares it is largest for sides of equal size, and shrinks as
    ``sqrt(n / N)`` for windows much smaller than the reference. So compare values of windows of like size
    only. Nothing is pooled, as no p is taken from it.

    Source: Cramér, Mathematical Methods of Statistics (1946), ch. 21; the smaller dimension is 2 here.

    >>> cramers_v([5, 5], [5, 5]).value, cramers_v([5, 0], [0, 5]).value
    (0.0, 1.0)
    >>> round(cramers_v([50, 50], [90, 10]).value, 4)
    0.4364
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    table = np.stack([np.asarray(a), np.asarray(b)])
    table = table[:, table.sum(axis=0) > 0]
    return MetricValue(min(math.sqrt(homogeneity(table) / table.sum()), 1.0))
