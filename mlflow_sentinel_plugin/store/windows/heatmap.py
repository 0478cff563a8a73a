"""How far each feature was from the baseline over time: windows side by side, many of them in one column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mlflow_sentinel_plugin.store.models import DriftEvent, Window, WindowFeature
from mlflow_sentinel_plugin.store.windows.verdicts import feature_key

SIGNAL_STATES = ("drift", "column_gone", "kind_changed")
"""States of a feature that are a signal."""

_LOOK_BACK = 20
"""So many windows without data may end a range before its features are no longer known."""


@dataclass(frozen=True)
class Column:
    """Neighbouring windows; ``worst`` is the id of the one with the highest score."""

    start_ms: int
    end_ms: int
    windows: int
    state: str
    worst: str


@dataclass(frozen=True)
class Line:
    """One feature: per column the largest effect (``None``: not compared), and windows with a signal."""

    feature: str
    effects: list[float | None]
    signals: list[int]


@dataclass(frozen=True)
class Heatmap:
    """``total`` counts the features that match, of which ``lines`` are a page."""

    columns: list[Column] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    total: int = 0


@dataclass(frozen=True)
class _Seen:
    """A scored window, without its counts and verdict."""

    id: str
    start_ms: int
    end_ms: int
    state: str
    score: float | None


def heatmap(
    session: Session,
    monitor_id: str,
    *,
    since: int | None = None,
    until: int | None = None,
    columns: int = 100,
    search: str = "",
    offset: int = 0,
    limit: int = 50,
) -> Heatmap:
    """Features by windows, the worst feature first.

    Worst: a signal in most windows of the range, then the largest effect in its newest window, then the name.

    Args:
        since, until: Bounds of the windows' start in ms: inclusive, exclusive.
        columns: At most so many; windows that start at the same time are never parted.
        search: Part of a feature's name, in any case.
        offset, limit: Which of the matching features.
    """
    seen = _scored_windows(session, monitor_id, since, until)
    if not seen:
        return Heatmap()
    names = _ranked(session, monitor_id, seen)
    found = [name for name in names if search.lower() in name.lower()]
    groups = _grouped(seen, columns)
    shown = found[offset : offset + limit]
    return Heatmap(
        [_column(group) for group in groups], _lines(session, monitor_id, shown, groups), len(found)
    )


def _scored_windows(session: Session, monitor_id: str, since: int | None, until: int | None) -> list[_Seen]:
    query = select(Window.id, Window.start_ms, Window.end_ms, Window.state, Window.score).where(
        Window.monitor_id == monitor_id, Window.scored_version > 0
    )
    if since is not None:
        query = query.where(Window.start_ms >= since)
    if until is not None:
        query = query.where(Window.start_ms < until)
    rows = session.execute(query.order_by(Window.start_ms, Window.ordinal))
    return [_Seen(row.id, row.start_ms, row.end_ms, str(row.state), row.score) for row in rows]


def _ranked(session: Session, monitor_id: str, seen: Sequence[_Seen]) -> list[str]:
    """Names of the features of the newest compared window and of those with a signal, worst first."""
    signals = _signals(session, monitor_id, seen)
    effects = _newest_effects(session, seen)
    return sorted({*signals, *effects}, key=lambda name: (-signals[name], -(effects.get(name) or 0.0), name))


def _signals(session: Session, monitor_id: str, seen: Sequence[_Seen]) -> Counter[str]:
    """Windows with a signal of each feature: events name all of a window's, and are few."""
    ends = [window.end_ms for window in seen]
    ids = {window.id for window in seen}
    query = select(DriftEvent.window_id, DriftEvent.features).where(
        DriftEvent.monitor_id == monitor_id,
        DriftEvent.at_ms >= min(ends),
        DriftEvent.at_ms <= max(ends),
        ~DriftEvent.withdrawn,
    )
    return Counter(name for window_id, names in session.execute(query) if window_id in ids for name in names)


def _newest_effects(session: Session, seen: Sequence[_Seen]) -> Mapping[str, float | None]:
    """Of the newest window in which features were compared."""
    for window in reversed(seen[-_LOOK_BACK:]):
        query = select(WindowFeature.feature, WindowFeature.effect)
        rows = session.execute(query.where(WindowFeature.window_id == window.id)).all()
        if rows:
            return {row.feature: row.effect for row in rows}
    return {}


def _grouped(seen: Sequence[_Seen], columns: int) -> list[list[_Seen]]:
    """Neighbours together, about equally many in each group; those that start together stay together."""
    size = -(-len(seen) // columns)
    groups: list[list[_Seen]] = []
    for window in seen:
        last = groups[-1] if groups else None
        if last is None or (len(last) >= size and window.start_ms != last[-1].start_ms):
            groups.append([window])
        else:
            last.append(window)
    return groups


def _column(group: Sequence[_Seen]) -> Column:
    worst = max(group, key=lambda window: (window.state in ("drift", "schema_changed"), window.score or 0.0))
    return Column(group[0].start_ms, max(w.end_ms for w in group), len(group), worst.state, worst.id)


def _lines(
    session: Session, monitor_id: str, names: Sequence[str], groups: Sequence[Sequence[_Seen]]
) -> list[Line]:
    if not names:
        return []
    starts = [group[0].start_ms for group in groups]
    keys = {feature_key(name): name for name in names}
    cells = (
        select(
            WindowFeature.feature_key.label("key"),
            _place(WindowFeature.at_ms, starts).label("place"),
            WindowFeature.effect.label("effect"),
            case((WindowFeature.state.in_(SIGNAL_STATES), 1), else_=0).label("signal"),
        )
        .where(
            WindowFeature.monitor_id == monitor_id,
            WindowFeature.feature_key.in_(keys),
            WindowFeature.at_ms >= starts[0],
            WindowFeature.at_ms <= groups[-1][-1].start_ms,
        )
        .subquery()
    )
    query = select(cells.c.key, cells.c.place, func.max(cells.c.effect), func.sum(cells.c.signal))
    lines = {name: Line(name, [None] * len(groups), [0] * len(groups)) for name in names}
    for key, place, effect, signals in session.execute(query.group_by(cells.c.key, cells.c.place)):
        line = lines[keys[key]]
        line.effects[place], line.signals[place] = effect, int(signals)
    return list(lines.values())


def _place(at: InstrumentedAttribute[int], starts: Sequence[int], first: int = 0) -> ColumnElement[int]:
    """Index of the last start that is not after ``at``, by halves: SQL without a join."""
    if len(starts) == 1:
        return literal(first)
    half = len(starts) // 2
    return case(
        (at < starts[half], _place(at, starts[:half], first)), else_=_place(at, starts[half:], first + half)
    )
