"""Windows of one monitor from one to another, and their counts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import Monitor, Window


def of_monitor(session: Session, monitor: Monitor, window_id: str) -> Window:
    """A window of this monitor.

    Raises:
        NotFound: it has none of that id.
    """
    window = session.get(Window, window_id)
    if window is None or window.monitor_id != monitor.id:
        raise NotFound(
            f"{monitor.name!r} has no window {window_id!r}",
            hint=f"GET /api/v1/monitors/{monitor.name}/windows lists them",
            code="window_not_found",
        )
    return window


def between(session: Session, first: Window, last: Window, *, limit: int) -> list[Window]:
    """Windows of one monitor, baseline and spec from ``first`` to ``last``, both included, oldest first."""
    query = select(Window).where(
        Window.monitor_id == first.monitor_id,
        Window.baseline_id == first.baseline_id,
        Window.spec == first.spec,
        Window.ordinal.between(first.ordinal, last.ordinal),
    )
    return list(session.scalars(query.order_by(Window.ordinal).limit(limit)))


def profiles(session: Session, ids: Collection[str]) -> dict[str, bytes]:
    """The stored counts of windows by id; those that have none are left out."""
    query = select(Window.id, Window.profile).where(Window.id.in_(ids), Window.profile.is_not(None))
    return {window_id: profile for window_id, profile in session.execute(query) if profile is not None}
