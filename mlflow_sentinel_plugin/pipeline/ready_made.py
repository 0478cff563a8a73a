"""Baselines that were learned elsewhere: where the training data is, with only kilobytes sent here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.entities import Rule
from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput, SentinelError
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.untrusted import read_baseline

_RULES: tuple[Rule, ...] = ("calibrated", "thresholds")
_TRIAL_ROWS = 64
"""Enough that the rules compute all they compute."""


def usable_baseline(data: bytes) -> Baseline:
    """The baseline, once a trial has shown that rows can be counted on it and judged.

    Raises:
        TooLarge: over 8 MB.
        InvalidInput: damaged, of another version, or not to be used.
    """
    try:
        return _tried(read_baseline(data))
    except CorruptData as error:
        raise InvalidInput(
            error.message, hint=error.hint or "make it again with log_baseline", code="corrupt_baseline"
        ) from error


def _tried(baseline: Baseline) -> Baseline:
    try:
        profile = baseline.profile(_trial(baseline))
        for rule in _RULES:
            Detector(baseline, rule=rule, min_rows=1).check(profile)
    except SentinelError:
        raise
    except Exception as error:
        # Bytes that somebody made by hand: whatever they lead to must not reach the background jobs.
        raise CorruptData(f"this baseline cannot be used: {type(error).__name__}: {error}") from error
    return baseline


def importances_of(source: Mapping[str, Any]) -> dict[str, float]:
    """Feature importances, 0..1, that came with a baseline; none that make no sense."""
    given = source.get("importances")
    if not isinstance(given, Mapping):
        return {}
    return {name: float(value) for name, value in given.items() if _is_share(value)}


def _trial(baseline: Baseline) -> pa.Table:
    """Rows with a value that each column knows, one it does not, and none."""
    columns = {}
    for name, feature in baseline.counted.items():
        if feature.has_levels:
            values: list[Any] = [*feature.levels[:1], "a level that it does not have", None]
        else:
            values = [*feature.edges[:1].tolist(), 0.5, None]
        columns[name] = (values * _TRIAL_ROWS)[:_TRIAL_ROWS]
    return pa.table(columns)


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
