"""From blocks of rows to counts per window. Computes only: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.config import ResolvedSettings
from mlflow_sentinel_plugin.pipeline.blocks import Rows
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.windows import bounds, cut, cut_by_count


@dataclass(frozen=True)
class Batch:
    """The rows of one post, decoded, and when they arrived (ms)."""

    rows: Rows
    received_at: int


@dataclass(frozen=True)
class Position:
    """Where count windows go on: in window ``ordinal``, which holds ``filled`` rows."""

    ordinal: int = 0
    filled: int = 0


@dataclass
class Part:
    """Rows that fall into one window."""

    ordinal: int
    start_ms: int
    end_ms: int
    last_arrival_ms: int
    tables: list[pa.Table] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many."""
        return sum(table.num_rows for table in self.tables)

    def profile(self, baseline: Baseline) -> Profile:
        """Their counts on the baseline's grid."""
        return baseline.profile(self.tables)

    def _add(self, table: pa.Table, received_at: int) -> None:
        self.tables.append(table)
        self.last_arrival_ms = max(self.last_arrival_ms, received_at)


def parts(batches: Sequence[Batch], settings: ResolvedSettings, position: Position) -> list[Part]:
    """Cut batches, oldest first, into windows; in order of the windows.

    Args:
        position: Of count windows; periods need none.
    """
    found: dict[int, Part] = {}
    pieces = _by_count if settings.window.rows is not None else _by_period
    for ordinal, start_ms, end_ms, table, received_at in pieces(batches, settings, position):
        part = found.setdefault(ordinal, Part(ordinal, start_ms, end_ms, received_at))
        part.end_ms = max(part.end_ms, end_ms)
        part._add(table, received_at)
    return [found[ordinal] for ordinal in sorted(found)]


_Piece = tuple[int, int, int, pa.Table, int]


def _by_period(batches: Sequence[Batch], settings: ResolvedSettings, _: Position) -> Iterator[_Piece]:
    period, zone = settings.window.period_ms, settings.timezone
    for batch in batches:
        if batch.rows.times is None:
            window = bounds(batch.received_at, period, zone)
            yield window.start_ms, window.start_ms, window.end_ms, batch.rows.table, batch.received_at
            continue
        for piece in cut(batch.rows.times, period, zone):
            table = _taken(batch.rows.table, piece.indices)
            yield piece.bounds.start_ms, piece.bounds.start_ms, piece.bounds.end_ms, table, batch.received_at


def _by_count(batches: Sequence[Batch], settings: ResolvedSettings, position: Position) -> Iterator[_Piece]:
    full_at = settings.window.rows or 1
    ordinal, filled = position.ordinal, position.filled
    for batch in batches:
        for piece in cut_by_count(batch.rows.table.num_rows, full_at, ordinal, filled):
            table = batch.rows.table.slice(piece.first, piece.last - piece.first)
            yield piece.ordinal, batch.received_at, batch.received_at, table, batch.received_at
            filled = table.num_rows + (filled if piece.ordinal == ordinal and filled < full_at else 0)
            ordinal = piece.ordinal


def _taken(table: pa.Table, indices: np.typing.NDArray[np.int64]) -> pa.Table:
    if len(indices) == table.num_rows:
        return table
    first, last = int(indices[0]), int(indices[-1])
    if last - first + 1 == len(indices):
        return table.slice(first, len(indices))
    return table.take(pa.array(indices))


def watermark(batches: Sequence[Batch]) -> int | None:
    """The newest event time, none later than its arrival: a wrong clock must not close windows early."""
    newest = [
        min(int(batch.rows.times.max()), batch.received_at)
        for batch in batches
        if batch.rows.times is not None and len(batch.rows.times)
    ]
    return max(newest, default=None)
