"""Whether a window's finding changes an alert, and whether anybody is told. Pure: no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlflow_sentinel_plugin.entities import SEVERITIES, AlertStatus, Condition, Severity, WindowState

Reason = Literal[
    "first",
    "worse",
    "reopened",
    "reminder",
    "recovered",
    "quiet",
    "digest",
    "acknowledged",
    "resolved",
    "deleted",
    "test",
]
"""Why something is told, or is not; the last four are what a person did."""
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
    """The newest alert of a condition, as far as the next decision needs it.

    Attributes:
        windows: Windows with the condition since it opened.
        clean_windows: Windows without it since the last one with it.
        fired: It took enough windows to be told of, whether or not a silence kept it.
        notified_at: Of the last message, ms; ``None`` while nobody was told.
        notified_severity: What that message said.
        resolved_at: ms; ``None`` while it is open.
    """

    status: AlertStatus
    severity: Severity
    windows: int = 1
    clean_windows: int = 0
    fired: bool = True
    notified_at: int | None = None
    notified_severity: Severity | None = None
    resolved_at: int | None = None


@dataclass(frozen=True)
class Policy:
    """When to tell.

    Attributes:
        cooldown_ms: No reminder within this time of the last message, and what fires again within it after it
            was resolved is the same alert. A rise in severity is no repeat: it is told at once.
        resolve_after: Clean windows in a row that resolve an alert, 1 or more.
        for_windows: Windows with the condition before anybody is told, 1 or more.
        reminder_ms: How long after the last message an alert that still fires is told of again; ``None``:
            never.
    """

    cooldown_ms: int = 30 * 60_000
    resolve_after: int = 2
    for_windows: int = 1
    reminder_ms: int | None = 86_400_000


@dataclass(frozen=True)
class Decision:
    """What becomes of the alert.

    Attributes:
        status: ``None`` when there is no alert and none is needed.
        action: What is sent, if anything.
        held_by: Why nobody gets the message now that is due.
    """

    status: AlertStatus | None
    reason: Reason
    text: str
    action: Action | None = None
    severity: Severity = "medium"
    windows: int = 0
    clean_windows: int = 0
    held_by: str | None = None

    @property
    def held(self) -> bool:
        """Whether a message is held back until somebody may be told."""
        return self.held_by is not None

    @property
    def notify(self) -> bool:
        """Whether a message is sent."""
        return self.action is not None

    @property
    def fires(self) -> bool:
        """Whether there is a message that it fires, sent or held."""
        return self.held or self.action == "firing"


def decide(
    current: AlertState | None, finding: Finding, policy: Policy, now: int, muted_by: str | None = None
) -> Decision:
    """What a finding does to the newest alert of its monitor and condition.

    Args:
        current: The newest alert, open or resolved; ``None`` if there is none.
        now: Wall time in ms; only cooldown and reminders look at it.
        muted_by: Why nobody is told now that it fires. That an announced alert is over is told all the same.
    """
    if current is not None and current.status == "resolved" and not _reopens(current, finding, policy, now):
        current = None
    if finding.active:
        return _with_condition(current, finding, policy, now, muted_by)
    if current is None:
        return Decision(None, "quiet", "no alert and no cause for one")
    return _clean(current, finding, policy)


def _reopens(resolved: AlertState, finding: Finding, policy: Policy, now: int) -> bool:
    """A window that is scored again opens nothing, and what nobody could hear of is no conversation."""
    if not finding.active or finding.previous or not resolved.fired or resolved.resolved_at is None:
        return False
    return now - resolved.resolved_at < policy.cooldown_ms


def _with_condition(
    current: AlertState | None, finding: Finding, policy: Policy, now: int, muted_by: str | None
) -> Decision:
    if current is None and finding.previous:
        return Decision(None, "quiet", "the window was scored again; its alert is already over")
    windows = (current.windows if current else 0) + (0 if finding.previous else 1)
    reason, text = _why(current, finding, windows, policy, now)
    clean = current.clean_windows if current and finding.previous else 0
    status: AlertStatus = current.status if current and reason not in ("worse", "reopened") else "firing"
    action: Action | None = None if reason == "quiet" else "firing"
    held_by = muted_by if action else None
    if held_by and reason == "reminder":
        held_by, text = None, f"{text}; not told: {muted_by}"
    if muted_by is not None:
        action = None
    return Decision(status, reason, text, action, finding.severity, windows, clean, held_by)


def _why(
    current: AlertState | None, finding: Finding, windows: int, policy: Policy, now: int
) -> tuple[Reason, str]:
    if current is not None and current.resolved_at is not None:
        return "reopened", f"fires again {_span(now - current.resolved_at)} after it was resolved"
    unknown = current is None or (current.notified_at is None and current.status != "acknowledged")
    if current is None or unknown:
        if windows < policy.for_windows:
            return "quiet", f"{windows} of the {policy.for_windows} windows that it takes"
        return "first", "first message of this alert"
    told = current.notified_severity or current.severity
    if SEVERITIES.index(finding.severity) > SEVERITIES.index(told):
        return "worse", f"severity rose from {told} to {finding.severity}"
    return _again(current, finding, policy, now)


def _again(current: AlertState, finding: Finding, policy: Policy, now: int) -> tuple[Reason, str]:
    if current.status == "acknowledged" or current.notified_at is None:
        return "quiet", "acknowledged, and not worse than it was"
    elapsed = now - current.notified_at
    due = policy.reminder_ms is not None and elapsed >= max(policy.reminder_ms, policy.cooldown_ms)
    if finding.previous or not due:
        return "quiet", f"not worse than the last message, {_span(elapsed)} ago"
    return "reminder", f"still so {_span(elapsed)} after the last message"


def _clean(current: AlertState, finding: Finding, policy: Policy) -> Decision:
    clean = current.clean_windows + (1 if finding.previous is None else 0)
    severity, windows = current.severity, current.windows
    if not current.fired and clean:
        return Decision(
            "resolved", "quiet", "gone before it took enough windows", None, severity, windows, clean
        )
    if clean < policy.resolve_after:
        text = f"{clean} of the {policy.resolve_after} clean windows that resolve it"
        return Decision(current.status, "quiet", text, None, severity, windows, clean)
    in_a_row = "1 clean window" if clean == 1 else f"{clean} clean windows in a row"
    action: Action | None = "resolved" if current.notified_at is not None else None
    text = in_a_row if action else f"{in_a_row}; nobody was told that it fired"
    return Decision("resolved", "recovered", text, action, severity, windows, clean)


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
