"""Drift monitoring inside the MLflow tracking server.

The engine works on its own, without a server or a database::

    from mlflow_sentinel_plugin import compare
    result = compare(reference, current)

Public names are imported on first use, so importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.client.baseline_log import log_baseline
    from mlflow_sentinel_plugin.detect.api import (
        Detector,
        FeatureResult,
        MetricResult,
        WindowResult,
        compare,
        histogram,
    )
    from mlflow_sentinel_plugin.detect.metrics import Counts, MetricValue
    from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile

__version__ = "0.1.0"

__all__ = [
    "Baseline",
    "Counts",
    "Detector",
    "FeatureResult",
    "MetricResult",
    "MetricValue",
    "Profile",
    "WindowResult",
    "__version__",
    "compare",
    "histogram",
    "log_baseline",
]

_HOME = {
    "Baseline": "profile.baseline",
    "Profile": "profile.baseline",
    "Counts": "detect.metrics",
    "MetricValue": "detect.metrics",
    "log_baseline": "client.baseline_log",
}
"""Module of each public name that is not in ``detect.api``."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOME.get(name, 'detect.api')}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
