"""Drift events: at most one a window, changed or withdrawn when late rows change the verdict."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, SEVERITIES, Severity
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import Alert, DriftEvent, InboxBlock, Monitor, Window
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page

Conditions = list[ColumnElement[bool]]
Totals = dict[str, "ExperimentTotals"]

EVENT_STATES = ("drift", "schema_changed")
"""Window states that are an event."""


@dataclass
class ExperimentTotals:
    """Totals of the monitors of one experiment; windows and events within the asked time."""

    experiment_id: str
    monitors: int = 0
    drifting: int = 0
    windows: int = 0
    by_severity: dict[str, int] = field(default_factory=dict)
    open_alerts: int = 0
    last_event_ms: int | None = None
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_pending: int = 0

    @property
    def events(self) -> int:
        """Events of any severity."""
        return sum(self.by_severity.values())


def record(
    session: Session, window: Window, monitor: Monitor, *, features: Sequence[str], summary: str, now: int
) -> DriftEvent | None:
    """Bring the event of a just scored window in line with its verdict.

    Args:
        features: With a signal, worst first.
        summary: One sentence.

    Returns:
        The event; ``None`` if the window is none, and any earlier event of it is marked as withdrawn.
    """
    event = session.scalar(select(DriftEvent).where(DriftEvent.window_id == window.id))
    if window.state not in EVENT_STATES:
        if event is not None and not event.withdrawn:
            event.withdrawn, event.updated_at = True, now
            session.flush()
        return None
    if event is None:
        event = _new(window, monitor, now)
        session.add(event)
    event.state, event.withdrawn = window.state, False
    event.severity, event.score = window.severity or SEVERITIES[0], window.score or 0.0
    event.features, event.summary = list(features), summary
    event.at_ms, event.updated_at = window.end_ms, now
    session.flush()
    return event


def _new(window: Window, monitor: Monitor, now: int) -> DriftEvent:
    return DriftEvent(
        id=uuid.uuid4().hex,
        workspace=window.workspace,
        monitor_id=window.monitor_id,
        experiment_id=monitor.experiment_id,
        window_id=window.id,
        baseline_id=window.baseline_id,
        created_at=now,
    )


def get(
    session: Session,
    event_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
) -> DriftEvent:
    """An event by id.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.

    Raises:
        NotFound: there is none, or it may not be seen.
    """
    query = select(DriftEvent).join(Monitor, Monitor.id == DriftEvent.monitor_id)
    event = session.scalar(query.where(*_owned(workspace, visible), DriftEvent.id == event_id))
    if event is None:
        raise NotFound(
            f"no drift event has the id {event_id!r}",
            hint="GET /api/v1/drift lists them",
            code="event_not_found",
        )
    return event


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    monitor_id: str | None = None,
    experiment_id: str | None = None,
    severity: Severity | None = None,
    state: str | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[DriftEvent]:
    """Events, newest first, withdrawn ones included.

    Args:
        severity: This one or worse.
        since, until: Bounds of the window's end in ms: inclusive, exclusive.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = select(DriftEvent).join(Monitor, Monitor.id == DriftEvent.monitor_id)
    query = query.where(*_owned(workspace, visible), *_within(DriftEvent.at_ms, since, until))
    if monitor_id is not None:
        query = query.where(DriftEvent.monitor_id == monitor_id)
    if experiment_id is not None:
        query = query.where(Monitor.experiment_id == experiment_id)
    if severity is not None:
        query = query.where(DriftEvent.severity.in_(SEVERITIES[SEVERITIES.index(severity) :]))
    if state is not None:
        query = query.where(DriftEvent.state == state)
    return page(session, query, DriftEvent.at_ms, DriftEvent.id, descending=True, limit=limit, cursor=cursor)


def totals(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[ExperimentTotals]:
    """Totals per experiment with a monitor, by experiment id.

    Args:
        since, until: Bounds of the windows' ends in ms: inclusive, exclusive.
    """
    owned = _owned(workspace, visible)
    found = _monitor_totals(session, owned)
    _add_windows(session, found, [*owned, *_within(Window.end_ms, since, until)])
    _add_events(session, found, [*owned, *_within(DriftEvent.at_ms, since, until)])
    _add_alerts(session, found, owned)
    _add_pending(session, found, owned)
    return [found[experiment_id] for experiment_id in sorted(found)]


def _monitor_totals(session: Session, owned: Conditions) -> Totals:
    query = select(
        Monitor.experiment_id,
        func.count(),
        func.sum(case((Monitor.state.in_(EVENT_STATES), 1), else_=0)),
        func.sum(Monitor.rows_accepted),
        func.sum(Monitor.rows_rejected),
    )
    return {
        experiment_id: ExperimentTotals(
            experiment_id,
            monitors=monitors,
            drifting=int(drifting),
            rows_accepted=int(accepted),
            rows_rejected=int(rejected),
        )
        for experiment_id, monitors, drifting, accepted, rejected in session.execute(
            query.where(*owned).group_by(Monitor.experiment_id)
        )
    }


def _add_windows(session: Session, found: Totals, conditions: Conditions) -> None:
    """All windows less those without a verdict yet: few, and to be found by their index.

    To count the rows with a verdict would read every window; to count all reads an index alone.
    """
    for experiment_id, windows in _count_windows(session, conditions).items():
        found[experiment_id].windows = windows
    unscored = (Window.scored_version == 0, Window.is_open | Window.is_due)
    for experiment_id, windows in _count_windows(session, [*conditions, *unscored]).items():
        found[experiment_id].windows -= windows


def _count_windows(session: Session, conditions: Conditions) -> dict[str, int]:
    query = select(Monitor.experiment_id, func.count()).join(Window, Window.monitor_id == Monitor.id)
    rows = session.execute(query.where(*conditions).group_by(Monitor.experiment_id))
    return {row[0]: row[1] for row in rows}


def _add_events(session: Session, found: Totals, conditions: Conditions) -> None:
    query = (
        select(Monitor.experiment_id, DriftEvent.severity, func.count(), func.max(DriftEvent.at_ms))
        .join(DriftEvent, DriftEvent.monitor_id == Monitor.id)
        .where(*conditions, ~DriftEvent.withdrawn)
        .group_by(Monitor.experiment_id, DriftEvent.severity)
    )
    for experiment_id, severity, events, newest in session.execute(query):
        total = found[experiment_id]
        total.by_severity[severity] = events
        total.last_event_ms = max(newest, total.last_event_ms or newest)


def _add_alerts(session: Session, found: Totals, owned: Conditions) -> None:
    query = select(Monitor.experiment_id, func.count()).join(Alert, Alert.monitor_id == Monitor.id)
    conditions = [*owned, Alert.status != "resolved"]
    for experiment_id, alerts in session.execute(query.where(*conditions).group_by(Monitor.experiment_id)):
        found[experiment_id].open_alerts = alerts


def _add_pending(session: Session, found: Totals, owned: Conditions) -> None:
    query = select(Monitor.experiment_id, func.sum(InboxBlock.rows)).join(
        InboxBlock, InboxBlock.monitor_id == Monitor.id
    )
    for experiment_id, rows in session.execute(query.where(*owned).group_by(Monitor.experiment_id)):
        found[experiment_id].rows_pending = int(rows)


def _owned(workspace: str, visible: Collection[str] | None) -> Conditions:
    conditions = [Monitor.workspace == workspace]
    return conditions if visible is None else [*conditions, Monitor.experiment_id.in_(visible)]


def _within(column: InstrumentedAttribute[int], since: int | None, until: int | None) -> Conditions:
    after = [] if since is None else [column >= since]
    return after if until is None else [*after, column < until]
