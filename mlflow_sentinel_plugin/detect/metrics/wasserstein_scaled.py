"""Wasserstein distance in standard deviations."""

from __future__ import annotations

from typing import Any

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, versioned
from mlflow_sentinel_plugin.detect.metrics.wasserstein import wasserstein


@versioned(1)
def wasserstein_scaled(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """``wasserstein`` over the reference's standard deviation.

    Range 0 to infinity; .1 is a shift by a tenth of a standard deviation, so one threshold fits all numeric
    features. A reference with far outliers has a large standard deviation, which hides changes of the rest.
    Null with ``constant`` if the reference does not vary and the window differs from it: no scale is made up.

    Source: as ``wasserstein``; divided by the population standard deviation.

    >>> import numpy as np
    >>> from mlflow_sentinel_plugin.detect.metrics.base import Counts
    >>> grid = np.array([0.0, 1.0])
    >>> side = lambda cells, **more: Counts([sum(cells)], cells=np.array(cells), grid=grid, **more)
    >>> wasserstein_scaled(side([0, 1, 0, 1, 0], sd=0.5), side([0, 0, 0, 2, 0])).value  # half move by 1
    1.0
    """
    found = wasserstein(reference, current, edges_or_levels, kind)
    if not found.value:
        return found
    sd = as_counts(reference).sd
    if not sd:
        return MetricValue(None, reason="constant" if sd == 0 else "no_sd")
    return MetricValue(found.value / sd, bound=found.bound / sd)
