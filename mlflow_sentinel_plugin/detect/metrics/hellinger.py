"""Hellinger distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned


@versioned(1)
def hellinger(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``sqrt(sum((sqrt(p) - sqrt(q))^2) / 2)`` over bins or levels.

    Range 0 to 1: 0 for equal shares, 1 for sides that share no bin. New and vanished levels weigh much: one
    of share s alone makes it at least sqrt(s / 2). Like every distance of shares it is above 0 by chance:
    about sqrt((k - 1) / (8 n)) for k bins and n rows in which nothing changed.

    Source: Hellinger, J. reine angew. Math. 136 (1909); Le Cam, Yang, Asymptotics in Statistics (2000).

    >>> hellinger([5, 5], [5, 5]).value, hellinger([5, 0], [0, 5]).value
    (0.0, 1.0)
    >>> round(hellinger([50, 50], [90, 10]).value, 4)
    0.3249
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    squares = (np.sqrt(a.shares) - np.sqrt(b.shares)) ** 2
    return MetricValue(float(min(np.sqrt(squares.sum() / 2), 1.0)))
