"""Counts added to windows by the folder, and windows closed. Only the leader writes, behind its fence."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.store.models import Monitor, Window
from mlflow_sentinel_plugin.store.results import rows_touched

_CHUNK = 500


@dataclass(frozen=True)
class Addition:
    """Rows folded into one window.

    Attributes:
        seen: The stored window that ``profile`` includes; ``None`` if there was none.
        rows: Rows added.
        profile: Counts of all rows of the window so far, as bytes.
    """

    baseline_id: str
    spec: str
    ordinal: int
    start_ms: int
    end_ms: int
    rows: int
    last_arrival_ms: int
    profile: bytes
    seen: Window | None


def find(
    session: Session, monitor_id: str, baseline_id: str, spec: str, ordinals: Sequence[int]
) -> dict[int, Window]:
    """The windows that exist among the ordinals, with their profiles."""
    query = (
        select(Window)
        .where(Window.monitor_id == monitor_id, Window.baseline_id == baseline_id, Window.spec == spec)
        .options(undefer(Window.profile))
    )
    found: dict[int, Window] = {}
    for first in range(0, len(ordinals), _CHUNK):
        chunk = session.scalars(query.where(Window.ordinal.in_(ordinals[first : first + _CHUNK])))
        found |= {window.ordinal: window for window in chunk}
    return found


def last(session: Session, monitor_id: str, baseline_id: str, spec: str) -> Window | None:
    """The window with the highest ordinal."""
    return session.scalar(
        select(Window)
        .where(Window.monitor_id == monitor_id, Window.baseline_id == baseline_id, Window.spec == spec)
        .order_by(Window.ordinal.desc())
        .limit(1)
    )


def add_rows(session: Session, monitor: Monitor, addition: Addition) -> None:
    """Create a window, or add to one; a closed one opens again and is not due until it closes.

    Raises:
        Conflict: the window changed since ``addition`` was computed; the transaction must not commit.
    """
    if addition.seen is None:
        session.add(_new(monitor, addition))
        return
    seen = addition.seen
    touched = rows_touched(
        session,
        update(Window)
        .where(Window.id == seen.id, Window.data_version == seen.data_version)
        .values(
            rows=Window.rows + addition.rows,
            end_ms=max(seen.end_ms, addition.end_ms),
            last_arrival_ms=max(seen.last_arrival_ms, addition.last_arrival_ms),
            profile=addition.profile,
            data_version=seen.data_version + 1,
            is_open=True,
            is_due=False,
        ),
    )
    if touched != 1:
        raise Conflict(f"window {seen.id} changed while rows were counted", code="window_changed")


def _new_id(ordinal: int) -> str:
    """Of several count windows that one post filled, and that start together, the first has the lowest id."""
    return f"{ordinal % 2**64:016x}{uuid.uuid4().hex[:16]}"


def _new(monitor: Monitor, addition: Addition) -> Window:
    return Window(
        id=_new_id(addition.ordinal),
        workspace=monitor.workspace,
        monitor_id=monitor.id,
        baseline_id=addition.baseline_id,
        spec=addition.spec,
        ordinal=addition.ordinal,
        start_ms=addition.start_ms,
        end_ms=addition.end_ms,
        is_open=True,
        is_due=False,
        rows=addition.rows,
        last_arrival_ms=addition.last_arrival_ms,
        data_version=1,
        scored_version=0,
        history=[],
        profile=addition.profile,
    )


def open_windows(session: Session) -> list[tuple[Window, Monitor]]:
    """All open windows with their monitors, in order of their start."""
    query = (
        select(Window, Monitor)
        .join(Monitor, Monitor.id == Window.monitor_id)
        .where(Window.is_open)
        .order_by(Window.monitor_id, Window.start_ms, Window.ordinal)
    )
    return [(window, monitor) for window, monitor in session.execute(query)]


def close(session: Session, seen: Sequence[Window], now: int) -> int:
    """Close windows, which makes them due for a verdict; one that changed since it was read stays open.

    Returns:
        How many were closed.
    """
    return sum(
        rows_touched(
            session,
            update(Window)
            .where(Window.id == window.id, Window.is_open, Window.data_version == window.data_version)
            .values(is_open=False, is_due=True, closed_at=now),
        )
        for window in seen
    )
