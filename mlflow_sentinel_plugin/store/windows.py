"""Windows: counts added by the folder, verdicts added by the scorer, series read by pages.

Only the leader writes here, in transactions fenced by its lease.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, undefer

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, FeatureState, Severity, WindowState
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store.models import Monitor, Window, WindowFeature
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page
from mlflow_sentinel_plugin.store.results import rows_touched

MAX_HISTORY = 20
"""Earlier verdicts that a window keeps."""
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


@dataclass(frozen=True)
class FeatureScore:
    """One feature's scores in a window; ``scores`` maps a metric to value, p-value and reason."""

    feature: str
    state: FeatureState
    effect: float | None
    p_value: float | None
    scores: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What a window was found to be; ``result`` is the whole finding as JSON."""

    state: WindowState
    severity: Severity | None
    score: float | None
    result: dict[str, Any]
    features: Sequence[FeatureScore]


@dataclass(frozen=True)
class SeriesRow:
    """A scored window of a series; ``effect`` and ``scores`` are one feature's, if one was asked for."""

    window_id: str
    start_ms: int
    end_ms: int
    rows: int
    state: str
    score: float | None
    effect: float | None = None
    scores: dict[str, Any] | None = None


# --- folding ---------------------------------------------------------------------------------------------


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


# --- scoring ---------------------------------------------------------------------------------------------


def due(session: Session, *, without: Collection[str] = (), limit: int = 20) -> list[tuple[Window, Monitor]]:
    """Windows that wait for a verdict, with their profiles: monitor by monitor, in order of their start.

    Args:
        without: Ids of monitors to leave out. Paused ones are left out anyway.
    """
    query = (
        select(Window, Monitor)
        .join(Monitor, Monitor.id == Window.monitor_id)
        .where(Window.is_due, ~Monitor.paused, Window.monitor_id.not_in(without))
        .order_by(Window.monitor_id, Window.start_ms, Window.ordinal)
        .options(undefer(Window.profile))
        .limit(limit)
    )
    return [(window, monitor) for window, monitor in session.execute(query)]


def is_newest(session: Session, window: Window) -> bool:
    """Whether no later window of the same baseline has a verdict."""
    later = select(Window.id).where(
        Window.monitor_id == window.monitor_id,
        Window.baseline_id == window.baseline_id,
        Window.scored_version > 0,
        (Window.start_ms > window.start_ms)
        | ((Window.start_ms == window.start_ms) & (Window.ordinal > window.ordinal)),
    )
    return session.scalar(later.limit(1)) is None


def record_verdict(session: Session, seen: Window, verdict: Verdict, now: int) -> Window:
    """Write a verdict; the one before, if any, goes into the window's history.

    Raises:
        Conflict: the window changed or went since it was read; the transaction must not commit.
    """
    window = session.get(Window, seen.id, populate_existing=True, options=[undefer(Window.result)])
    if window is None or window.data_version != seen.data_version or not window.is_due:
        raise Conflict(f"window {seen.id} changed while it was scored", code="window_changed")
    if window.scored_version > 0:
        window.history = [*window.history, _past(window)][-MAX_HISTORY:]
    window.is_due = False
    window.state, window.severity, window.score = verdict.state, verdict.severity, verdict.score
    window.result = verdict.result
    window.scored_version, window.scored_at = seen.data_version, now
    session.execute(delete(WindowFeature).where(WindowFeature.window_id == window.id))
    session.add_all(_feature_row(window, score) for score in verdict.features)
    session.flush()
    return window


def _past(window: Window) -> dict[str, Any]:
    return {
        "state": window.state,
        "severity": window.severity,
        "score": window.score,
        "rows": (window.result or {}).get("rows"),
        "at": window.scored_at,
    }


def _feature_row(window: Window, score: FeatureScore) -> WindowFeature:
    return WindowFeature(
        window_id=window.id,
        feature_key=feature_key(score.feature),
        feature=score.feature,
        monitor_id=window.monitor_id,
        at_ms=window.start_ms,
        state=score.state,
        effect=score.effect,
        p_value=score.p_value,
        scores=score.scores,
    )


