"""Scored windows over time, of a monitor or of one feature."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.store.models import Window, WindowFeature
from mlflow_sentinel_plugin.store.windows.verdicts import feature_key


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
    query = newest_first(started(scored(monitor_id), since, until)).limit(limit)
    return [_series_row(window) for window in session.scalars(query)][::-1]


def thinned(rows: Sequence[SeriesRow], points: int) -> list[SeriesRow]:
    """At most so many, oldest first: of neighbours the one with the largest score or, of a feature, effect.

    So a short drift among thousands of quiet windows stays to be seen.
    """
    size = -(-len(rows) // points) or 1
    return [max(rows[i : i + size], key=_height) for i in range(0, len(rows), size)]


def _height(row: SeriesRow) -> float:
    return (row.score if row.scores is None else row.effect) or 0.0


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


def scored(monitor_id: str) -> Select[Window]:
    """A monitor's windows that have a verdict."""
    return select(Window).where(Window.monitor_id == monitor_id, Window.scored_version > 0)


def started(query: Select[Window], since: int | None, until: int | None) -> Select[Window]:
    """Those that started in ``[since, until)``, ms; ``None``: no bound."""
    if since is not None:
        query = query.where(Window.start_ms >= since)
    if until is not None:
        query = query.where(Window.start_ms < until)
    return query


def newest_first(query: Select[Window]) -> Select[Window]:
    """In order of their end, the newest first; ``end_ms`` has an index with ``monitor_id``."""
    return query.order_by(Window.end_ms.desc(), Window.start_ms.desc(), Window.ordinal.desc())
