"""What old windows no longer need."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, undefer

from mlflow_sentinel_plugin.store.models import Window
from mlflow_sentinel_plugin.store.results import rows_touched


def reducible(
    session: Session, monitor_id: str, closed_before: int, keep: int, limit: int = 50
) -> list[Window]:
    """Windows with full profiles, closed before a time (ms) and not among the newest ``keep``, with them."""
    old = _old(session, monitor_id, closed_before, keep)
    if old is None:
        return []
    query = select(Window).where(old, Window.reduced == 0).options(undefer(Window.profile)).limit(limit)
    return list(session.scalars(query))


def reduce_profile(session: Session, seen: Window, profile: bytes | None) -> int:
    """Put a coarser profile in place of the one that was read (``None``: it is damaged, and goes).

    Returns:
        1, or 0 if the window changed or went since then.
    """
    changed = (
        update(Window)
        .where(
            Window.id == seen.id, Window.data_version == seen.data_version, ~Window.is_open, ~Window.is_due
        )
        .values(profile=profile, reduced=1)
    )
    return rows_touched(session, changed)


def drop_profiles(session: Session, monitor_id: str, closed_before: int, keep: int) -> int:
    """Drop the profiles of windows closed before a time (ms) that are not among the newest ``keep``.

    Returns:
        How many were dropped.
    """
    old = _old(session, monitor_id, closed_before, keep)
    return 0 if old is None else rows_touched(session, update(Window).where(old).values(profile=None))


def _old(session: Session, monitor_id: str, closed_before: int, keep: int) -> ColumnElement[bool] | None:
    """What is true of them; ``None`` if there are not so many windows."""
    newest = select(Window.end_ms).where(Window.monitor_id == monitor_id).order_by(Window.end_ms.desc())
    oldest_kept = session.scalar(newest.offset(keep - 1).limit(1))
    if oldest_kept is None:
        return None
    return (
        (Window.monitor_id == monitor_id)
        & (Window.end_ms < oldest_kept)
        & (Window.closed_at < closed_before)
        & ~Window.is_open
        & ~Window.is_due
        & Window.profile.is_not(None)
    )
