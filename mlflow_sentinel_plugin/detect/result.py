"""What a check of a window says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mlflow_sentinel_plugin.entities import FeatureState, Kind, Role, Severity, WindowState

SIGNAL_STATES: frozenset[FeatureState] = frozenset({"drift", "column_gone", "kind_changed"})


@dataclass(frozen=True)
class MetricResult:
    """A metric's value; ``None`` with a reason where it cannot be computed.

    ``version`` is that of the metric's definition; the value is off by at most ``bound`` (0: exact).
    """

    value: float | None
    p_value: float | None = None
    reason: str | None = None
    version: int = 1
    bound: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": _finite(self.value),
            "p_value": _finite(self.p_value),
            "reason": self.reason,
            "version": self.version,
            "bound": _finite(self.bound),
        }


@dataclass(frozen=True)
class FeatureResult:
    """What a check says of one feature.

    Attributes:
        reason: Why it is in its state: ``location``, ``spread``, ``shape``, ``levels``, ``missing``,
            ``malformed``, ``unseen_levels``, ``out_of_range``, ``all_missing``, or metrics beyond thresholds.
        text: ``reason`` in words, with the numbers it stands on.
        effect: 0..1; numeric: KS distance D, categorical: total variation, or the change of the share
            without a usable value if that is larger. ``None`` if nothing was compared.
        p_value: Of the rule's tests together (``calibrated``), or the smallest that has a threshold.
        n_reference, n_current: Rows with a usable value on either side.
        missing: Missing or absent, as a share of the window's rows. ``malformed``: likewise.
        unseen: Unseen levels or values beyond the reference's range, as a share of present values.
    """

    name: str
    kind: Kind
    role: Role
    state: FeatureState
    reason: str | None = None
    effect: float | None = None
    p_value: float | None = None
    n_reference: int = 0
    n_current: int = 0
    missing: float | None = None
    unseen: float | None = None
    malformed: float | None = None
    metrics: Mapping[str, MetricResult] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    text: str | None = None

    @property
    def drifted(self) -> bool:
        """Whether this is a signal: drift, a column gone, or a kind changed."""
        return self.state in SIGNAL_STATES

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "role": self.role,
            "state": self.state,
            "drifted": self.drifted,
            "reason": self.reason,
            "text": self.text,
            "effect": _finite(self.effect),
            "p_value": _finite(self.p_value),
            "n_reference": self.n_reference,
            "n_current": self.n_current,
            "missing": _finite(self.missing),
            "unseen": _finite(self.unseen),
            "malformed": _finite(self.malformed),
            "metrics": {name: metric.to_dict() for name, metric in self.metrics.items()},
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class WindowResult:
    """What a check says of a window.

    Attributes:
        state: ``ok``, ``drift``, ``insufficient_data`` or ``schema_changed``.
        severity, score: See :mod:`.severity`; ``None`` and 0 without a signal.
        rows, reference_rows: Rows of the window and of the reference.
        features: Column -> result, in the baseline's order.
        baseline: The baseline's digest.
        notes: Remarks for people, such as columns the baseline does not have.
        summary: One sentence.
        start, end: The window's bounds in RFC 3339, if given.
    """

    state: WindowState
    severity: Severity | None
    score: float
    rows: int
    reference_rows: int
    features: Mapping[str, FeatureResult]
    baseline: str
    rule: str
    summary: str
    notes: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None

    @cached_property
    def signals(self) -> list[FeatureResult]:
        """The drifted features, worst first."""
        found = [feature for feature in self.features.values() if feature.drifted]
        return sorted(
            found, key=lambda f: (-(f.effect or 0.0), 1.0 if f.p_value is None else f.p_value, f.name)
        )

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON: ``None`` with a reason instead of NaN or infinity."""
        return {
            "state": self.state,
            "severity": self.severity,
            "score": _finite(self.score),
            "rows": self.rows,
            "n_reference": self.reference_rows,
            "baseline_digest": self.baseline,
            "rule": self.rule,
            "summary": self.summary,
            "signals": [feature.to_dict() for feature in self.signals],
            "features": [feature.to_dict() for feature in self.features.values()],
            "notes": list(self.notes),
            "start": self.start,
            "end": self.end,
        }


def _finite(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None
