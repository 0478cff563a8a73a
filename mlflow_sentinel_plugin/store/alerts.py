"""Alerts and their log."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Literal, cast

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import (
    DEFAULT_WORKSPACE,
    SEVERITIES,
    AlertStatus,
    Condition,
    Severity,
)
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import Alert, AlertLog
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page

_OPEN = ("firing", "acknowledged")


def get(
    session: Session,
    alert_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    for_update: bool = False,
) -> Alert:
    """The alert of that id.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.
        for_update: Hold the row until the transaction ends, so that what is read may be changed.

    Raises:
        NotFound: there is none, or it may not be seen.
    """
    alert = session.get(Alert, alert_id, with_for_update=for_update or None, populate_existing=for_update)
    if alert is None or alert.workspace != workspace or not _may_see(alert.experiment_id, visible):
        raise NotFound(
            f"no alert has the id {alert_id!r}", hint="GET /api/v1/alerts lists them", code="alert_not_found"
        )
    return alert


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    monitor_id: str | None = None,
    experiment_id: str | None = None,
    status: AlertStatus | Literal["open"] | None = None,
    condition: Condition | None = None,
    severity: Severity | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Alert]:
    """Alerts that fired, whether or not a silence kept them, newest first.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.
        status: ``open`` is firing or acknowledged.
        severity: This one or worse.
        since, until: Bounds of the opening, ms; the second is exclusive.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = select(Alert).where(Alert.workspace == workspace, Alert.fired_at.is_not(None))
    if visible is not None:
        query = query.where(Alert.experiment_id.in_(visible))
    equal = {"monitor_id": monitor_id, "experiment_id": experiment_id, "condition": condition}
    query = query.filter_by(**{column: value for column, value in equal.items() if value is not None})
    if status is not None:
        query = query.where(Alert.status.in_(_OPEN if status == "open" else (status,)))
    if severity is not None:
        query = query.where(Alert.severity.in_(SEVERITIES[SEVERITIES.index(severity) :]))
    if since is not None:
        query = query.where(Alert.opened_at >= since)
    if until is not None:
        query = query.where(Alert.opened_at < until)
    return page(session, query, Alert.opened_at, Alert.id, descending=True, limit=limit, cursor=cursor)


def open_counts(session: Session, monitor_ids: Collection[str]) -> dict[str, int]:
    """Open alerts that fired, of each of the monitors that has any."""
    query = (
        select(Alert.monitor_id, func.count())
        .where(Alert.monitor_id.in_(monitor_ids), Alert.status.in_(_OPEN), Alert.fired_at.is_not(None))
        .group_by(Alert.monitor_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def latest(session: Session, monitor_id: str, condition: Condition) -> Alert | None:
    """The open alert of a condition, else the one resolved last; locked until the transaction ends."""
    query = select(Alert).where(Alert.monitor_id == monitor_id, Alert.condition == condition)
    resolved_last = (case((Alert.status.in_(_OPEN), 0), else_=1), Alert.resolved_at.desc(), Alert.id)
    return session.scalar(query.order_by(*resolved_last).limit(1).with_for_update())


def open_of(session: Session, monitor_id: str) -> Sequence[Alert]:
    """The open alerts of a monitor, locked until the transaction ends."""
    query = select(Alert).where(Alert.monitor_id == monitor_id, Alert.status.in_(_OPEN))
    return session.scalars(query.order_by(Alert.id).with_for_update()).all()


def fires(session: Session, monitor_id: str, conditions: Collection[Condition]) -> Condition | None:
    """One of the conditions of which the monitor has an open alert that fired."""
    query = select(Alert.condition).where(
        Alert.monitor_id == monitor_id,
        Alert.condition.in_(conditions),
        Alert.status.in_(_OPEN),
        Alert.fired_at.is_not(None),
    )
    return cast("Condition | None", session.scalar(query.order_by(Alert.condition).limit(1)))


def held(session: Session) -> list[tuple[str, str]]:
    """Id and monitor's id of the open alerts with a message that is held back."""
    query = select(Alert.id, Alert.monitor_id).where(Alert.status.in_(_OPEN), Alert.held.is_not(None))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Alert.opened_at, Alert.id))]


def add(session: Session, *, now: int, **columns: Any) -> Alert:
    """A new alert, opened now."""
    alert = Alert(id=uuid.uuid4().hex, opened_at=now, updated_at=now, **columns)
    session.add(alert)
    session.flush()
    return alert


def add_log(
    session: Session, alert_id: str, *, at_ms: int, reason: str, text: str, actor: str | None = None
) -> None:
    """Append to an alert's log. ``actor`` is the user; ``None`` is Sentinel itself."""
    session.add(AlertLog(alert_id=alert_id, at_ms=at_ms, reason=reason, text=text, actor=actor))


def log(session: Session, alert_id: str) -> Sequence[AlertLog]:
    """An alert's log, oldest first."""
    return session.scalars(select(AlertLog).where(AlertLog.alert_id == alert_id).order_by(AlertLog.id)).all()


def _may_see(experiment_id: str, visible: Collection[str] | None) -> bool:
    return visible is None or experiment_id in visible
