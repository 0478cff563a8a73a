"""Window rules: where a period window begins in a time zone, how times are cut, when a window closes.

A period window begins at each instant at which the zone's wall clock shows a whole multiple of the period,
counted from Monday 1970-01-05 00:00; where the clock jumps over such a reading, at the jump. So ``1d`` is a
local day of 23, 24 or 25 hours, ``1w`` begins on Monday, and ``6h`` keeps to 00, 06, 12 and 18 o'clock. When
the clock is set back, a reading that comes twice begins a window twice if the period is at most an hour.

Instants are int64 milliseconds since the epoch, UTC; bounds are half open, ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from mlflow_sentinel_plugin.entities import WindowSpec
from mlflow_sentinel_plugin.errors import InvalidInput

MIN_MS = 0
"""1970-01-01; earlier times are typing errors, not observations."""
MAX_MS = 253_370_764_800_000
"""9999-01-01: later ones are sentinels such as 9999-12-31, not observations."""

MISSING_WINDOWS = 3
"""So many whole windows without a row are silence, unless a monitor says how often rows come."""

_EPOCH = datetime(1970, 1, 1)
_ANCHOR = datetime(1970, 1, 5)
_MS = timedelta(milliseconds=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """``[start_ms, end_ms)`` of a period window."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows of one period window: positions ``indices`` (ascending) of the cut array."""

    bounds: Bounds
    indices: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CountPiece:
    """Rows ``[first, last)`` of a batch that belong to count window ``ordinal``."""

    ordinal: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What decides whether an open window closes.

    ``watermark_ms`` is the newest event time folded for the monitor, ``None`` without a timestamp column;
    ``full_at`` the rows of a full count window, ``None`` for period windows.
    """

    rows: int
    end_ms: int
    last_arrival_ms: int
    watermark_ms: int | None = None
    full_at: int | None = None


def spec_text(spec: WindowSpec, zone: str) -> str:
    """How rows are cut, as stored with each window: ``1h Europe/Berlin`` or ``500 rows``."""
    return f"{spec.period} {zone}" if spec.period is not None else f"{spec.rows} rows"


def bounds(at_ms: int, period_ms: int, zone: str) -> Bounds:
    """The period window that holds an instant.

    Args:
        at_ms: The instant, ``MIN_MS`` <= at_ms < ``MAX_MS``.
        period_ms: Length by the wall clock, at least 1000.
        zone: IANA name.

    Raises:
        InvalidInput: the instant is out of range, or the period so long that the window ends after year 9999.
    """
    if not MIN_MS <= at_ms < MAX_MS:
        raise InvalidInput(f"time {at_ms} ms is out of range", hint="write a time from 1970 to 9998")
    multiple = (_wall(at_ms, zone) - _ANCHOR) // _MS // period_ms
    while _start(multiple + 1, period_ms, zone) <= at_ms:
        # The clock was set back: its reading is lower than one that came before.
        multiple += 1
    window = Bounds(_start(multiple, period_ms, zone), _start(multiple + 1, period_ms, zone))
    if period_ms <= _HOUR_MS and window.end_ms - window.start_ms > period_ms:
        return _within_repeat(window, at_ms, period_ms, zone)
    return window


def cut(times: npt.NDArray[np.int64], period_ms: int, zone: str) -> list[Piece]:
    """Cut instants into period windows, in order of their start.

    Args:
        times: int64 milliseconds, any order.

    Raises:
        InvalidInput: as ``bounds``.
    """
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    pieces: list[Piece] = []
    done = 0
    while done < len(ordered):
        window = bounds(int(ordered[done]), period_ms, zone)
        upto = int(np.searchsorted(ordered, window.end_ms, side="left"))
        pieces.append(Piece(window, np.sort(order[done:upto])))
        done = upto
    return pieces


def cut_by_count(rows: int, full_at: int, ordinal: int, filled: int) -> Iterator[CountPiece]:
    """Cut ``rows`` rows into count windows of ``full_at``; window ``ordinal`` holds ``filled`` already.

    >>> [(p.ordinal, p.last - p.first) for p in cut_by_count(rows=7, full_at=3, ordinal=4, filled=1)]
    [(4, 2), (5, 3), (6, 2)]
    """
    first = 0
    while first < rows:
        if filled >= full_at:
            ordinal, filled = ordinal + 1, 0
        last = min(rows, first + full_at - filled)
        yield CountPiece(ordinal, first, last)
        filled += last - first
        first = last


def closes(window: Progress, *, lateness_ms: int, now_ms: int) -> bool:
    """Whether an open window is complete.

    A count window when it is full. A period window when a row at least ``lateness`` newer than its end was
    folded, or when ``lateness`` has passed since the later of its end and its last arrival.
    """
    if window.full_at is not None:
        return window.rows >= window.full_at
    if window.watermark_ms is not None and window.watermark_ms >= window.end_ms + lateness_ms:
        return True
    return now_ms >= max(window.end_ms, window.last_arrival_ms) + lateness_ms


def silent_from(since_ms: int, period_ms: int, zone: str, expect_every_ms: int | None) -> int | None:
    """The instant from which on silence since ``since_ms`` is longer than expected.

    Args:
        period_ms: Of the monitor's windows; 0 for count windows.
        expect_every_ms: Longest silence that is normal; ``None``: until three whole windows are missing.

    Returns:
        ``None`` where nothing says how often rows come: count windows without ``expect_every_ms``.

    Raises:
        InvalidInput: as ``bounds``.
    """
    if expect_every_ms is not None:
        return since_ms + expect_every_ms
    if period_ms == 0:
        return None
    end = bounds(since_ms, period_ms, zone).end_ms
    for _ in range(MISSING_WINDOWS):
        end = bounds(end, period_ms, zone).end_ms
    return end


def _wall(at_ms: int, zone: str) -> datetime:
    """What the zone's wall clock shows at an instant."""
    moment = (_EPOCH + at_ms * _MS).replace(tzinfo=timezone.utc)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _start(multiple: int, period_ms: int, zone: str) -> int:
    """The first instant at which the wall clock has reached a multiple of the period."""
    try:
        wall = _ANCHOR + multiple * period_ms * _MS
    except OverflowError:
        raise InvalidInput("the window ends after the year 9999", hint="choose a shorter period") from None
    first, second = (_instant(wall.replace(fold=fold), zone) for fold in (0, 1))
    # Of a reading the clock skips, fold 0 gives an instant after the jump and fold 1 one before.
    return first if first <= second else _change(second, first, zone)


def _within_repeat(window: Bounds, at_ms: int, period_ms: int, zone: str) -> Bounds:
    """The part of a window that the clock, set back inside it, cuts into several."""
    change = _change(window.start_ms, window.end_ms, zone)
    first = window.end_ms - (window.end_ms - change) // period_ms * period_ms
    if at_ms < first:
        return Bounds(window.start_ms, first)
    start = at_ms - (at_ms - first) % period_ms
    return Bounds(start, start + period_ms)


def _instant(wall: datetime, zone: str) -> int:
    offset = wall.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0)
    return (wall.replace(fold=0) - offset - _EPOCH) // _MS


def _change(before: int, after: int, zone: str) -> int:
    """The instant in ``(before, after]`` at which the clock is changed, found by halving."""
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(at_ms: int, zone: str) -> timedelta:
    return _wall(at_ms, zone) - (_EPOCH + at_ms * _MS)
