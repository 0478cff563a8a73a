"""Population stability index."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned
from mlflow_sentinel_plugin.profile.types import FloatArray

ZERO_SHARE = 1e-4


@versioned(1)
def psi(reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric") -> MetricValue:
    """``sum((q - p) * ln(q / p))`` over bins, p and q the shares of the reference and the window.

    Range 0 to about 18. A zero share becomes 1e-4 and is not renormalised, so values compare only with tools
    that do the same on the same bins. Common reading: under .1 little, over .2 much. It misleads on small
    windows: with 50 rows and no change at all it averages .22 on ten bins.

    Source: Siddiqi, Credit Risk Scorecards (2006), ch. 10; it is the symmetrised Kullback-Leibler divergence.

    >>> round(psi([50, 50], [90, 10]).value, 3)
    0.879
    >>> round(psi([50, 50, 0], [49, 49, 2]).value, 3)
    0.106
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    p, q = _floored(a.shares), _floored(b.shares)
    return MetricValue(float((q - p) @ np.log(q / p)))


def _floored(shares: FloatArray) -> FloatArray:
    return shares if shares.all() else np.where(shares == 0, ZERO_SHARE, shares)
