"""Verdicts on closed windows. Only the leader writes, behind its fence."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from mlflow_sentinel_plugin.entities import FeatureState, Severity, WindowState
from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.store.models import Monitor, Window, WindowFeature

MAX_HISTORY = 20
"""Earlier verdicts that a window keeps."""


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
    """What a window was found to be; ``result`` is the whole finding as JSON, ``memory`` what later verdicts
    need of it."""

    state: WindowState
    severity: Severity | None
    score: float | None
    result: dict[str, Any]
    features: Sequence[FeatureScore]
    memory: dict[str, Any] | None = None


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
    window.result, window.memory = verdict.result, verdict.memory
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
