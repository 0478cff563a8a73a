"""A detector with a monitor's settings, and its results in the words of store and alerts."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_sentinel_plugin.alert.decide import FeatureFinding
from mlflow_sentinel_plugin.config import ResolvedSettings
from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.history import History
from mlflow_sentinel_plugin.detect.result import FeatureResult, MetricResult, WindowResult
from mlflow_sentinel_plugin.detect.thresholds import metric_of
from mlflow_sentinel_plugin.entities import FeatureSettings
from mlflow_sentinel_plugin.pipeline.ready_made import importances_of
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store.windows import FeatureScore, Verdict

EFFECT = "effect"
"""Named in alerts when no single metric decided."""


def detector_of(settings: ResolvedSettings, baseline: Baseline, history: History | None = None) -> Detector:
    """The detector a monitor asks for.

    Raises:
        InvalidInput: a metric or threshold that is not installed (any more).
    """
    return Detector(
        baseline,
        rule=settings.rule,
        metrics=settings.algorithms,
        thresholds=settings.thresholds,
        features=_with_importances(settings.features, importances_of(baseline.source)),
        min_rows=settings.min_rows,
        timed=settings.timestamp_column is not None and settings.window.rows is None,
        state=history,
    )


def _with_importances(
    said: Mapping[str, FeatureSettings], known: Mapping[str, float]
) -> dict[str, FeatureSettings]:
    """What is said of each feature, with the importance that came with the baseline where none is said."""
    filled = dict(said)
    for name, importance in known.items():
        own = said.get(name, FeatureSettings())
        if own.importance is None:
            filled[name] = own.model_copy(update={"importance": importance})
    return filled


def verdict_of(result: WindowResult, detector: Detector) -> Verdict:
    """What is stored of the result of a detector's last check."""
    return Verdict(
        state=result.state,
        severity=result.severity,
        score=result.score,
        result=result.to_dict(),
        features=[_score(feature) for feature in result.features.values() if feature.state != "ignored"],
        memory=detector.history.windows[-1][1].to_json() if result.rule == "calibrated" else None,
    )


def _score(feature: FeatureResult) -> FeatureScore:
    stored = feature.to_dict()
    return FeatureScore(
        feature=feature.name,
        state=feature.state,
        effect=stored["effect"],
        p_value=stored["p_value"],
        scores=stored["metrics"],
    )


def signals_of(result: WindowResult, settings: ResolvedSettings) -> tuple[FeatureFinding, ...]:
    """The features with a signal, worst first, as alerts tell of them."""
    return tuple(_signal(feature, settings) for feature in result.signals)


def _signal(feature: FeatureResult, settings: ResolvedSettings) -> FeatureFinding:
    own = settings.features.get(feature.name, FeatureSettings())
    metric, value, threshold = EFFECT, feature.effect, None
    if settings.rule == "thresholds":
        metric, value, threshold = _beyond(feature.metrics, {**settings.thresholds, **own.thresholds}) or (
            metric,
            value,
            threshold,
        )
    return FeatureFinding(
        feature=feature.name,
        metric=None if value is None else metric,
        value=value,
        threshold=threshold,
        reason=feature.text or feature.reason or feature.state,
        rows=feature.n_current,
        hidden=own.values == "hide",
    )


def _beyond(
    metrics: Mapping[str, MetricResult], thresholds: Mapping[str, float]
) -> tuple[str, float, float] | None:
    """The first threshold that a metric is beyond: its name, the value and the threshold."""
    for name, threshold in thresholds.items():
        metric, on_p = metric_of(name)
        found = metrics.get(metric)
        value = None if found is None else (found.p_value if on_p else found.value)
        if value is not None and (value < threshold if on_p else value > threshold):
            return name, value, threshold
    return None
