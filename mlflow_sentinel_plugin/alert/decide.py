"""Whether a window's finding changes an alert, and whether anybody is told. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlflow_sentinel_plugin.entities import SEVERITIES, AlertStatus, Condition, Severity, WindowState

Reason = Literal["first", "worse", "reminder", "recovered", "quiet", "acknowledged", "resolved", "test"]
"""Why something is told, or is not; the last three are what a person did."""
Action = Literal["firing", "acknowledged", "resolved"]


@dataclass(frozen=True)
class FeatureFinding:
    """What was seen of one feature.

    Attributes:
        value: Of ``metric``; null where the finding is no number, such as a column that is gone.
        rows: Rows of the window that ``value`` was computed from.
        reason: Why this feature is listed, in words.
        hidden: The feature says ``values: hide``: ``reason`` may name values and is withheld.
    """

    feature: str
    metric: str | None = None
    value: float | None = None
    threshold: float | None = None
    reason: str | None = None
    rows: int | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Finding:
    """What one scored window says of one condition of a monitor.

    Attributes:
        active: The window has the condition.
        summary: One sentence; names no values of features.
        features: Worst first.
        at_ms: The window's end.
        previous: ``None`` when the window is scored for the first time (for this condition); else what its
            last verdict said. A window counts once, however often it is scored.
    """

    monitor: str
    condition: Condition
    active: bool
    severity: Severity = "medium"
    summary: str = ""
    features: tuple[FeatureFinding, ...] = ()
    event_id: str | None = None
    at_ms: int = 0
    previous: bool | None = None


@dataclass(frozen=True)
class AlertState:
    """An open alert, as far as the next decision needs it.

    Attributes:
        windows: Windows with the condition since it opened.
        clean_windows: Windows without it since the last one with it.
        notified_at: Of the last message, ms; ``None`` while nobody was told.
        notified_severity: What that message said.
    """

    status: AlertStatus
    severity: Severity
    windows: int = 1
    clean_windows: int = 0
    notified_at: int | None = None
    notified_severity: Severity | None = None


@dataclass(frozen=True)
class Policy:
    """When to tell.

    Attributes:
        cooldown_ms: No repeat of the same message within this time. A rise in severity is no repeat.
        resolve_after: Clean windows in a row that resolve an alert, 1 or more.
        for_windows: Windows with the condition before anybody is told, 1 or more.
    """

    cooldown_ms: int = 30 * 60_000
    resolve_after: int = 2
    for_windows: int = 1


@dataclass(frozen=True)
class Decision:
    """What becomes of the alert.

    ``status`` is ``None`` when there is none and none is needed; ``action`` is what is sent, if anything.
    """

    status: AlertStatus | None
    reason: Reason
    text: str
    action: Action | None = None
    severity: Severity = "medium"
    windows: int = 0
    clean_windows: int = 0

    @property
    def notify(self) -> bool:
        """Whether a message is sent."""
        return self.action is not None


def decide(current: AlertState | None, finding: Finding, policy: Policy, now: int) -> Decision:
    """What a finding does to the open alert of its monitor and condition.

    Args:
        current: The open alert, ``None`` if there is none.
        now: Wall time in ms; only the cooldown looks at it.
    """
    if finding.active:
        return _with_condition(current, finding, policy, now)
    if current is None:
        return Decision(None, "quiet", "no alert and no cause for one")
    return _clean(current, finding, policy)


def _with_condition(current: AlertState | None, finding: Finding, policy: Policy, now: int) -> Decision:
    if current is None and finding.previous:
        return Decision(None, "quiet", "the window was scored again; its alert is already over")
    windows = (current.windows if current else 0) + (0 if finding.previous else 1)
    reason, text = _why(current, finding, windows, policy, now)
    clean = current.clean_windows if current and finding.previous else 0
    status: AlertStatus = current.status if current and reason != "worse" else "firing"
    action: Action | None = None if reason == "quiet" else "firing"
    return Decision(status, reason, text, action, finding.severity, windows, clean)


def _why(
    current: AlertState | None, finding: Finding, windows: int, policy: Policy, now: int
) -> tuple[Reason, str]:
    if current is None or current.notified_at is None:
        if windows < policy.for_windows:
            return "quiet", f"{windows} of the {policy.for_windows} windows that it takes"
        return "first", "first message of this alert"
    told = current.notified_severity or current.severity
    if SEVERITIES.index(finding.severity) > SEVERITIES.index(told):
        return "worse", f"severity rose from {told} to {finding.severity}"
    if current.status == "acknowledged":
        return "quiet", "acknowledged, and not worse than the last message said"
    elapsed = now - current.notified_at
    if finding.previous or elapsed < policy.cooldown_ms:
        return "quiet", f"not worse than the last message, {_span(elapsed)} ago"
    return "reminder", f"still so {_span(elapsed)} after the last message"


def _clean(current: AlertState, finding: Finding, policy: Policy) -> Decision:
    clean = current.clean_windows + (1 if finding.previous is None else 0)
    severity, windows = current.severity, current.windows
    if current.notified_at is None and clean:
        return Decision("resolved", "quiet", "gone before anybody was told", None, severity, windows, clean)
    if clean < policy.resolve_after:
        text = f"{clean} of the {policy.resolve_after} clean windows that resolve it"
        return Decision(current.status, "quiet", text, None, severity, windows, clean)
    in_a_row = "1 clean window" if clean == 1 else f"{clean} clean windows in a row"
    return Decision("resolved", "recovered", in_a_row, "resolved", severity, windows, clean)


def _span(ms: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= size:
            return f"{ms // size} {unit}"
    return f"{max(ms, 0) // 1000} s"


def findings_of_window(
    state: WindowState,
    *,
    monitor: str,
    severity: Severity | None,
    summary: str,
    features: tuple[FeatureFinding, ...],
    event_id: str | None,
    at_ms: int,
    previous_state: WindowState | None,
) -> list[Finding]:
    """The findings of a scored window, one per condition that it can judge.

    ``schema_changed`` says nothing of drift (so it mutes drift, and never resolves it), ``insufficient_data``
    and ``no_data`` neither.

    Args:
        previous_state: The window's last verdict, ``None`` when this is its first.
    """
    found = []
    for condition, verdict in _judged(state).items():
        before = _judged(previous_state).get(condition) if previous_state else None
        found.append(
            Finding(
                monitor=monitor,
                condition=condition,
                active=verdict,
                severity=severity or "medium",
                summary=summary,
                features=features,
                event_id=event_id,
                at_ms=at_ms,
                previous=before,
            )
        )
    return found


def _judged(state: WindowState) -> dict[Condition, bool]:
    if state == "no_data":
        return {}
    if state == "schema_changed":
        return {"schema_changed": True}
    if state == "insufficient_data":
        return {"schema_changed": False}
    return {"schema_changed": False, "drift": state == "drift"}