def feature_key(name: str) -> str:
    """The key of a feature in ``WindowFeature``."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


# --- reading ---------------------------------------------------------------------------------------------


def get(
    session: Session, window_id: str, *, workspace: str = DEFAULT_WORKSPACE, with_profile: bool = False
) -> Window:
    """A window with its verdict.

    Raises:
        NotFound: there is none in this workspace.
    """
    options = [undefer(Window.result), *([undefer(Window.profile)] if with_profile else [])]
    query = select(Window).where(Window.id == window_id, Window.workspace == workspace).options(*options)
    window = session.scalar(query)
    if window is None:
        raise NotFound(
            f"no window has the id {window_id!r}",
            hint="GET /api/v1/monitors/{name}/windows lists them",
            code="window_not_found",
        )
    return window


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Window]:
    """The windows that exist among the ids, by id, without verdict and profile."""
    return {window.id: window for window in session.scalars(select(Window).where(Window.id.in_(ids)))}


def newest_open(session: Session, monitor_id: str, baseline_id: str, spec: str) -> Window | None:
    """The open window that the newest rows go to, with its profile."""
    return session.scalar(
        select(Window)
        .where(
            Window.is_open,
            Window.monitor_id == monitor_id,
            Window.baseline_id == baseline_id,
            Window.spec == spec,
        )
        .order_by(Window.start_ms.desc(), Window.ordinal.desc())
        .options(undefer(Window.profile))
        .limit(1)
    )


def newest_scored(session: Session, monitor_id: str) -> Window | None:
    """The newest window with a verdict, and that verdict."""
    query = _newest_first(_scored(monitor_id)).options(undefer(Window.result))
    return session.scalar(query.limit(1))


def newest_profiled(session: Session, monitor_id: str, baseline_id: str) -> Window | None:
    """The newest window, open or closed, that still has its profile."""
    query = select(Window).where(
        Window.monitor_id == monitor_id, Window.baseline_id == baseline_id, Window.profile.is_not(None)
    )
    loaded = [undefer(Window.profile), undefer(Window.result)]
    return session.scalar(_newest_first(query).options(*loaded).limit(1))


def list_page(
    session: Session,
    monitor_id: str,
    *,
    state: WindowState | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Window]:
    """Windows of a monitor with their verdicts, newest first.

    Args:
        since, until: Bounds of the window's start in ms: inclusive, exclusive.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = _started(select(Window).where(Window.monitor_id == monitor_id), since, until)
    if state is not None:
        query = query.where(Window.state == state)
    query = query.options(undefer(Window.result))
    return page(session, query, Window.start_ms, Window.id, descending=True, limit=limit, cursor=cursor)


def recent(session: Session, monitor_ids: Collection[str], count: int = 30) -> dict[str, list[SeriesRow]]:
    """The last scored windows of each monitor, oldest first."""
    return {monitor_id: series(session, monitor_id, limit=count) for monitor_id in monitor_ids}


def series(
    session: Session,
    monitor_id: str,
    *,
    feature: str | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 500,
) -> list[SeriesRow]:
    """The newest scored windows, oldest first; of one feature, those in which it was scored.

    Args:
        since, until: Bounds of the window's start in ms: inclusive, exclusive.
    """
    if feature is not None:
        return _feature_series(session, monitor_id, feature, since, until, limit)
    query = _newest_first(_started(_scored(monitor_id), since, until)).limit(limit)
    return [_series_row(window) for window in session.scalars(query)][::-1]


def _feature_series(
    session: Session, monitor_id: str, feature: str, since: int | None, until: int | None, limit: int
) -> list[SeriesRow]:
    query = (
        select(Window, WindowFeature)
        .join(WindowFeature, WindowFeature.window_id == Window.id)
        .where(WindowFeature.monitor_id == monitor_id, WindowFeature.feature_key == feature_key(feature))
        .order_by(WindowFeature.at_ms.desc(), Window.ordinal.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(WindowFeature.at_ms >= since)
    if until is not None:
        query = query.where(WindowFeature.at_ms < until)
    return [_series_row(window, scores) for window, scores in session.execute(query)][::-1]


def _series_row(window: Window, feature: WindowFeature | None = None) -> SeriesRow:
    return SeriesRow(
        window_id=window.id,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        rows=window.rows,
        state=feature.state if feature else str(window.state),
        score=window.score,
        effect=feature.effect if feature else None,
        scores=feature.scores if feature else None,
    )


def _scored(monitor_id: str) -> Select[Window]:
    return select(Window).where(Window.monitor_id == monitor_id, Window.scored_version > 0)


def _started(query: Select[Window], since: int | None, until: int | None) -> Select[Window]:
    if since is not None:
        query = query.where(Window.start_ms >= since)
    if until is not None:
        query = query.where(Window.start_ms < until)
    return query


def _newest_first(query: Select[Window]) -> Select[Window]:
    # By end_ms, which has an index with monitor_id.
    return query.order_by(Window.end_ms.desc(), Window.start_ms.desc(), Window.ordinal.desc())


# --- forgetting ------------------------------------------------------------------------------------------


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
