"""From a finding to what is reported of a feature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mlflow_sentinel_plugin.detect.finding import Finding
from mlflow_sentinel_plugin.detect.linear import count_statistics
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.detect.result import FeatureResult, MetricResult
from mlflow_sentinel_plugin.detect.side_tests import MISSING_FLOOR
from mlflow_sentinel_plugin.detect.tails import two_sided
from mlflow_sentinel_plugin.entities import FeatureSettings, FeatureState
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline

UNSEEN_LEVELS = "unseen levels: "
"""A note that begins so names values."""

_NAMES_SHOWN = 5
_ALL_MISSING_P = 0.003
_WORTH_SAYING = 0.25
"""A bound that is a larger share of its value is worth a note."""


def ignored(feature: FeatureBaseline) -> FeatureResult:
    """A column that is not compared: by its role, its kind, or the user's word."""
    why = feature.role if feature.counted is False and feature.role in ("timestamp", "id") else "ignored"
    return FeatureResult(
        feature.name, feature.kind, feature.role, "ignored", reason=why, n_reference=feature.present
    )


def unlike(pair: Pair, state: FeatureState, reason: str) -> FeatureResult:
    """A column that is gone or of another kind: the largest possible effect."""
    return _result(pair, state, reason, 1.0 if state != "ignored" else None, None)


def describe(
    pair: Pair,
    finding: Finding,
    metrics: Mapping[str, MetricResult],
    min_rows: int | None,
    settings: FeatureSettings,
) -> FeatureResult:
    """A compared column. ``min_rows`` is ``None`` where the whole window has too few rows to judge."""
    state, reason = _state(pair, finding, min_rows)
    effect = None if not pair.current.rows else pair.effect
    notes = (*finding.notes, *_notes(pair, settings), *_bounds(metrics))
    text = finding.text if state == "drift" and reason == finding.reason else None
    return _result(pair, state, reason, effect, finding.p_value, metrics, notes, text)


def _state(pair: Pair, finding: Finding, min_rows: int | None) -> tuple[FeatureState, str | None]:
    if min_rows is None:
        if finding.drifted:  # the windows before this one hold rows enough
            return "drift", finding.reason
        return "insufficient_data", f"the window has {pair.current.rows} rows"
    if pair.n_current == 0 and _newly_empty(pair):
        return "drift", "all_missing"
    if finding.drifted:
        return "drift", finding.reason
    if not pair.n_reference:
        return "insufficient_data", "the reference has no value"
    if pair.n_current < min_rows:
        return "insufficient_data", f"{pair.n_current} of {min_rows} values"
    return "ok", None


def _newly_empty(pair: Pair) -> bool:
    """Every value is missing, which the reference's own missing rate does not explain."""
    before, now = pair.unusable
    both = pair.current.rows + pair.reference.rows
    z, g = count_statistics(np.array([now]), np.array([before + now]), pair.current.rows, both)
    return pair.unusable_moved >= MISSING_FLOOR and float(two_sided(z, g)[0]) <= _ALL_MISSING_P


def _notes(pair: Pair, settings: FeatureSettings) -> list[str]:
    notes = []
    if pair.precision is not None:
        notes.append(f"the window's values have {_precision_text(pair.precision)}; both sides compared so")
    if pair.counts.finer:
        own = _precision_text(pair.feature.precision or "")
        notes.append(f"{pair.counts.finer} values were finer than the reference's {own}; rounded to it")
    if pair.counts.infinite:
        notes.append(f"{pair.counts.infinite} infinite values, counted as beyond the range")
    if pair.counts.malformed:
        notes.append(f"{pair.counts.malformed} values are not {pair.feature.kind}")
    if pair.counts.absent:
        notes.append(f"{pair.counts.absent} rows came without this column")
    if pair.counts.names and settings.values == "show":
        notes.append(UNSEEN_LEVELS + _named(pair.counts.names))
    return notes


def _bounds(metrics: Mapping[str, MetricResult]) -> Iterator[str]:
    for name, metric in metrics.items():
        if metric.bound > _WORTH_SAYING * (metric.value or 0.0):
            yield f"{name} is off by at most {metric.bound:.3g}: counts say no more"


def _named(names: Mapping[str, int]) -> str:
    ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name!r} ({count})" for name, count in ranked[:_NAMES_SHOWN])
    return shown + (", ..." if len(ranked) > _NAMES_SHOWN else "")


def _precision_text(precision: str) -> str:
    rule, _, places = precision.partition(":")
    texts = {"decimals": f"{places} decimals", "digits": f"{places} significant digits"}
    return texts.get(rule, "float32 precision")


def _result(
    pair: Pair,
    state: FeatureState,
    reason: str | None,
    effect: float | None,
    p_value: float | None,
    metrics: Mapping[str, MetricResult] | None = None,
    notes: tuple[str, ...] = (),
    text: str | None = None,
) -> FeatureResult:
    rows = pair.current.rows
    return FeatureResult(
        pair.feature.name,
        pair.feature.kind,
        pair.feature.role,
        state,
        reason,
        effect,
        p_value,
        pair.n_reference,
        pair.n_current,
        pair.missing_share if rows else None,
        pair.unseen_share,
        pair.counts.malformed / rows if rows else None,
        metrics or {},
        notes,
        text,
    )
