"""The engine's public functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.histogram import histogram
from mlflow_sentinel_plugin.detect.result import FeatureResult, MetricResult, WindowResult
from mlflow_sentinel_plugin.detect.samples import samples_of
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.table import blocks, to_table

__all__ = ["Detector", "FeatureResult", "MetricResult", "WindowResult", "compare", "histogram"]

_BASELINE_OPTIONS = ("roles", "timestamp", "time_ordered", "window_rows", "grid_size", "untyped")
_DETECTOR_OPTIONS = ("thresholds", "features", "min_rows")


def compare(
    reference: Any,
    current: Any,
    *,
    kinds: Mapping[str, str] | None = None,
    rule: str = "calibrated",
    metrics: Iterable[str] | None = None,
    **options: Any,
) -> WindowResult:
    """Compare two tables: has ``current`` drifted from ``reference``?

    Args:
        reference: Training rows: pandas, polars, pyarrow, or a dict of arrays.
        current: Live rows, likewise, or an iterable of such tables.
        kinds: Column -> kind, where it should not be inferred from ``reference``.
        rule: ``calibrated`` (default) or ``thresholds``.
        metrics: Metrics to compute; default all known ones.
        **options: ``roles, timestamp, time_ordered, window_rows, grid_size, untyped`` as in
            :meth:`Baseline.from_data`;
            ``thresholds, features, min_rows`` as in :class:`Detector`.

    Raises:
        InvalidInput: tables, names or options that make no sense; says which and what would be right.

    >>> import numpy as np
    >>> r = np.random.default_rng(0)
    >>> result = compare({"age": r.normal(40, 10, 2000)}, {"age": r.normal(47, 10, 500)})
    >>> result.state, result.features["age"].reason, result.features["age"].effect > 0.2
    ('drift', 'location', True)
    """
    unknown = sorted(set(options) - {*_BASELINE_OPTIONS, *_DETECTOR_OPTIONS})
    if unknown:
        known = ", ".join([*_BASELINE_OPTIONS, *_DETECTOR_OPTIONS])
        raise InvalidInput(f"compare has no option {unknown[0]!r}", hint=f"options: {known}")
    learned = {name: value for name, value in options.items() if name in _BASELINE_OPTIONS}
    judged = {name: value for name, value in options.items() if name in _DETECTOR_OPTIONS}
    before, now = to_table(reference), list(blocks(current))
    baseline = Baseline.from_data(before, kinds=kinds, **learned)
    detector = Detector(baseline, rule=rule, metrics=metrics, **judged)
    return detector.check(baseline.profile(now), samples=samples_of(baseline, [before], now))
