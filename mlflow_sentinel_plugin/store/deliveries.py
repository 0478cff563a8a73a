"""The outbox: messages to send, who is sending them, and how it went.

A delivery is ``grouping`` until the tick that wrote it is over (or its ``next_at``), ``pending`` until its
``next_at``, ``sending`` while a claim holds (``next_at`` is when it lapses), then ``sent`` or ``failed``;
``covered`` if a digest tells of it, ``cancelled`` if there was nothing to tell any more. Only the holder of a
claim may settle it. Messages of one alert to one sink go out in the order they were written.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store.models import Alert, Delivery
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page
from mlflow_sentinel_plugin.store.results import rows_touched

_UNSETTLED = ("grouping", "pending", "sending")


@dataclass(frozen=True)
class SinkCounts:
    """How a sink's deliveries stand; times in ms."""

    pending: int = 0
    failed: int = 0
    last_sent_at: int | None = None
    last_error: str | None = None


def add(
    session: Session,
    *,
    alert_id: str,
    sinks: Sequence[str],
    action: str,
    message: dict[str, Any],
    now: int,
    workspace: str = DEFAULT_WORKSPACE,
    monitor: str | None = None,
    digest_id: str | None = None,
    group_ms: int = 0,
) -> list[str]:
    """One delivery of ``message`` for each sink; their ids.

    Args:
        group_ms: How long it waits for others at most; 0: it is due now.
    """
    created_at = max(now, _last_created(session, alert_id) + 1)
    rows = [
        Delivery(
            id=uuid.uuid4().hex,
            workspace=workspace,
            alert_id=alert_id,
            monitor=monitor,
            digest_id=digest_id,
            sink=sink,
            action=action,
            message=message,
            status="grouping" if group_ms else "pending",
            next_at=now + group_ms,
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


def cancel_unsent(session: Session, alert_id: str, sink: str | None = None) -> None:
    """Forget the messages that an alert fires which no attempt was made to send: it is over.

    One that was attempted may have arrived, whatever the answer was.
    """
    unsent = update(Delivery).where(
        Delivery.alert_id == alert_id,
        Delivery.action == "firing",
        Delivery.status.in_(("grouping", "pending")),
        Delivery.attempts == 0,
    )
    if sink is not None:
        unsent = unsent.where(Delivery.sink == sink)
    session.execute(unsent.values(status="cancelled"))


def grouping(session: Session) -> list[Delivery]:
    """The deliveries that wait for the end of a tick, in the order they were written; locked."""
    query = select(Delivery).where(Delivery.status == "grouping")
    return list(session.scalars(query.order_by(Delivery.created_at, Delivery.id).with_for_update()))


def is_grouping(session: Session) -> bool:
    """Whether any delivery waits for the end of a tick."""
    return session.scalar(select(Delivery.id).where(Delivery.status == "grouping").limit(1)) is not None


def keep_grouping(session: Session, *, since: int, until: int) -> None:
    """The tick goes on: what was written at ``since`` (ms) or later waits until ``until``."""
    waiting = update(Delivery).where(Delivery.status == "grouping", Delivery.created_at >= since)
    session.execute(waiting.values(next_at=until))


def firing_of(session: Session, alert_id: str, sink: str) -> Sequence[Delivery]:
    """What the sink was told, or is to be told, of the alert's firing, oldest first."""
    query = select(Delivery).where(
        Delivery.alert_id == alert_id, Delivery.sink == sink, Delivery.action == "firing"
    )
    return session.scalars(query.order_by(Delivery.created_at)).all()


def covered_by(session: Session, digest_id: str, sink: str) -> Sequence[Delivery]:
    """The firing deliveries that a digest tells the sink of."""
    query = select(Delivery).where(
        Delivery.digest_id == digest_id,
        Delivery.sink == sink,
        Delivery.status == "covered",
        Delivery.action == "firing",
    )
    return session.scalars(query.order_by(Delivery.created_at, Delivery.id)).all()


def open_alerts_of(session: Session, digest_id: str, sink: str) -> int:
    """How many of the alerts that a digest tells the sink of are open."""
    told = (Delivery.digest_id == digest_id, Delivery.sink == sink, Delivery.status == "covered")
    query = select(func.count(Alert.id.distinct())).join(Delivery, Delivery.alert_id == Alert.id)
    return session.scalar(query.where(*told, Alert.status != "resolved")) or 0


def newest_told(session: Session, digest_id: str, sink: str) -> Delivery | None:
    """The newest message of a digest itself that was sent to the sink, or still is to be."""
    query = select(Delivery).where(
        Delivery.alert_id == digest_id,
        Delivery.sink == sink,
        Delivery.status.in_((*_UNSETTLED, "sent")),
    )
    return session.scalar(query.order_by(Delivery.created_at.desc()).limit(1))


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


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    alert_id: str | None = None,
    sink: str | None = None,
    status: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Delivery]:
    """Deliveries, newest first.

    Raises:
        InvalidInput: limit or cursor.
    """
    equal = {"alert_id": alert_id, "sink": sink, "status": status}
    query = select(Delivery).where(Delivery.workspace == workspace)
    query = query.filter_by(**{column: value for column, value in equal.items() if value is not None})
    return page(session, query, Delivery.created_at, Delivery.id, descending=True, limit=limit, cursor=cursor)


def get(session: Session, delivery_id: str, *, workspace: str = DEFAULT_WORKSPACE) -> Delivery:
    """The delivery of that id.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Delivery, delivery_id)
    if row is None or row.workspace != workspace:
        raise NotFound(
            f"no delivery has the id {delivery_id!r}",
            hint="GET /api/v1/deliveries lists them; settled ones are forgotten after a time",
            code="delivery_not_found",
        )
    return row


def replay(session: Session, delivery: Delivery, now: int) -> None:
    """Send a failed delivery again, from its first attempt on and with the same id.

    Raises:
        Conflict: it has not failed.
    """
    again = (
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.status == "failed")
        .values(status="pending", attempts=0, next_at=now)
    )
    if rows_touched(session, again) == 0:
        raise Conflict(
            f"the delivery is {delivery.status}, and only a failed one is sent again",
            code="delivery_not_failed",
        )
    session.refresh(delivery)


def counts(session: Session) -> dict[str, SinkCounts]:
    """Sink -> how its deliveries stand, of each sink that has any."""
    pending = case((Delivery.status.in_(_UNSETTLED), 1), else_=0)
    failed = case((Delivery.status == "failed", 1), else_=0)
    totals = select(Delivery.sink, func.sum(pending), func.sum(failed), func.max(Delivery.sent_at))
    errors = _last_errors(session)
    return {
        sink: SinkCounts(int(waiting), int(lost), sent_at, errors.get(sink))
        for sink, waiting, lost, sent_at in session.execute(totals.group_by(Delivery.sink))
    }


def _last_errors(session: Session) -> dict[str, str]:
    """Of the newest delivery of each sink that has one."""
    newest = (
        select(Delivery.sink, func.max(Delivery.created_at).label("at"))
        .where(Delivery.last_error.is_not(None))
        .group_by(Delivery.sink)
        .subquery()
    )
    query = select(Delivery.sink, Delivery.last_error).join(
        newest, (newest.c.sink == Delivery.sink) & (newest.c["at"] == Delivery.created_at)
    )
    rows = session.execute(query.where(Delivery.last_error.is_not(None)))
    return {sink: error for sink, error in rows if error is not None}


def pending_count(session: Session) -> int:
    """Messages neither sent nor failed."""
    query = select(func.count()).select_from(Delivery).where(Delivery.status.in_(_UNSETTLED))
    return session.scalar(query) or 0


def prune(session: Session, before: int) -> int:
    """Delete settled deliveries written before ``before`` (ms); how many.

    Those of open alerts stay: they say who is to hear of its end.
    """
    is_open = select(Alert.id).where(Alert.status != "resolved")
    told = (Delivery.digest_id.is_not(None), Delivery.alert_id.in_(is_open))
    digests = select(Delivery.digest_id).where(*told)
    kept = {digest for digest in session.scalars(digests.distinct()) if digest is not None}
    old = delete(Delivery).where(
        Delivery.status.not_in(_UNSETTLED),
        Delivery.created_at < before,
        Delivery.alert_id.not_in(is_open),
        Delivery.alert_id.not_in(kept),
    )
    return rows_touched(session, old)
