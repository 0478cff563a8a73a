"""How one version of a baseline differs from another."""

from __future__ import annotations

from mlflow_sentinel_plugin.config import ResolvedSettings
from mlflow_sentinel_plugin.detect.result import WindowResult
from mlflow_sentinel_plugin.pipeline.judging import detector_of
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.regrid import as_window


def diff(reference: Baseline, current: Baseline, settings: ResolvedSettings) -> WindowResult:
    """The verdict that the rows of ``current`` would get as one window against ``reference``."""
    return detector_of(settings, reference).check(as_window(current, reference))
