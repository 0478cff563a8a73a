"""Largest change of a share."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned


@versioned(1)
def linf(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``max(|p - q|)`` over bins or levels: the largest change of any one share.

    Range 0 to 1. It does not grow with the number of levels, so one threshold does for many columns; but a
    change spread over many levels, each by a little, stays small.

    Source: the L-infinity norm; Baylor et al., TFX, KDD (2017), use it for categorical drift.

    >>> linf([5, 5], [5, 5]).value, linf([5, 0], [0, 5]).value
    (0.0, 1.0)
    >>> round(linf([50, 30, 20], [50, 20, 30]).value, 4)
    0.1
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    return refused or MetricValue(float(np.abs(a.shares - b.shares).max()))
