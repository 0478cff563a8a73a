"""From a finding to messages waiting in the database: one transaction, the scorer's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import cast

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert.decide import AlertState, Decision, Finding, Policy, decide
from mlflow_sentinel_plugin.alert.message import Message, Subject, compose
from mlflow_sentinel_plugin.alert.muting import muted_by
from mlflow_sentinel_plugin.alert.sink import SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import SEVERITIES, AlertStatus, Severity
from mlflow_sentinel_plugin.store import alerts, deliveries
from mlflow_sentinel_plugin.store.models import Alert

GROUP_MS = 60_000
"""So long a message waits at most for the others of its tick, if no leader lives to end the tick."""


@dataclass(frozen=True)
class Alerting:
    """How findings become messages.

    Attributes:
        enabled: ``False`` keeps alerts and writes no messages.
        sinks: Names of the sinks that hear of new alerts.
        routes: Which of them hear of what; one that is not named hears of everything.
        public_url: For links, see ``compose``.
        group_ms: See :data:`GROUP_MS`; 0 sends each message at once.
    """

    policy: Policy = field(default_factory=Policy)
    sinks: tuple[str, ...] = ()
    public_url: str | None = None
    enabled: bool = True
    routes: Mapping[str, SinkSettings] = field(default_factory=dict)
    group_ms: int = 0

    @classmethod
    def of(cls, config: Config, sinks: Sinks) -> Alerting:
        """What the configuration says."""
        section = config.alerting
        receivers = {name: sinks.receiver(name) for name in sinks}
        return cls(
            policy=Policy(
                cooldown_ms=round(section.cooldown_minutes * 60_000),
                resolve_after=section.resolve_after,
                for_windows=section.for_windows,
                reminder_ms=round(section.reminder_minutes * 60_000) or None,
            ),
            sinks=sinks.names,
            public_url=config.api.public_url,
            enabled=section.enabled,
            routes={name: one.sink.settings for name, one in receivers.items() if one is not None},
            group_ms=GROUP_MS,
        )

    def hearing(self, monitor: str, severity: Severity) -> list[str]:
        """The sinks that hear of alerts of such a severity of the monitor of that name."""
        return [sink for sink in self.sinks if _hears(self.routes.get(sink), monitor, severity)]

    def hears_the_end(self, sink: str) -> bool:
        """Whether the sink is told that an alert is over."""
        route = self.routes.get(sink)
        return route is None or route.send_resolved


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
    alert = alerts.latest(session, subject.monitor_id, finding.condition)
    muted = muted_by(session, subject, finding, now) if finding.active else None
    decision = decide(_state(alert), finding, alerting.policy, now, muted)
    if decision.status is None:
        return None
    if alert is None or (alert.status == "resolved" and decision.reason != "reopened"):
        alert = _opened(session, subject, finding, decision.status, now)
    _update(alert, finding, decision, now)
    if decision.held:
        told = replace(decision, action="firing")
        alert.held = _message(alerting, subject, finding, told, alert, now).model_dump(mode="json")
    text = f"{decision.text}; not told: {decision.held_by}" if decision.held else decision.text
    alerts.add_log(session, alert.id, at_ms=now, reason=decision.reason, text=text)
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
        fired=alert.fired_at is not None,
        notified_at=alert.notified_at,
        notified_severity=cast("Severity | None", alert.notified_severity),
        resolved_at=alert.resolved_at,
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
    if decision.reason == "reopened":
        alert.reopened += 1
        alert.resolved_at = alert.resolved_by = None
        # What its receivers heard last is that it is over.
        alert.notified_at = alert.notified_severity = None
    alert.status = decision.status or alert.status
    if alert.status == "firing":
        alert.acknowledged_at = alert.acknowledged_by = None
    alert.windows, alert.clean_windows = decision.windows, decision.clean_windows
    alert.updated_at = now
    if decision.status == "resolved":
        alert.resolved_at, alert.held = now, None
    if finding.active and _is_news(alert, finding, decision):
        alert.severity, alert.summary, alert.event_id = finding.severity, finding.summary, finding.event_id
        alert.features = [found.feature for found in finding.features]
        alert.held = None
    if decision.fires:
        alert.fired_at = alert.fired_at or now
    if decision.action == "firing":
        alert.notified_at, alert.notified_severity = now, finding.severity


def _is_news(alert: Alert, finding: Finding, decision: Decision) -> bool:
    """Not an older window that late rows had scored again: the alert shows the newest."""
    return finding.previous is None or decision.fires or finding.event_id == alert.event_id


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
    if not alerting.enabled:
        return []
    sinks = _audience(session, alerting, decision, alert.id, subject.monitor)
    message = _message(alerting, subject, finding, decision, alert, now)
    return send(session, alerting, message, sinks, now)


def send(session: Session, alerting: Alerting, message: Message, sinks: Sequence[str], now: int) -> list[str]:
    """Write a delivery of the message for each of the sinks; their ids."""
    return deliveries.add(
        session,
        workspace=message.workspace,
        alert_id=message.alert_id,
        monitor=message.monitor,
        sinks=sinks,
        action=message.action,
        message=message.model_dump(mode="json"),
        now=now,
        group_ms=0 if message.action == "acknowledged" else alerting.group_ms,
    )


def _message(
    alerting: Alerting, subject: Subject, finding: Finding, decision: Decision, alert: Alert, now: int
) -> Message:
    return compose(
        subject,
        finding,
        decision,
        alert_id=alert.id,
        opened_at=alert.opened_at,
        now=now,
        public_url=alerting.public_url,
    )


def _audience(
    session: Session, alerting: Alerting, decision: Decision, alert_id: str, monitor: str
) -> list[str]:
    if decision.action == "resolved":
        deliveries.cancel_unsent(session, alert_id)
        heard = deliveries.sinks_with(
            session, alert_id, action="firing", status=(*_WAITING, "sent", "covered")
        )
        return [sink for sink in heard if alerting.hears_the_end(sink)]
    if decision.action == "acknowledged":
        return deliveries.sinks_with(session, alert_id, action="firing", status=(*_WAITING, "sent"))
    hearing = alerting.hearing(monitor, decision.severity)
    if decision.reason == "reminder":
        # A sink that is down is not reminded of what it has not heard yet.
        waiting = deliveries.sinks_with(session, alert_id, action="firing", status=_WAITING)
        return [sink for sink in hearing if sink not in waiting]
    return hearing


_WAITING = ("grouping", "pending", "sending")


def _hears(route: SinkSettings | None, monitor: str, severity: Severity) -> bool:
    if route is None:
        return True
    severe = SEVERITIES.index(severity) >= SEVERITIES.index(route.min_severity)
    return severe and any(fnmatchcase(monitor, pattern) for pattern in route.monitors)
