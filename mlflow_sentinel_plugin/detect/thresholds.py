"""The rule ``thresholds``: any enabled metric beyond its threshold is drift. Simple, well known, noisy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mlflow_sentinel_plugin.detect.finding import Finding
from mlflow_sentinel_plugin.detect.metrics import METRICS, MetricValue
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.errors import InvalidInput

DEFAULT_THRESHOLDS: Mapping[str, float] = {"psi": 0.2, "ks_test_pvalue": 0.05, "js_divergence": 0.1}
P_SUFFIX = "_pvalue"
_ANY_ROWS = ("missing_rate",)


def metric_of(threshold: str) -> tuple[str, bool]:
    """The metric a threshold's name speaks of, and whether of its p-value.

    >>> metric_of("psi"), metric_of("ks_test_pvalue")
    (('psi', False), ('ks_test', True))

    Raises:
        InvalidInput: no such metric; the message lists the known ones.
    """
    if threshold in METRICS:
        return threshold, False
    name = threshold.removesuffix(P_SUFFIX)
    METRICS.get(name)
    return name, True


def checked_thresholds(thresholds: Mapping[str, float]) -> dict[str, float]:
    """``thresholds`` if every name speaks of a metric and every value is a finite number (p-values: 0..1)."""
    for name, value in thresholds.items():
        _, on_p = metric_of(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < float("inf"):
            raise InvalidInput(f"threshold {name!r} is {value!r}", hint="a finite number is needed")
        if on_p and not 0 <= value <= 1:
            raise InvalidInput(f"threshold {name!r} is {value}", hint="a p-value is between 0 and 1")
    return dict(thresholds)


def judge_thresholds(
    pairs: Sequence[Pair],
    metrics: Sequence[Mapping[str, MetricValue]],
    min_rows: int,
    thresholds_of: Callable[[str], Mapping[str, float]],
) -> list[Finding]:
    """One finding per pair, by thresholds per feature name.

    ``<metric>`` is beyond its threshold when its value is larger, ``<metric>_pvalue`` when its p is smaller;
    equality never is. A window with fewer than ``min_rows`` rows is not judged; features with fewer values
    are judged by their missing rate alone.
    """
    return [
        _judge(thresholds_of(pair.feature.name), values, pair.n_current >= min_rows)
        if pair.current.rows >= min_rows
        else Finding(False)
        for pair, values in zip(pairs, metrics, strict=True)
    ]


def _judge(thresholds: Mapping[str, float], values: Mapping[str, MetricValue], enough: bool) -> Finding:
    beyond = list(_beyond(thresholds, values, enough))
    p_values = [values[name].p_value for name, on_p in map(metric_of, thresholds) if on_p and name in values]
    known = [p for p in p_values if p is not None]
    return Finding(bool(beyond), "; ".join(beyond) or None, min(known, default=None))


def _beyond(
    thresholds: Mapping[str, float], values: Mapping[str, MetricValue], enough: bool
) -> Iterator[str]:
    for threshold, limit in thresholds.items():
        name, on_p = metric_of(threshold)
        found = values.get(name)
        if found is None or not (enough or name in _ANY_ROWS):
            continue
        if on_p and found.p_value is not None and found.p_value < limit:
            yield f"{name} p {found.p_value:.3g} < {limit:g}"
        if not on_p and found.value is not None and found.value > limit:
            yield f"{name} {found.value:.3g} > {limit:g}"
