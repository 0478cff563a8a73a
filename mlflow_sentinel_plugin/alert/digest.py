"""The end of a tick: what it wrote goes out, and many alerts at once become one message per sink.

A digest is a conversation of its own: it fires when more than :data:`MANY` monitors fire in one tick, and is
resolved when all alerts are that it tells of. Those are ``covered`` by it: nothing else is sent of them until
one is worse, or is told of again, in a calmer tick.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert.decide import Action
from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.entities import SEVERITIES
from mlflow_sentinel_plugin.store import deliveries
from mlflow_sentinel_plugin.store.models import Delivery

MANY = 5
"""So many monitors that fire in one tick are told of one by one."""
_NAMED = 10


def release(session: Session, public_url: str | None, now: int) -> bool:
    """Let the deliveries of a tick go that is over; whether there were any.

    Args:
        session: A writing session.
        public_url: For links, see ``compose``.
        now: Wall time, ms since the epoch.
    """
    waiting = deliveries.grouping(session)
    parties = sorted({(row.workspace, row.sink) for row in waiting})
    for workspace, sink in parties:
        rows = [row for row in waiting if (row.workspace, row.sink) == (workspace, sink)]
        _firing(session, [row for row in rows if row.action == "firing"], public_url, now)
        _resolved(session, [row for row in rows if row.action == "resolved"], public_url, now)
    session.flush()
    return bool(waiting)


def _firing(session: Session, rows: Sequence[Delivery], public_url: str | None, now: int) -> None:
    newest = {row.alert_id: row for row in rows}
    for row in rows:
        if newest[row.alert_id] is not row:
            row.status = "cancelled"
    told = list(newest.values())
    if len({row.monitor for row in told}) <= MANY:
        _let_go(told, now)
        return
    digest_id = _ongoing(session, told) or uuid.uuid4().hex
    for row in told:
        row.status, row.digest_id = "covered", digest_id
    _write(session, digest_id, "firing", told, public_url, now)


def _resolved(session: Session, rows: Sequence[Delivery], public_url: str | None, now: int) -> None:
    touched: dict[str, Delivery] = {}
    for row in rows:
        history = deliveries.firing_of(session, row.alert_id, row.sink)
        digests = sorted({one.digest_id for one in history if one.status == "covered" and one.digest_id})
        touched |= dict.fromkeys(digests, row)
        if digests and not any(one.status in ("pending", "sending", "sent") for one in history):
            row.status, row.digest_id = "covered", digests[-1]
        else:
            _let_go([row], now)
    session.flush()
    for digest_id, last in touched.items():
        _end(session, digest_id, last, public_url, now)


def _end(session: Session, digest_id: str, last: Delivery, public_url: str | None, now: int) -> None:
    """Tell that a digest is over, if all its alerts are and its receiver was told that they fire."""
    if deliveries.open_alerts_of(session, digest_id, last.sink):
        return
    deliveries.cancel_unsent(session, digest_id, last.sink)
    told = deliveries.newest_told(session, digest_id, last.sink)
    if told is not None and told.action == "firing":
        covered = deliveries.covered_by(session, digest_id, last.sink)
        _write(session, digest_id, "resolved", covered, public_url, now)


def _let_go(rows: Sequence[Delivery], now: int) -> None:
    for row in rows:
        row.status, row.next_at = "pending", now


def _ongoing(session: Session, rows: Sequence[Delivery]) -> str | None:
    """A digest that tells of some of these alerts and is not over: it goes on."""
    for row in rows:
        for one in reversed(deliveries.firing_of(session, row.alert_id, row.sink)):
            if one.digest_id is None or one.status != "covered":
                continue
            told = deliveries.newest_told(session, one.digest_id, row.sink)
            if told is not None and told.action == "firing":
                return one.digest_id
    return None


def _write(
    session: Session,
    digest_id: str,
    action: Action,
    rows: Sequence[Delivery],
    public_url: str | None,
    now: int,
) -> None:
    messages = [message for message in map(_stored, rows) if message is not None]
    if not messages:
        return
    message = _compose(digest_id, action, messages, public_url, now)
    deliveries.add(
        session,
        workspace=rows[0].workspace,
        alert_id=digest_id,
        digest_id=digest_id,
        sinks=[rows[0].sink],
        action=action,
        message=message.model_dump(mode="json"),
        now=now,
    )


def _compose(
    digest_id: str, action: Action, messages: Sequence[Message], public_url: str | None, now: int
) -> Message:
    ranked = sorted(messages, key=lambda m: (-SEVERITIES.index(m.severity), m.monitor))
    names = list(dict.fromkeys(message.monitor for message in ranked))
    conditions = Counter(message.condition for message in messages).most_common()
    kinds = ", ".join(f"{condition} on {count}" for condition, count in conditions)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    over = "over on all of " if action == "resolved" else ""
    moment = to_rfc3339(now) or ""
    links = {} if not public_url else {"alerts": f"{public_url.rstrip('/')}/sentinel/#/alerts"}
    return Message(
        alert_id=digest_id,
        action=action,
        reason="digest",
        why=f"one message for more than {MANY} monitors",
        workspace=messages[0].workspace,
        monitor=f"{len(names)} monitors",
        model=None,
        experiment_id="",
        condition=conditions[0][0],
        severity=ranked[0].severity,
        summary=f"{over}{', '.join(names[:_NAMED])}{more}: {kinds}",
        features=[],
        features_total=0,
        window=None,
        baseline=None,
        opened_at=min(message.opened_at for message in messages),
        at=moment,
        links=links,
    )


def _stored(row: Delivery) -> Message | None:
    """``None`` for what another version wrote and this one cannot read."""
    try:
        return Message.model_validate(row.message)
    except ValidationError:
        return None
