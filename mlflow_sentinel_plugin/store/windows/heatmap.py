"""How far each feature was from the baseline over time: windows side by side, many of them in one column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
        columns: At most so many.
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
    """Each window alone if there is room, else neighbours together, about equally many in each group.

    In groups, windows that start at the same time (count windows that one post filled) stay together.
    """
    if len(seen) <= columns:
        return [[window] for window in seen]
    size = -(-len(seen) // columns)
    groups = [[seen[0]]]
    for window in seen[1:]:
        last = groups[-1]
        if len(last) >= size and window.start_ms != last[-1].start_ms:
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
    keys = {feature_key(name): name for name in names}
    lines = {name: Line(name, [None] * len(groups), [0] * len(groups)) for name in names}
    rows = WindowFeature.monitor_id == monitor_id, WindowFeature.feature_key.in_(keys)
    single = all(len(group) == 1 for group in groups)
    cells = _cells_of_windows if single else _cells_of_groups
    for key, place, effect, signals in cells(session, rows, groups):
        line = lines[keys[key]]
        line.effects[place], line.signals[place] = effect, signals
    return list(lines.values())


Cell = tuple[str, int, float | None, int]
"""Key of the feature, index of the column, largest effect, windows with a signal."""


def _cells_of_windows(
    session: Session, rows: Sequence[ColumnElement[bool]], groups: Sequence[Sequence[_Seen]]
) -> Iterator[Cell]:
    places = {group[0].id: place for place, group in enumerate(groups)}
    query = select(
        WindowFeature.feature_key, WindowFeature.window_id, WindowFeature.effect, WindowFeature.state
    ).where(*rows, *_between(groups))
    for row in session.execute(query):
        if row.window_id in places:
            yield row.feature_key, places[row.window_id], row.effect, int(row.state in SIGNAL_STATES)


def _cells_of_groups(
    session: Session, rows: Sequence[ColumnElement[bool]], groups: Sequence[Sequence[_Seen]]
) -> Iterator[Cell]:
    cells = (
        select(
            WindowFeature.feature_key.label("key"),
            _place(WindowFeature.at_ms, [group[0].start_ms for group in groups]).label("place"),
            WindowFeature.effect.label("effect"),
            case((WindowFeature.state.in_(SIGNAL_STATES), 1), else_=0).label("signal"),
        )
        .where(*rows, *_between(groups))
        .subquery()
    )
    query = select(cells.c.key, cells.c.place, func.max(cells.c.effect), func.sum(cells.c.signal))
    for row in session.execute(query.group_by(cells.c.key, cells.c.place)):
        yield row[0], row[1], row[2], int(row[3])


def _between(groups: Sequence[Sequence[_Seen]]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    first, last = groups[0][0].start_ms, groups[-1][-1].start_ms
    return WindowFeature.at_ms >= first, WindowFeature.at_ms <= last


def _place(at: InstrumentedAttribute[int], starts: Sequence[int], first: int = 0) -> ColumnElement[int]:
    """Index of the last start that is not after ``at``, by halves: SQL without a join."""
    if len(starts) == 1:
        return literal(first)
    half = len(starts) // 2
    return case(
        (at < starts[half], _place(at, starts[:half], first)), else_=_place(at, starts[half:], first + half)
    )
