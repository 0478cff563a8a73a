"""Snapshots of MLflow's runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.store.models import RunSnapshot
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page
from mlflow_sentinel_plugin.store.results import rows_touched

ACTIVE = "active"
REMOVED = "removed"
"""Lifecycle of a run that MLflow no longer has at all; ``deleted`` ones can be restored."""

STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class Known:
    """What tells whether a stored run changed."""

    digest: str
    artifacts: list[dict[str, Any]]
    found: str | None = None


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    experiment: str | None = None,
    status: str | None = None,
    search: str | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[RunSnapshot]:
    """Runs that are not deleted, the newest first.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.
        experiment: Id or name.
        search: Part of the name in any case, or of the id.
        since: Started at or after, ms since the epoch.
        until: Started before.

    Raises:
        InvalidInput: an unknown status, limit or cursor.
    """
    if status is not None and status not in STATUSES:
        raise InvalidInput(f"{status!r} is no status of a run", hint=f"one of {', '.join(STATUSES)}")
    started = func.coalesce(RunSnapshot.start_ms, 0)
    conditions: list[ColumnElement[bool]] = [
        RunSnapshot.workspace == workspace,
        RunSnapshot.lifecycle == ACTIVE,
        *_seen(visible),
    ]
    if experiment is not None:
        conditions.append(
            or_(RunSnapshot.experiment_id == experiment, RunSnapshot.experiment_name == experiment)
        )
    if status is not None:
        conditions.append(RunSnapshot.status == status)
    if search is not None:
        conditions.append(_named_like(search))
    if since is not None:
        conditions.append(started >= since)
    if until is not None:
        conditions.append(started < until)
    query = select(RunSnapshot).where(*conditions)
    return page(session, query, started, RunSnapshot.run_id, descending=True, limit=limit, cursor=cursor)


def get(
    session: Session,
    run_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
) -> RunSnapshot:
    """The run of that id, deleted or not.

    Raises:
        NotFound: there is none, MLflow removed it, or it may not be seen.
    """
    run = session.scalar(
        select(RunSnapshot).where(
            RunSnapshot.run_id == run_id,
            RunSnapshot.workspace == workspace,
            RunSnapshot.lifecycle != REMOVED,
            *_seen(visible),
        )
    )
    if run is None:
        raise NotFound(
            f"no run has the id {run_id!r}",
            hint="a new run shows up after mlflow.poll_interval_seconds, if mlflow.experiments names it",
            code="run_not_found",
        )
    return run


def known(session: Session, run_ids: Sequence[str]) -> dict[str, Known]:
    """Digest and artifacts of those runs that are stored, by id."""
    query = select(RunSnapshot.run_id, RunSnapshot.digest, RunSnapshot.artifacts, RunSnapshot.found).where(
        RunSnapshot.run_id.in_(run_ids)
    )
    return {run_id: Known(*columns) for run_id, *columns in session.execute(query)}


def waiting(session: Session, *, without: Collection[str] = (), limit: int = 20) -> list[RunSnapshot]:
    """Runs with a baseline that is not registered yet, the longest known first.

    Args:
        without: Ids of runs to leave out.
    """
    query = select(RunSnapshot).where(
        RunSnapshot.found_state == "waiting",
        RunSnapshot.lifecycle == ACTIVE,
        RunSnapshot.run_id.not_in(without),
    )
    return list(session.scalars(query.order_by(RunSnapshot.updated_at, RunSnapshot.run_id).limit(limit)))


def found(session: Session, seen: RunSnapshot) -> RunSnapshot | None:
    """The run, locked, if its baseline still waits and is the one that was seen."""
    row = session.get(RunSnapshot, seen.run_id, with_for_update=True)
    return row if row is not None and (row.found, row.found_state) == (seen.found, "waiting") else None


def save(session: Session, snapshots: Sequence[RunSnapshot]) -> None:
    """Insert or replace, in few statements."""
    ids = [snapshot.run_id for snapshot in snapshots]
    stored = {row.run_id for row in session.scalars(select(RunSnapshot).where(RunSnapshot.run_id.in_(ids)))}
    for snapshot in snapshots:
        if snapshot.run_id in stored:
            session.merge(snapshot)
        else:
            session.add(snapshot)


def ids_between(session: Session, experiment_id: str, after: str, until: str | None) -> set[str]:
    """Ids of the experiment's stored runs in ``(after, until]``, without end if ``None``, not yet removed."""
    query = select(RunSnapshot.run_id).where(
        RunSnapshot.experiment_id == experiment_id,
        RunSnapshot.run_id > after,
        RunSnapshot.lifecycle != REMOVED,
    )
    if until is not None:
        query = query.where(RunSnapshot.run_id <= until)
    return set(session.scalars(query))


def experiment_ids(session: Session, workspace: str) -> set[str]:
    """Experiments with stored runs that are not removed."""
    query = select(RunSnapshot.experiment_id).where(
        RunSnapshot.workspace == workspace, RunSnapshot.lifecycle != REMOVED
    )
    return set(session.scalars(query.distinct()))


def mark_removed(
    session: Session, now: int, *, run_ids: Collection[str] = (), experiments: Collection[str] = ()
) -> int:
    """Mark runs as gone from MLflow, by id or by experiment; how many were."""
    gone = or_(RunSnapshot.run_id.in_(run_ids), RunSnapshot.experiment_id.in_(experiments))
    # No digest: should it come back, it is written again.
    change = update(RunSnapshot).where(gone).values(lifecycle=REMOVED, digest="", updated_at=now)
    return rows_touched(session, change)


def _seen(visible: Collection[str] | None) -> list[ColumnElement[bool]]:
    return [] if visible is None else [RunSnapshot.experiment_id.in_(visible)]


def _named_like(text: str) -> ColumnElement[bool]:
    in_name = RunSnapshot.name.icontains(text, autoescape=True)
    return or_(in_name, RunSnapshot.run_id.icontains(text, autoescape=True))
