"""Monitors: what is watched."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_EXPERIMENT_ID, DEFAULT_WORKSPACE, WindowState
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store.models import Alert, Base, Delivery, Monitor
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page

_CREATE_HINT = (
    "create it with POST /api/v1/monitors, or with its first baseline: POST /api/v1/baseline?monitor="
)


def get(
    session: Session,
    name: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    for_update: bool = False,
) -> Monitor:
    """The monitor of that name.

    Args:
        visible: Experiment ids the asker may see; others count as absent, in hints too. ``None``: all.
        for_update: Hold the row until the transaction ends, so that what is read may be changed.

    Raises:
        NotFound: there is none; the hint names similar ones.
    """
    query = _visible(workspace, visible).where(Monitor.name == name)
    monitor = session.scalar(query.with_for_update() if for_update else query)
    if monitor is None:
        raise _not_found(session, name, workspace, visible)
    return monitor


def lock(session: Session, monitor_id: str) -> Monitor | None:
    """The monitor by id, its row held until the transaction ends; ``None`` once it is deleted."""
    return session.scalar(
        select(Monitor)
        .where(Monitor.id == monitor_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Monitor]:
    """The monitors that exist among the ids, by id."""
    return {monitor.id: monitor for monitor in session.scalars(select(Monitor).where(Monitor.id.in_(ids)))}


def with_data(session: Session) -> list[Monitor]:
    """All monitors that ever had rows and are not paused."""
    return list(session.scalars(select(Monitor).where(Monitor.last_row_at.is_not(None), ~Monitor.paused)))


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    search: str | None = None,
    experiment_id: str | None = None,
    state: WindowState | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Monitor]:
    """Monitors by name.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.
        search: Part of the name, in any case.
        state: Of the last closed window.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = _visible(workspace, visible)
    if search is not None:
        query = query.where(Monitor.name.icontains(search, autoescape=True))
    if experiment_id is not None:
        query = query.where(Monitor.experiment_id == experiment_id)
    if state is not None:
        query = query.where(Monitor.state == state)
    return page(session, query, Monitor.name, Monitor.id, limit=limit, cursor=cursor)


def create(
    session: Session,
    name: str,
    *,
    now: int,
    workspace: str = DEFAULT_WORKSPACE,
    experiment_id: str = DEFAULT_EXPERIMENT_ID,
    model: str | None = None,
    settings: dict[str, Any] | None = None,
    paused: bool = False,
) -> Monitor:
    """A new monitor.

    Args:
        settings: ``MonitorSettings`` as JSON.
        now: ms since the epoch.

    Raises:
        Conflict: the name is taken in this workspace; the transaction can go on.
    """
    monitor = Monitor(
        id=uuid.uuid4().hex,
        workspace=workspace,
        name=name,
        experiment_id=experiment_id,
        model=model,
        settings=settings or {},
        paused=paused,
        created_at=now,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(monitor)
    except IntegrityError:
        raise Conflict(
            f"a monitor named {name!r} exists",
            hint="choose another name, or change the existing one with PATCH",
            code="monitor_exists",
        ) from None
    return monitor


def update(session: Session, monitor: Monitor, *, now: int, **changes: Any) -> None:
    """Set the given columns of a monitor that was read with ``for_update`` in this transaction.

    What it has goes along into another experiment.
    """
    for column, value in changes.items():
        if column not in Monitor.__table__.columns:
            raise AttributeError(f"a monitor has no column {column!r}")
        if column == "paused" and monitor.paused and not value:
            monitor.resumed_at = now
        setattr(monitor, column, value)
    if "experiment_id" in changes:
        _move(session, monitor)
    monitor.updated_at = now
    session.flush()


def delete(session: Session, monitor_id: str) -> None:
    """Delete a monitor and every row that belongs to it, whatever table it is in.

    What is still to be sent, that its alerts are over, is sent; those deliveries go when they are pruned.
    """
    # The monitor's row first: from now on an activation or a fold waits, and then finds it gone.
    session.execute(sa.delete(Monitor).where(Monitor.id == monitor_id))
    alerts = select(Alert.id).where(Alert.monitor_id == monitor_id)
    last_words = _with_last_words(session, alerts)
    for table in _tables_with("alert_id"):
        kept = last_words if table is Delivery.__table__ else []
        session.execute(sa.delete(table).where(table.c.alert_id.in_(alerts), table.c.alert_id.not_in(kept)))
    for table in _tables_with("monitor_id"):
        session.execute(sa.delete(table).where(table.c.monitor_id == monitor_id))


def _with_last_words(session: Session, alerts: Select[str]) -> list[str]:
    """Ids of the alerts of which it is yet to be sent that they are over."""
    waiting = select(Delivery.alert_id).where(
        Delivery.alert_id.in_(alerts),
        Delivery.action == "resolved",
        Delivery.status.in_(("grouping", "pending", "sending")),
    )
    return list(session.scalars(waiting.distinct()))


def _move(session: Session, monitor: Monitor) -> None:
    for table in _tables_with("monitor_id"):
        if "experiment_id" in table.c:
            owned = table.c.monitor_id == monitor.id
            session.execute(sa.update(table).where(owned).values(experiment_id=monitor.experiment_id))


def _tables_with(column: str) -> list[sa.Table]:
    return [table for table in Base.metadata.sorted_tables if column in table.c]


def _visible(workspace: str, visible: Collection[str] | None) -> Select[Monitor]:
    query = select(Monitor).where(Monitor.workspace == workspace)
    return query if visible is None else query.where(Monitor.experiment_id.in_(visible))


def _not_found(session: Session, name: str, workspace: str, visible: Collection[str] | None) -> NotFound:
    names = session.scalars(_visible(workspace, visible).with_only_columns(Monitor.name))
    near = difflib.get_close_matches(name, names, 3)
    hint = f"similar: {', '.join(map(repr, near))}" if near else f"{_CREATE_HINT}{name}"
    return NotFound(f"no monitor is named {name!r}", hint=hint, code="monitor_not_found")
