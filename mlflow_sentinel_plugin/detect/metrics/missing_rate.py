"""Share of rows without a value."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, versioned


@versioned(1)
def missing_rate(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """The window's missing rows over its rows; p of the two-proportion z test against the reference's share.

    Range 0 to 1. The value is the window's share, not a difference: a column that was half empty in training
    has .5 in a quiet window. The normal p is rough when either side has under about 5 missing rows.

    Source: Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions (2003), ch. 3; pooled,
    two-sided, without continuity correction.

    >>> from mlflow_sentinel_plugin.detect.metrics.base import Counts
    >>> result = missing_rate(Counts([990], missing=10), Counts([90], missing=10))
    >>> result.value, result.p_value < 1e-6
    (0.1, True)
    """
    rows, missing = getattr(current, "rows", None), getattr(current, "missing", None)
    if rows is None or missing is None:
        return MetricValue(None, reason="not_counted")
    if rows == 0 or reference.rows == 0:
        return MetricValue(None, reason="empty")
    return MetricValue(missing / rows, _two_proportions(reference.missing, reference.rows, missing, rows))


def _two_proportions(x: int, n: int, y: int, m: int) -> float:
    pooled = (x + y) / (n + m)
    variance = pooled * (1 - pooled) * (1 / n + 1 / m)
    return float(2 * ndtr(-abs(x / n - y / m) / np.sqrt(variance))) if variance > 0 else 1.0
