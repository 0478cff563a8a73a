"""Silences: times in which nobody is told that matching alerts fire."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, SEVERITIES, Severity, SilenceState
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import Silence
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page


def state(silence: Silence, now: int) -> SilenceState:
    """``pending`` before its start, ``ended`` from the very ms of its end on."""
    if silence.ended_at is not None or silence.ends_at <= now:
        return "ended"
    return "active" if silence.starts_at <= now else "pending"


def add(session: Session, *, now: int, **columns: Any) -> Silence:
    """A new silence."""
    silence = Silence(id=uuid.uuid4().hex, created_at=now, **columns)
    session.add(silence)
    session.flush()
    return silence


def get(
    session: Session,
    silence_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    for_update: bool = False,
) -> Silence:
    """The silence of that id.

    Args:
        visible: Experiment ids the asker may see; ``None``: all. A silence of no one monitor is seen by all.
        for_update: Hold the row until the transaction ends.

    Raises:
        NotFound: there is none, or it may not be seen.
    """
    query = select(Silence).where(Silence.id == silence_id, *_seen(workspace, visible))
    silence = session.scalar(query.with_for_update() if for_update else query)
    if silence is None:
        raise NotFound(
            f"no silence has the id {silence_id!r}",
            hint="GET /api/v1/silences lists them",
            code="silence_not_found",
        )
    return silence


def end(session: Session, silence: Silence, *, now: int, by: str | None) -> None:
    """End a silence that was read with ``for_update``; one that is over stays as it is."""
    if state(silence, now) != "ended":
        silence.ended_at, silence.ended_by = now, by
        session.flush()


def list_page(
    session: Session,
    *,
    now: int,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    state: SilenceState | None = None,
    monitor_id: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Silence]:
    """Silences, newest first.

    Args:
        visible: Experiment ids the asker may see; ``None``: all. A silence of no one monitor is seen by all.
        monitor_id: Only those that name this monitor.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = select(Silence).where(*_seen(workspace, visible))
    if state is not None:
        query = query.where(*_in_state(state, now))
    if monitor_id is not None:
        query = query.where(Silence.monitor_id == monitor_id)
    return page(session, query, Silence.created_at, Silence.id, descending=True, limit=limit, cursor=cursor)


def active(session: Session, now: int, workspace: str = DEFAULT_WORKSPACE) -> list[Silence]:
    """The silences that hold at ``now``."""
    query = select(Silence).where(Silence.workspace == workspace, *_in_state("active", now))
    return list(session.scalars(query.order_by(Silence.created_at, Silence.id)))


def matching(
    silences: Collection[Silence], *, monitor_id: str, monitor: str, condition: str, severity: str
) -> Silence | None:
    """One of the silences that mutes such an alert, ``None`` if none does; ``monitor`` is the name."""
    for silence in silences:
        named = silence.monitor_id in (None, monitor_id) and silence.condition in (None, condition)
        alike = silence.pattern is None or fnmatchcase(monitor, silence.pattern)
        mild = silence.severity is None or _rank(severity) <= _rank(silence.severity)
        if named and alike and mild:
            return silence
    return None


def _rank(severity: str) -> int:
    known: tuple[Severity, ...] = SEVERITIES
    return next((rank for rank, one in enumerate(known) if one == severity), len(known))


def _in_state(state: SilenceState, now: int) -> tuple[ColumnElement[bool], ...]:
    if state == "ended":
        return (or_(Silence.ended_at.is_not(None), Silence.ends_at <= now),)
    started = Silence.starts_at <= now if state == "active" else Silence.starts_at > now
    return started, Silence.ends_at > now, Silence.ended_at.is_(None)


def _seen(workspace: str, visible: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    owned = Silence.workspace == workspace
    if visible is None:
        return (owned,)
    return owned, or_(Silence.experiment_id.is_(None), Silence.experiment_id.in_(visible))
