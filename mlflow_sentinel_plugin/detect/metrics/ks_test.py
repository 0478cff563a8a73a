"""Two-sample Kolmogorov-Smirnov test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import kolmogorov

from mlflow_sentinel_plugin.detect.metrics.base import (
    Counts,
    MetricValue,
    as_counts,
    empty,
    not_a_number,
    versioned,
)


@versioned(1)
def ks_test(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``D = sup |F_reference - F_window|``, with p from the Kolmogorov limit law at ``D sqrt(nm / (n + m))``.

    Range 0 to 1. D is an effect size and does not grow with the rows; p shrinks with them: at a million rows
    a shift nobody would notice has p near 0. From counts D is exact up to ``bound``, the reference's fullest
    cell between two edges (0 where each of its values is an edge). The limit law is conservative for few
    distinct values and for windows under about 50 rows. Not for categories.

    Source: Smirnov, Table for estimating the goodness of fit of empirical distributions (1948).

    >>> result = ks_test([10, 10, 10, 10], [4, 4, 4, 28])
    >>> round(result.value, 3), round(result.p_value, 4)
    (0.45, 0.0006)
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_a_number(kind) or empty(a, b)
    if refused:
        return refused
    distance = ks_distance(a, b)
    p = kolmogorov(distance * math.sqrt(a.total * b.total / (a.total + b.total)))
    return MetricValue(distance, float(p), bound=a.largest_open_cell if a.grid is not None else 0.0)


def ks_distance(reference: Counts, current: Counts) -> float:
    """D between two sides; each must hold something. Metric, effect and rule ask for it: it is remembered."""
    if current.compared is None or current.compared[0] is not reference:
        current.compared = reference, _largest_gap(reference, current)
    return current.compared[1]


def _largest_gap(reference: Counts, current: Counts) -> float:
    if not current.counted.sparse:
        gap = reference.distribution - current.distribution
    else:  # it is largest just before, or in, a cell that holds something of the window
        held, below = current.counted.held, current.counted.below / current.total
        gap = np.concatenate(
            [below[:-1] - reference.distribution[held], below[1:] - reference.distribution[held + 1]]
        )
    return float(max(gap.max(), -gap.min()))
