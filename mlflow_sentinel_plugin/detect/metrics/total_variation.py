"""Total variation distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned


@versioned(1)
def total_variation(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """``sum(|p - q|) / 2`` over bins or levels: the share of rows that would have to change their bin.

    Range 0 to 1. The easiest one to explain. It ignores how far values moved, and by chance alone it grows
    with the number of bins k: about ``sqrt(k / (2 pi n))`` for n rows in which nothing changed. For levels it
    is the feature's effect size.

    Source: Levin, Peres, Markov Chains and Mixing Times (2017), ch. 4.

    >>> total_variation([5, 5], [5, 5]).value, total_variation([5, 0], [0, 5]).value
    (0.0, 1.0)
    >>> round(total_variation([50, 50], [90, 10]).value, 4)
    0.4
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    return MetricValue(float(min(np.abs(a.shares - b.shares).sum() / 2, 1.0)))
