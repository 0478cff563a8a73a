"""Distances between a reference and a window: one file and one pure function each."""

from __future__ import annotations

from mlflow_sentinel_plugin.detect.metrics.base import Counts, Metric, MetricValue
from mlflow_sentinel_plugin.detect.metrics.js_divergence import js_divergence
from mlflow_sentinel_plugin.detect.metrics.ks_test import ks_test
from mlflow_sentinel_plugin.detect.metrics.missing_rate import missing_rate
from mlflow_sentinel_plugin.detect.metrics.psi import psi
from mlflow_sentinel_plugin.detect.metrics.unseen_rate import unseen_rate
from mlflow_sentinel_plugin.registry import Registry

__all__ = ["METRICS", "Counts", "Metric", "MetricValue"]

METRICS: Registry[Metric] = Registry(
    "metric",
    "mlflow_sentinel.metrics",
    {
        "psi": psi,
        "ks_test": ks_test,
        "js_divergence": js_divergence,
        "missing_rate": missing_rate,
        "unseen_rate": unseen_rate,
    },
)
"""Built-in metrics, and those of other distributions by entry point ``mlflow_sentinel.metrics``."""
