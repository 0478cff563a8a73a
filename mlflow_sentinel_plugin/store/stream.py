"""What open pages hear of: entries that each worker reads on from the last id it knows.

Reading "id > last" skips a row that was numbered first and committed later. Here that cannot happen: an entry
is only written behind the leader's fence, whose row lock lets one such transaction after the other number and
commit its rows, also while one leader takes over from another. So a new writer must pass the fence as well;
what the request threads of other workers change is not in the stream.

An id is the time it was given, so that none is given twice when entries are deleted, nor when an older copy
of the database takes the place of this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.store import lease
from mlflow_sentinel_plugin.store.models import Monitor, StreamEntry
from mlflow_sentinel_plugin.store.results import rows_touched

Kind = Literal["window", "drift", "alert", "monitor"]

KEEP_MS = 24 * 3_600_000
"""How long an entry can be caught up with."""
BATCH = 500


@dataclass(frozen=True)
class Entry:
    """An entry and who may hear of it: those who may read the experiment its monitor is in now."""

    id: int
    kind: str
    at_ms: int
    data: dict[str, Any]
    """Facts of the entry, with the monitor's present name as ``monitor``."""
    monitor: str
    workspace: str
    experiment_id: str


def append(session: Session, monitor_id: str, kind: Kind, data: Mapping[str, Any], now: int) -> None:
    """Tell of something, in the transaction that does it.

    Args:
        session: Past ``lease.fence``.
        data: Strict JSON; a few short values.

    Raises:
        RuntimeError: the session is not fenced, so that readers could miss the entry.
    """
    if not lease.is_fenced(session):
        raise RuntimeError("only the leader writes to the stream: call lease.fence first")
    entry_id = max(now, newest_id(session) + 1)
    session.add(StreamEntry(id=entry_id, monitor_id=monitor_id, at_ms=now, kind=kind, data=dict(data)))


def newest_id(session: Session) -> int:
    """Id of the newest entry; 0 when there is none."""
    return session.scalar(select(func.max(StreamEntry.id))) or 0


def after(session: Session, since: int, limit: int = BATCH) -> list[Entry]:
    """The first entries with a greater id; those of deleted monitors are left out."""
    query = (
        select(StreamEntry, Monitor.name, Monitor.workspace, Monitor.experiment_id)
        .join(Monitor, Monitor.id == StreamEntry.monitor_id)
        .where(StreamEntry.id > since)
        .order_by(StreamEntry.id)
        .limit(limit)
    )
    return [_entry(*row) for row in session.execute(query)]


def reaches_back(session: Session, since: int, now: int) -> bool:
    """Whether every entry after ``since`` is still there."""
    return since > now - KEEP_MS or since >= newest_id(session)


def prune(session: Session, now: int) -> int:
    """Forget entries older than :data:`KEEP_MS`, but not the newest: who has seen it has missed nothing."""
    old = StreamEntry.id <= min(now - KEEP_MS, newest_id(session) - 1)
    return rows_touched(session, delete(StreamEntry).where(old))


def _entry(row: StreamEntry, monitor: str, workspace: str, experiment_id: str) -> Entry:
    data = {"monitor": monitor, **row.data}
    return Entry(row.id, row.kind, row.at_ms, data, monitor, workspace, experiment_id)
