"""Sentences for people."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow_sentinel_plugin.detect.result import FeatureResult
from mlflow_sentinel_plugin.entities import Severity, WindowState

_SHOWN = 3
_PHRASES = {
    "location": "its values moved",
    "spread": "its spread changed",
    "shape": "its distribution changed",
    "levels": "its levels shifted",
    "missing": "missing values changed",
    "malformed": "malformed values changed",
    "unseen_levels": "unseen levels",
    "out_of_range": "values outside the reference's range",
    "all_missing": "every value is missing",
}


def summarise(
    state: WindowState,
    severity: Severity | None,
    rows: int,
    min_rows: int,
    signals: Sequence[FeatureResult],
    watched: int,
) -> str:
    """One sentence on a window."""
    if state == "insufficient_data":
        return _too_few(rows, min_rows)
    if not signals:
        return f"No drift in {watched} columns over {rows} rows."
    named = "; ".join(_phrase(signal) for signal in signals[:_SHOWN])
    more = f"; and {len(signals) - _SHOWN} more" if len(signals) > _SHOWN else ""
    what = "The schema changed" if state == "schema_changed" else "Drift"
    return f"{what} in {len(signals)} of {watched} columns over {rows} rows ({severity}): {named}{more}."


def _too_few(rows: int, min_rows: int) -> str:
    if rows < min_rows:
        return f"Not enough data: {rows} of {min_rows} rows."
    return f"Not enough data: no column has {min_rows} values in {rows} rows."


def _phrase(signal: FeatureResult) -> str:
    if signal.state == "column_gone":
        return f"{signal.name} is gone"
    if signal.state == "kind_changed":
        return f"{signal.name} is no longer {signal.kind}"
    why = _PHRASES.get(signal.reason or "", signal.reason)
    return f"{signal.name}: {why} (effect {signal.effect or 0.0:.2f})"
