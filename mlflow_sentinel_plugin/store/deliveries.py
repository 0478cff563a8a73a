"""The outbox: messages to send, who is sending them, and how it went.

A delivery is ``pending`` until its ``next_at``, ``sending`` while a claim holds (``next_at`` is when it
lapses), then ``sent`` or ``failed``. Only the holder of a claim may settle it. Messages of one alert to one
sink go out in the order they were written.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from mlflow_sentinel_plugin.store.models import Delivery
from mlflow_sentinel_plugin.store.results import rows_touched

_UNSETTLED = ("pending", "sending")


def add(
    session: Session, *, alert_id: str, sinks: Sequence[str], action: str, message: dict[str, Any], now: int
) -> list[str]:
    """One delivery of ``message`` for each sink, due now; their ids."""
    created_at = max(now, _last_created(session, alert_id) + 1)
    rows = [
        Delivery(
            id=uuid.uuid4().hex,
            alert_id=alert_id,
            sink=sink,
            action=action,
            message=message,
            next_at=now,
            created_at=created_at,
        )
        for sink in sinks
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def _last_created(session: Session, alert_id: str) -> int:
    return session.scalar(select(func.max(Delivery.created_at)).where(Delivery.alert_id == alert_id)) or 0


def due_sinks(session: Session, now: int) -> list[str]:
    """Names of the sinks that have something to send at ``now`` (ms)."""
    return list(session.scalars(select(Delivery.sink).where(*_due(now)).distinct()))


def due(session: Session, sink: str, now: int, limit: int) -> list[str]:
    """Ids of what may be sent to the sink at ``now``, longest due first."""
    query = select(Delivery.id).where(Delivery.sink == sink, *_due(now))
    return list(
        session.scalars(query.order_by(Delivery.next_at, Delivery.created_at, Delivery.id).limit(limit))
    )


def _due(now: int) -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(Delivery)
    blocked = (
        select(earlier.id)
        .where(
            earlier.alert_id == Delivery.alert_id,
            earlier.sink == Delivery.sink,
            earlier.status.in_(_UNSETTLED),
            earlier.created_at < Delivery.created_at,
        )
        .exists()
    )
    return Delivery.status.in_(_UNSETTLED), Delivery.next_at <= now, ~blocked


def claim(session: Session, delivery_id: str, claimed_by: str, *, now: int, until: int) -> Delivery | None:
    """Take a due delivery; ``None`` if another was faster.

    Args:
        claimed_by: Unique for each claim, so that a late settler finds itself replaced.
        until: When the claim lapses, ms.
    """
    taken = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status.in_(_UNSETTLED), Delivery.next_at <= now)
        .values(status="sending", claimed_by=claimed_by, next_at=until, attempts=Delivery.attempts + 1)
    )
    if rows_touched(session, taken) == 0:
        return None
    return session.get(Delivery, delivery_id, populate_existing=True)


def settle(session: Session, delivery_id: str, claimed_by: str, **columns: Any) -> bool:
    """Record how an attempt went, and give the claim up; ``False`` if the claim was no longer ours."""
    done = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status == "sending", Delivery.claimed_by == claimed_by)
        .values(claimed_by=None, **columns)
    )
    return rows_touched(session, done) == 1


def sinks_with(session: Session, alert_id: str, *, action: str, status: Sequence[str]) -> list[str]:
    """Names of the sinks that have such a delivery of the alert, sorted."""
    query = select(Delivery.sink).where(
        Delivery.alert_id == alert_id, Delivery.action == action, Delivery.status.in_(status)
    )
    return sorted(session.scalars(query.distinct()))


def of_alert(session: Session, alert_id: str) -> Sequence[Delivery]:
    """Deliveries of an alert, oldest first."""
    query = select(Delivery).where(Delivery.alert_id == alert_id)
    return session.scalars(query.order_by(Delivery.created_at, Delivery.sink)).all()


def pending_count(session: Session) -> int:
    """Messages neither sent nor failed."""
    query = select(func.count()).select_from(Delivery).where(Delivery.status.in_(_UNSETTLED))
    return session.scalar(query) or 0


def prune(session: Session, before: int) -> int:
    """Delete settled deliveries written before ``before`` (ms); how many."""
    old = delete(Delivery).where(Delivery.status.in_(("sent", "failed")), Delivery.created_at < before)
    return rows_touched(session, old)
