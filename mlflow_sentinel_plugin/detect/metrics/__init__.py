"""Distances between a reference and a window: one file and one pure function each."""

from __future__ import annotations

from mlflow_sentinel_plugin.detect.metrics.base import Counts, Metric, MetricValue
from mlflow_sentinel_plugin.detect.metrics.chi_squared import chi_squared
from mlflow_sentinel_plugin.detect.metrics.cramers_v import cramers_v
from mlflow_sentinel_plugin.detect.metrics.hellinger import hellinger
from mlflow_sentinel_plugin.detect.metrics.js_distance import js_distance
from mlflow_sentinel_plugin.detect.metrics.js_divergence import js_divergence
from mlflow_sentinel_plugin.detect.metrics.ks_test import ks_test
from mlflow_sentinel_plugin.detect.metrics.linf import linf
from mlflow_sentinel_plugin.detect.metrics.missing_rate import missing_rate
from mlflow_sentinel_plugin.detect.metrics.psi import psi
from mlflow_sentinel_plugin.detect.metrics.total_variation import total_variation
from mlflow_sentinel_plugin.detect.metrics.unseen_rate import unseen_rate
from mlflow_sentinel_plugin.detect.metrics.wasserstein import wasserstein
from mlflow_sentinel_plugin.detect.metrics.wasserstein_scaled import wasserstein_scaled
from mlflow_sentinel_plugin.registry import Registry

__all__ = ["METRICS", "Counts", "Metric", "MetricValue"]

_BUILTIN: list[Metric] = [
    psi,
    ks_test,
    js_divergence,
    js_distance,
    wasserstein,
    wasserstein_scaled,
    hellinger,
    total_variation,
    linf,
    chi_squared,
    cramers_v,
    missing_rate,
    unseen_rate,
]

METRICS: Registry[Metric] = Registry(
    "metric", "mlflow_sentinel.metrics", {metric.__name__: metric for metric in _BUILTIN}
)
"""Built-in metrics, and those of other distributions by entry point ``mlflow_sentinel.metrics``."""
