"""Jensen-Shannon distance."""

from __future__ import annotations

import math
from typing import Any

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, versioned
from mlflow_sentinel_plugin.detect.metrics.js_divergence import js_divergence


@versioned(1)
def js_distance(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """The square root of ``js_divergence`` (base 2): a metric in the sense of the triangle inequality.

    Range 0 to 1. It is the larger number: a divergence of .01 is a distance of .1, so thresholds of the two
    must not be mixed up. Other tools use this under the name "Jensen-Shannon", some of them in nats.

    Source: Endres, Schindelin, A new metric for probability distributions, IEEE Trans. Inf. Theory 49 (2003).

    >>> round(js_distance([50, 50], [90, 10]).value, 4)
    0.3831
    """
    found = js_divergence(reference, current, edges_or_levels, kind)
    return found if found.value is None else MetricValue(math.sqrt(found.value))
