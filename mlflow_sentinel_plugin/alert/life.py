"""What people do to an alert: acknowledge, resolve, comment. One transaction each, messages included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert import outbox
from mlflow_sentinel_plugin.alert.decide import Decision, FeatureFinding, Finding
from mlflow_sentinel_plugin.alert.message import Subject
from mlflow_sentinel_plugin.entities import AlertStatus, Condition, Severity
from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.store import alerts
from mlflow_sentinel_plugin.store.models import Alert, Monitor


@dataclass(frozen=True)
class Act:
    """Something a person does.

    Attributes:
        by: The signed-in user; ``None`` on a server without a login.
        comment: What they say to it.
        at_ms: When.
    """

    by: str | None
    at_ms: int
    comment: str | None = None


def acknowledge(
    session: Session, alerting: outbox.Alerting, alert: Alert, monitor: Monitor, act: Act
) -> None:
    """Somebody looks after the alert: no reminders from now on; who was told of it hears so.

    Args:
        alert: Read for update in this transaction.

    Raises:
        Conflict: it is resolved.
    """
    _require_open(alert)
    if alert.status != "acknowledged":
        alert.status, alert.acknowledged_at, alert.acknowledged_by = "acknowledged", act.at_ms, act.by
        alert.held = None
        _tell(session, alerting, alert, monitor, act, "acknowledged")
    _note(session, alert, act, "acknowledged")


def resolve(session: Session, alerting: outbox.Alerting, alert: Alert, monitor: Monitor, act: Act) -> None:
    """Somebody says that it is over; who was told of it hears so.

    Args:
        alert: Read for update in this transaction.

    Raises:
        Conflict: it is resolved.
    """
    _require_open(alert)
    alert.status, alert.resolved_at, alert.resolved_by = "resolved", act.at_ms, act.by
    alert.held = None
    _tell(session, alerting, alert, monitor, act, "resolved")
    _note(session, alert, act, "resolved")


def farewell(session: Session, alerting: outbox.Alerting, monitor: Monitor, act: Act) -> None:
    """The monitor is about to be deleted: who was told that it fires hears that it is over."""
    for alert in alerts.open_of(session, monitor.id):
        alert.status, alert.resolved_at, alert.resolved_by = "resolved", act.at_ms, act.by
        _tell(session, alerting, alert, monitor, act, "resolved", "deleted")


def comment(session: Session, _alerting: outbox.Alerting, alert: Alert, _monitor: Monitor, act: Act) -> None:
    """Somebody says something; it stays in the alert's log.

    Args:
        alert: Read for update in this transaction.

    Raises:
        Conflict: it is resolved.
    """
    _require_open(alert)
    _note(session, alert, act, "comment")


def _require_open(alert: Alert) -> None:
    if alert.status == "resolved":
        raise Conflict(
            "the alert is resolved",
            hint="its log stays; if it fires again, it is open again",
            code="alert_resolved",
        )


def _note(session: Session, alert: Alert, act: Act, reason: str) -> None:
    alert.updated_at = act.at_ms
    alerts.add_log(
        session, alert.id, at_ms=act.at_ms, reason=reason, text=act.comment or reason, actor=act.by
    )


def _tell(
    session: Session,
    alerting: outbox.Alerting,
    alert: Alert,
    monitor: Monitor,
    act: Act,
    action: Literal["acknowledged", "resolved"],
    reason: Literal["deleted"] | None = None,
) -> None:
    who = f" by {act.by}" if act.by else ""
    what = "the monitor was deleted" if reason else action
    text = f"{what}{who}" + (f": {act.comment}" if act.comment else "")
    status, severity = cast(AlertStatus, alert.status), cast(Severity, alert.severity)
    decision = Decision(status, reason or action, text, action, severity)
    finding = Finding(
        monitor=monitor.name,
        condition=cast(Condition, alert.condition),
        active=action != "resolved",
        severity=cast(Severity, alert.severity),
        summary=alert.summary,
        features=tuple(FeatureFinding(name) for name in alert.features),
    )
    outbox.announce(session, alerting, _subject(monitor), finding, decision, alert, act.at_ms)


def _subject(monitor: Monitor) -> Subject:
    return Subject(
        workspace=monitor.workspace,
        monitor_id=monitor.id,
        monitor=monitor.name,
        experiment_id=monitor.experiment_id,
        model=monitor.model,
        baseline_id=monitor.baseline_id,
    )
