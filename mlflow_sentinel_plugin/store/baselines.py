"""Baselines: the frozen distributions a monitor is compared with, numbered from 1 per monitor."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import monitors
from mlflow_sentinel_plugin.store.models import Baseline, Monitor
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page


def has_digest(session: Session, monitor_id: str, digest: str) -> bool:
    """Whether a monitor has a baseline of this content, active or not."""
    same = select(Baseline.id).where(Baseline.monitor_id == monitor_id, Baseline.digest == digest)
    return session.scalar(same.limit(1)) is not None


def add(
    session: Session,
    monitor_id: str,
    *,
    data: bytes,
    rows: int,
    digest: str,
    source: dict[str, Any],
    features: list[dict[str, Any]],
    now: int,
) -> Baseline:
    """Store the next version of a monitor's baseline; it is not active yet.

    Args:
        data: ``profile.Baseline.to_bytes()``.
        rows: Rows it was made of.
        digest: Of the baseline, hex.
        source: ``run_id``, ``artifact_path`` ... as far as known.
        features: Name, kind, role and summary of each.
        now: ms since the epoch.

    Raises:
        NotFound: the monitor is deleted.
    """
    monitor = _locked(session, monitor_id)
    newest = session.scalar(select(func.max(Baseline.version)).where(Baseline.monitor_id == monitor_id))
    baseline = Baseline(
        id=uuid.uuid4().hex,
        workspace=monitor.workspace,
        monitor_id=monitor_id,
        version=(newest or 0) + 1,
        rows=rows,
        digest=digest,
        source=source,
        run_id=source.get("run_id"),
        features=features,
        data=data,
        created_at=now,
    )
    session.add(baseline)
    session.flush()
    return baseline


def get(
    session: Session,
    baseline_id: str,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
) -> Baseline:
    """A baseline by id, without its data.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.

    Raises:
        NotFound: there is none, or it may not be seen.
    """
    baseline = session.scalar(_visible(workspace, visible).where(Baseline.id == baseline_id))
    if baseline is None:
        raise _not_found(baseline_id)
    return baseline


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Baseline]:
    """The baselines that exist among the ids, by id, without their data."""
    found = session.scalars(select(Baseline).where(Baseline.id.in_(ids)))
    return {baseline.id: baseline for baseline in found}


def monitors_of_runs(
    session: Session,
    run_ids: Collection[str],
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
) -> dict[str, list[str]]:
    """Run id -> names of the monitors with a baseline from that run, sorted; runs without one are left out.

    Args:
        visible: Experiment ids the asker may see; ``None``: all.
    """
    query = (
        select(Baseline.run_id, Monitor.name)
        .join(Monitor, Monitor.id == Baseline.monitor_id)
        .where(Baseline.workspace == workspace, Baseline.run_id.in_(run_ids))
        .distinct()
        .order_by(Monitor.name)
    )
    if visible is not None:
        query = query.where(Monitor.experiment_id.in_(visible))
    found: dict[str, list[str]] = {}
    for run_id, name in session.execute(query):
        found.setdefault(str(run_id), []).append(name)
    return found


def load(session: Session, baseline_id: str) -> bytes:
    """The stored ``profile.Baseline.to_bytes()``.

    Raises:
        NotFound: there is no such baseline.
    """
    data = session.scalar(select(Baseline.data).where(Baseline.id == baseline_id))
    if data is None:
        raise _not_found(baseline_id)
    return data


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    visible: Collection[str] | None = None,
    monitor_id: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Baseline]:
    """Baselines, newest first, without their data.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = _visible(workspace, visible)
    if monitor_id is not None:
        query = query.where(Baseline.monitor_id == monitor_id)
        return page(
            session, query, Baseline.version, Baseline.id, descending=True, limit=limit, cursor=cursor
        )
    return page(session, query, Baseline.created_at, Baseline.id, descending=True, limit=limit, cursor=cursor)


def activate(session: Session, baseline_id: str, *, now: int) -> Baseline:
    """Make it the one its monitor is compared with.

    Raises:
        NotFound: the baseline or its monitor is deleted.
    """
    baseline = session.get(Baseline, baseline_id)
    if baseline is None:
        raise _not_found(baseline_id)
    monitor = _locked(session, baseline.monitor_id)
    monitors.update(session, monitor, now=now, baseline_id=baseline_id)
    baseline.activated_at = now
    session.flush()
    return baseline


def _locked(session: Session, monitor_id: str) -> Monitor:
    monitor = monitors.lock(session, monitor_id)
    if monitor is None:
        raise NotFound("the monitor was deleted", code="monitor_not_found")
    return monitor


def _visible(workspace: str, visible: Collection[str] | None) -> Select[Baseline]:
    query = select(Baseline).where(Baseline.workspace == workspace)
    if visible is None:
        return query
    owner = Monitor.id == Baseline.monitor_id
    return query.join(Monitor, owner).where(Monitor.experiment_id.in_(visible))


def _not_found(baseline_id: str) -> NotFound:
    return NotFound(
        f"no baseline has the id {baseline_id!r}",
        hint="GET /api/v1/baseline lists them",
        code="baseline_not_found",
    )
