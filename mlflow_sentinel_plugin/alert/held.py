"""Messages that were held back: told once nothing mutes them any more, if it still fires."""

from __future__ import annotations

from typing import cast

from pydantic import ValidationError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert import outbox
from mlflow_sentinel_plugin.alert.decide import Decision, Finding
from mlflow_sentinel_plugin.alert.message import Message, Subject
from mlflow_sentinel_plugin.alert.muting import muted_by
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.entities import AlertStatus, Condition
from mlflow_sentinel_plugin.store import alerts
from mlflow_sentinel_plugin.store.models import Alert, Monitor


def tell(
    session: Session, alerting: outbox.Alerting, alert_id: str, monitor: Monitor, now: int
) -> outbox.Recorded | None:
    """Send the message that an alert holds, unless it is still muted; ``None`` if nothing was sent.

    Args:
        session: A writing session.
        monitor: The alert's, locked.
    """
    alert = session.get(Alert, alert_id, with_for_update=True, populate_existing=True)
    if alert is None or alert.held is None or alert.status == "resolved":
        return None
    message = _stored(alert.held)
    if message is None or _is_muted(session, message, monitor, now):
        alert.held = None if message is None else alert.held
        return None
    text = f"{message.why}; held back until now"
    told = message.model_copy(update={"why": text, "at": to_rfc3339(now)})
    alert.held, alert.updated_at = None, now
    alert.notified_at, alert.notified_severity = now, told.severity
    alerts.add_log(session, alert.id, at_ms=now, reason=told.reason, text=text)
    sinks = alerting.hearing(monitor.name, told.severity) if alerting.enabled else []
    written = outbox.send(session, alerting, told, sinks, now)
    status = cast(AlertStatus, alert.status)
    decision = Decision(
        status, told.reason, text, "firing", told.severity, alert.windows, alert.clean_windows
    )
    return outbox.Recorded(alert.id, decision, tuple(written))


def _stored(held: object) -> Message | None:
    """``None`` for what another version wrote and this one cannot read: the next window tells."""
    try:
        return Message.model_validate(held)
    except ValidationError:
        return None


def _is_muted(session: Session, message: Message, monitor: Monitor, now: int) -> bool:
    subject = Subject(monitor.workspace, monitor.id, monitor.name, monitor.experiment_id)
    condition: Condition = message.condition
    finding = Finding(monitor.name, condition, True, message.severity)
    return muted_by(session, subject, finding, now) is not None
