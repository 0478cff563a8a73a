"""Compute metrics on a pair; what fails or is not a number becomes null with a reason."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mlflow_sentinel_plugin.detect.metrics import Metric, MetricValue
from mlflow_sentinel_plugin.detect.pair import Pair


def evaluate(metrics: Mapping[str, Metric], pair: Pair) -> dict[str, MetricValue]:
    """Each metric's value on ``pair``."""
    return {name: _guarded(metric, pair) for name, metric in metrics.items()}


def _guarded(metric: Metric, pair: Pair) -> MetricValue:
    try:
        found = metric(pair.reference, pair.current, pair.edges, pair.feature.kind)
    except Exception as error:  # a metric of another distribution must not stop the others
        return MetricValue(None, reason=f"failed: {type(error).__name__}: {error}"[:200])
    if found.value is not None and not math.isfinite(found.value):
        return MetricValue(None, reason="not_finite")
    if found.p_value is not None and not math.isfinite(found.p_value):
        return MetricValue(found.value, reason=found.reason or "p_not_finite")
    return found
