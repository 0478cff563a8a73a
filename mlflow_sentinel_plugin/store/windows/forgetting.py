"""What old windows no longer need."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.store.models import Window
from mlflow_sentinel_plugin.store.results import rows_touched


def drop_profiles(session: Session, monitor_id: str, closed_before: int, keep: int) -> int:
    """Drop the full profiles of windows closed before a time (ms) that are not among the newest ``keep``.

    Returns:
        How many were dropped.
    """
    newest = select(Window.end_ms).where(Window.monitor_id == monitor_id).order_by(Window.end_ms.desc())
    oldest_kept = session.scalar(newest.offset(keep - 1).limit(1))
    if oldest_kept is None:
        return 0
    return rows_touched(
        session,
        update(Window)
        .where(
            Window.monitor_id == monitor_id,
            Window.end_ms < oldest_kept,
            Window.closed_at < closed_before,
            ~Window.is_open,
            ~Window.is_due,
            Window.profile.is_not(None),
        )
        .values(profile=None),
    )
