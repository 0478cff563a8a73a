"""From a finding to messages waiting in the database: one transaction, the scorer's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert.decide import AlertState, Decision, Finding, Policy, decide
from mlflow_sentinel_plugin.alert.message import Subject, compose
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import AlertStatus, Severity
from mlflow_sentinel_plugin.store import alerts, deliveries
from mlflow_sentinel_plugin.store.models import Alert


@dataclass(frozen=True)
class Alerting:
    """How findings become messages.

    Attributes:
        enabled: ``False`` keeps alerts and writes no messages.
        sinks: Names of the sinks that hear of new alerts.
        public_url: For links, see ``compose``.
    """

    policy: Policy = field(default_factory=Policy)
    sinks: tuple[str, ...] = ()
    public_url: str | None = None
    enabled: bool = True

    @classmethod
    def of(cls, config: Config, sinks: Sinks) -> Alerting:
        """What the configuration says."""
        section = config.alerting
        return cls(
            policy=Policy(
                cooldown_ms=round(section.cooldown_minutes * 60_000), resolve_after=section.resolve_after
            ),
            sinks=sinks.names,
            public_url=config.api.public_url,
            enabled=section.enabled,
        )


@dataclass(frozen=True)
class Recorded:
    """A decision that was written, and the deliveries it made."""

    alert_id: str
    decision: Decision
    delivery_ids: tuple[str, ...] = ()


def record(
    session: Session, alerting: Alerting, subject: Subject, findings: Sequence[Finding], now: int
) -> list[Recorded]:
    """Decide each finding and write what follows: the alert, its log, and one delivery per sink.

    Everything happens in the caller's transaction: the verdict, the alert and its messages are committed
    together or not at all. Call it once per scored window.

    Args:
        session: A writing session.
        subject: The monitor and window that all findings are about.
        now: Wall time, ms since the epoch.
    """
    recorded = (_record(session, alerting, subject, finding, now) for finding in findings)
    return [one for one in recorded if one is not None]


def _record(
    session: Session, alerting: Alerting, subject: Subject, finding: Finding, now: int
) -> Recorded | None:
    alert = alerts.open_alert(session, subject.monitor_id, finding.condition)
    decision = decide(_state(alert), finding, alerting.policy, now)
    if decision.status is None:
        return None
    if alert is None:
        alert = _opened(session, subject, finding, decision.status, now)
    _update(alert, finding, decision, now)
    alerts.add_log(session, alert.id, at_ms=now, reason=decision.reason, text=decision.text)
    written = announce(session, alerting, subject, finding, decision, alert, now) if decision.action else []
    return Recorded(alert.id, decision, tuple(written))


def _state(alert: Alert | None) -> AlertState | None:
    if alert is None:
        return None
    return AlertState(
        status=cast(AlertStatus, alert.status),
        severity=cast(Severity, alert.severity),
        windows=alert.windows,
        clean_windows=alert.clean_windows,
        notified_at=alert.notified_at,
        notified_severity=cast("Severity | None", alert.notified_severity),
    )


def _opened(session: Session, subject: Subject, finding: Finding, status: AlertStatus, now: int) -> Alert:
    return alerts.add(
        session,
        now=now,
        workspace=subject.workspace,
        monitor_id=subject.monitor_id,
        experiment_id=subject.experiment_id,
        condition=finding.condition,
        status=status,
        severity=finding.severity,
        summary=finding.summary,
        event_id=finding.event_id,
    )


def _update(alert: Alert, finding: Finding, decision: Decision, now: int) -> None:
    alert.status = decision.status or alert.status
    alert.windows, alert.clean_windows = decision.windows, decision.clean_windows
    alert.updated_at = now
    if decision.status == "resolved":
        alert.resolved_at = now
    if finding.active and _is_news(alert, finding, decision):
        alert.severity, alert.summary, alert.event_id = finding.severity, finding.summary, finding.event_id
        alert.features = [found.feature for found in finding.features]
    if decision.action == "firing":
        alert.fired_at = alert.fired_at or now
        alert.notified_at, alert.notified_severity = now, finding.severity


def _is_news(alert: Alert, finding: Finding, decision: Decision) -> bool:
    """Not an older window that late rows had scored again: the alert shows the newest."""
    return finding.previous is None or decision.notify or finding.event_id == alert.event_id


def announce(
    session: Session,
    alerting: Alerting,
    subject: Subject,
    finding: Finding,
    decision: Decision,
    alert: Alert,
    now: int,
) -> list[str]:
    """Write the deliveries of a decision that notifies; their ids."""
    sinks = _audience(session, alerting, decision, alert.id)
    if not sinks:
        return []
    message = compose(
        subject,
        finding,
        decision,
        alert_id=alert.id,
        opened_at=alert.opened_at,
        now=now,
        public_url=alerting.public_url,
    )
    return deliveries.add(
        session,
        workspace=alert.workspace,
        alert_id=alert.id,
        monitor=subject.monitor,
        sinks=sinks,
        action=message.action,
        message=message.model_dump(mode="json"),
        now=now,
    )


def _audience(session: Session, alerting: Alerting, decision: Decision, alert_id: str) -> list[str]:
    if not alerting.enabled:
        return []
    if decision.action in ("acknowledged", "resolved"):
        heard = ("pending", "sending", "sent")
        return deliveries.sinks_with(session, alert_id, action="firing", status=heard)
    if decision.reason == "reminder":
        # A sink that is down is not reminded of what it has not heard yet.
        waiting = deliveries.sinks_with(session, alert_id, action="firing", status=("pending", "sending"))
        return [sink for sink in alerting.sinks if sink not in waiting]
    return list(alerting.sinks)
