"""Two-sample Kolmogorov-Smirnov test."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import kolmogorov

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, empty, not_compared
from mlflow_sentinel_plugin.profile.types import IntArray


def ks_test(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``D = sup |F_reference - F_window|``, with p from the Kolmogorov limit law at ``D sqrt(nm / (n + m))``.

    Range 0 to 1. D is an effect size and does not grow with the rows; p shrinks with them: at a million rows
    a shift nobody would notice has p near 0. From counts D is exact up to the grid's bound. The limit law is
    conservative for few distinct values and for windows under about 50 rows. Not for categories.

    Source: Smirnov, Table for estimating the goodness of fit of empirical distributions (1948).

    >>> result = ks_test([10, 10, 10, 10], [4, 4, 4, 28])
    >>> round(result.value, 3), round(result.p_value, 4)
    (0.45, 0.0006)
    """
    if kind in ("categorical", "boolean"):
        return MetricValue(None, reason="not_numeric")
    a, b = getattr(reference, "cells", reference), getattr(current, "cells", current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    distance = ks_distance(np.asarray(a, np.int64), np.asarray(b, np.int64))
    n, m = float(np.sum(a)), float(np.sum(b))
    return MetricValue(distance, float(kolmogorov(distance * np.sqrt(n * m / (n + m)))))


def ks_distance(reference: IntArray, current: IntArray) -> float:
    """D between two count vectors in order; each must hold something."""
    n, m = int(reference.sum()), int(current.sum())
    return float(np.abs(np.cumsum(reference) / n - np.cumsum(current) / m).max())
