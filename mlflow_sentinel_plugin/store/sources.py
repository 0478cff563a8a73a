"""Log sources, and how far each of their files is read. The leader alone writes what it read."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store.models import Monitor, Source, SourceFile
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page
from mlflow_sentinel_plugin.store.results import rows_touched

Origin = Literal["config", "api"]
State = Literal["new", "reading", "idle", "waiting", "failing"]

MAX_PER_MONITOR = 100
SHOWN_SAMPLES = 10
GONE_TTL_MS = 7 * 86_400_000
"""How long a file that is gone is known, should it come back."""


@dataclass(frozen=True)
class Status:
    """How a source stands after a look; see the columns of ``Source``."""

    state: State
    reason: str | None = None
    failing_since: int | None = None
    files: int = 0
    files_behind: int = 0
    files_failing: int = 0
    bytes_behind: int = 0


def create(
    session: Session,
    monitor: Monitor,
    name: str,
    settings: dict[str, Any],
    *,
    origin: Origin,
    now: int,
    created_by: str | None = None,
) -> Source:
    """A new source of a monitor, whose row the caller holds.

    Raises:
        Conflict: the monitor has one of that name, or too many.
    """
    count = session.scalar(select(func.count()).where(Source.monitor_id == monitor.id)) or 0
    if count >= MAX_PER_MONITOR:
        raise Conflict(
            f"the monitor {monitor.name!r} has {count} sources, the most there may be",
            hint="name several files by one pattern",
            code="too_many_sources",
        )
    row = Source(
        id=uuid.uuid4().hex,
        workspace=monitor.workspace,
        monitor_id=monitor.id,
        experiment_id=monitor.experiment_id,
        name=name,
        origin=origin,
        settings=settings,
        created_by=created_by,
        created_at=now,
        updated_at=now,
        samples=[],
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict(
            f"the monitor {monitor.name!r} has a source named {name!r}",
            hint="choose another name, or delete the existing one",
            code="source_exists",
        ) from None
    return row


def get(
    session: Session,
    source_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
) -> Source:
    """The source of that id.

    Args:
        visible: Experiment ids the asker may see; others count as absent. ``None``: all.

    Raises:
        NotFound: there is none in the workspace.
    """
    query = select(Source).where(Source.id == source_id, Source.workspace == workspace)
    row = session.scalar(query if visible is None else query.where(Source.experiment_id.in_(visible)))
    if row is None:
        raise NotFound("there is no such thing, or you may not see it", code="source_not_found")
    return row


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    monitor_id: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Source]:
    """Sources by name.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.

    Raises:
        InvalidInput: limit or cursor.
    """
    query: Select[Source] = select(Source).where(Source.workspace == workspace)
    if visible is not None:
        query = query.where(Source.experiment_id.in_(visible))
    if monitor_id is not None:
        query = query.where(Source.monitor_id == monitor_id)
    return page(session, query, Source.name, Source.id, limit=limit, cursor=cursor)


def change(session: Session, source_id: str, settings: dict[str, Any], now: int) -> None:
    """Give a source other settings; the files that both name go on where they are."""
    session.execute(update(Source).where(Source.id == source_id).values(settings=settings, updated_at=now))


def remove(session: Session, source_id: str) -> None:
    """Delete a source; what it gave stays."""
    session.execute(delete(Source).where(Source.id == source_id))
    session.execute(delete(SourceFile).where(SourceFile.source_id == source_id))


def with_monitors(session: Session) -> list[tuple[Source, Monitor]]:
    """All sources, the longest not looked at first."""
    query = (
        select(Source, Monitor)
        .join(Monitor, Monitor.id == Source.monitor_id)
        .order_by(func.coalesce(Source.looked_at, 0), Source.id)
    )
    return [(source, monitor) for source, monitor in session.execute(query)]


def of_config(session: Session) -> list[tuple[Source, str]]:
    """Sources that the configuration made, with the names of their monitors."""
    query = select(Source, Monitor.name).join(Monitor, Monitor.id == Source.monitor_id)
    return [(source, name) for source, name in session.execute(query.where(Source.origin == "config"))]


def lock(session: Session, seen: Source) -> Source:
    """The source, its row held until the transaction ends.

    Raises:
        Conflict: it was deleted or changed since it was read.
    """
    row = session.scalar(
        select(Source).where(Source.id == seen.id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None or row.settings != seen.settings:
        raise Conflict(f"the source {seen.name!r} changed while it was read", code="source_changed")
    return row


def note(session: Session, source_id: str, status: Status, now: int) -> None:
    """Write down how it stands."""
    session.execute(
        update(Source)
        .where(Source.id == source_id)
        .values(
            state=status.state,
            reason=status.reason,
            failing_since=status.failing_since,
            files=status.files,
            files_behind=status.files_behind,
            files_failing=status.files_failing,
            bytes_behind=status.bytes_behind,
            looked_at=now,
        )
    )


# --- files -----------------------------------------------------------------------------------------------


def files_of(session: Session, source_id: str) -> list[SourceFile]:
    """Every file that is known of a source."""
    return list(session.scalars(select(SourceFile).where(SourceFile.source_id == source_id)))


def newest_files(session: Session, source_id: str, limit: int = 100) -> list[SourceFile]:
    """The files that were read last, newest first."""
    query = select(SourceFile).where(SourceFile.source_id == source_id)
    return list(session.scalars(query.order_by(SourceFile.read_at.desc(), SourceFile.id).limit(limit)))


def save_files(session: Session, source: Source, rows: Iterable[dict[str, Any]]) -> None:
    """Insert or update files by their id."""
    given = {row["id"]: row for row in rows}
    ids = list(given)
    for first in range(0, len(ids), 500):
        chunk = ids[first : first + 500]
        known = set(session.scalars(select(SourceFile.id).where(SourceFile.id.in_(chunk))))
        changed = [given[key] for key in chunk if key in known]
        new = [
            {**given[key], "source_id": source.id, "monitor_id": source.monitor_id}
            for key in chunk
            if key not in known
        ]
        if changed:
            session.execute(update(SourceFile), changed)
        if new:
            session.execute(insert(SourceFile), new)


def prune(session: Session, now: int) -> int:
    """Forget files that are gone for seven days; returns how many."""
    return rows_touched(session, delete(SourceFile).where(SourceFile.gone_at < now - GONE_TTL_MS))
