"""Choose metrics and compute them on a pair; what fails or is not a number becomes null with a reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from mlflow_sentinel_plugin.detect.metrics import METRICS, Metric, MetricValue
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.errors import InvalidInput

_LONGEST_REASON = 200


def chosen(names: Iterable[str] | None) -> dict[str, Metric]:
    """The metrics of these names, or all known ones.

    Among all, one of another distribution that cannot be loaded is one that fails when it is computed.

    Raises:
        InvalidInput: a name that is not known, or whose code cannot be loaded.
    """
    if isinstance(names, str):
        raise InvalidInput(f"metrics must be a list of names, got {names!r}", hint=f"[{names!r}]")
    if names is not None:
        return {name: METRICS.get(name) for name in names}
    return {name: _loaded_or_failing(name) for name in METRICS.names()}


def _loaded_or_failing(name: str) -> Metric:
    try:
        return METRICS.get(name)
    except InvalidInput as broken:
        value = _failed(broken.message)
        return lambda *_: value


def evaluate(metrics: Mapping[str, Metric], pair: Pair) -> dict[str, MetricValue]:
    """Each metric's value on ``pair``."""
    return {name: _guarded(metric, pair) for name, metric in metrics.items()}


def _guarded(metric: Metric, pair: Pair) -> MetricValue:
    try:
        found = metric(pair.reference, pair.current, pair.edges, pair.feature.kind)
        if not isinstance(found, MetricValue):
            raise TypeError(f"it returned {type(found).__name__}, not MetricValue")
    except Exception as error:  # a metric of another distribution must not stop the others
        return _failed(f"{type(error).__name__}: {error}")
    if found.value is not None and not (math.isfinite(found.value) and math.isfinite(found.bound)):
        return MetricValue(None, reason="not_finite")
    if found.p_value is not None and not math.isfinite(found.p_value):
        return MetricValue(found.value, reason=found.reason or "p_not_finite")
    return found


def _failed(why: str) -> MetricValue:
    return MetricValue(None, reason=f"failed: {why}"[:_LONGEST_REASON])
