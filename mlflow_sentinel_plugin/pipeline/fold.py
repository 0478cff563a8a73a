"""Fold: blocks of the inbox become counts of windows, each row exactly once.

All computing happens before the one short transaction that adds the counts and removes the blocks. It is
fenced by the lease's epoch, so whatever dies or is late at whatever point, a row is counted once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.errors import Conflict, CorruptData, LeaseLost, NotFound, Unavailable
from mlflow_sentinel_plugin.pipeline.backoff import Backoff
from mlflow_sentinel_plugin.pipeline.blocks import decode
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.pipeline.counting import Batch, Part, Position, parts, watermark
from mlflow_sentinel_plugin.pipeline.first_rows import FirstRows
from mlflow_sentinel_plugin.pipeline.settings import settings_of, spec_of
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.store import inbox, lease, monitors, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import InboxBlock, Monitor, Window

MAX_ROWS = 262_144
"""Rows folded in one transaction."""
MAX_CELLS = 16_777_216
"""Rows times columns of the same: bounds the memory where tables are wide."""

_log = logging.getLogger("mlflow_sentinel.fold")


class _Uncountable(Exception):
    """Counting some rows failed."""


@dataclass
class _Counts:
    """What one transaction will add for a monitor."""

    additions: list[windows.Addition] = field(default_factory=list)
    accepted: int = 0
    rejected: int = 0
    watermark: int | None = None


class Folder:
    """Folds the inbox; for the leader alone, in one thread."""

    def __init__(self, db: Database, config: Config, clock: Clock, baselines: BaselineCache) -> None:
        self._db = db
        self._config = config
        self._baselines = baselines
        self._backoff = Backoff(clock)
        self._first_rows = FirstRows(db, config, clock)

    def fold(self, epoch: int) -> bool:
        """Fold some blocks of each monitor.

        Returns:
            Whether anything was folded.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        with self._db.read() as session:
            waiting = inbox.monitors_with_blocks(session)
        left_alone = self._backoff.waiting()
        worked = [self._try_monitor(name, epoch) for name in waiting if name not in left_alone]
        return any(worked)

    def _try_monitor(self, monitor_id: str, epoch: int) -> bool:
        try:
            worked = self._fold_monitor(monitor_id, epoch)
        except (LeaseLost, Unavailable):
            raise
        except Conflict as error:
            # The monitor was deleted or changed meanwhile; nothing was committed.
            _log.info("folding monitor %s starts over: %s", monitor_id, error)
            return False
        except Exception:
            self._backoff.failed(monitor_id)
            _log.exception("monitor %s cannot be folded now; its rows wait", monitor_id)
            return False
        self._backoff.succeeded(monitor_id)
        return worked

    def _fold_monitor(self, monitor_id: str, epoch: int) -> bool:
        with self._db.read() as session:
            monitor = monitors.by_ids(session, [monitor_id]).get(monitor_id)
        if monitor is None:
            return False
        if monitor.baseline_id is None:
            return self._first_rows.learn(monitor, epoch)
        with self._db.read() as session:
            blocks = inbox.oldest(session, monitor_id, self._max_rows(monitor))
        try:
            counts = self._count(monitor, blocks)
        except _Uncountable:
            _log.warning("monitor %s: counting its blocks one by one", monitor.name)
            self._fold_singly(monitor, blocks, epoch)
        else:
            self._commit(monitor, blocks, counts, epoch)
        return bool(blocks)

    def _fold_singly(self, monitor: Monitor, blocks: Sequence[InboxBlock], epoch: int) -> None:
        """Find the block that cannot be counted, and give it up rather than all that follow."""
        for block in blocks:
            try:
                counts = self._count(monitor, [block])
            except _Uncountable:
                _log.exception("block %s of monitor %s: its rows are rejected", block.id, monitor.name)
                counts = _Counts(rejected=block.rows + block.rejected)
            self._commit(monitor, [block], counts, epoch)

    def _max_rows(self, monitor: Monitor) -> int:
        if monitor.baseline_id is None:
            return MAX_ROWS
        columns = max(1, len(self._baselines.get(monitor.baseline_id).features))
        return max(1, min(MAX_ROWS, MAX_CELLS // columns))

    # --- computing ---------------------------------------------------------------------------------------

    def _count(self, monitor: Monitor, blocks: Sequence[InboxBlock]) -> _Counts:
        counts = _Counts(rejected=sum(block.rejected for block in blocks))
        settings = settings_of(self._config, monitor)
        for accepted_under, batches in self._decoded(blocks, counts).items():
            # Rows from before there was any baseline count under the first.
            baseline_id = accepted_under or str(monitor.baseline_id)
            try:
                baseline = self._baselines.get(baseline_id)
            except NotFound:
                counts.rejected += sum(batch.rows.table.num_rows for batch in batches)
                continue
            self._count_batches(monitor, settings, baseline_id, baseline, batches, counts)
        return counts

    def _decoded(self, blocks: Sequence[InboxBlock], counts: _Counts) -> dict[str, list[Batch]]:
        """Batches by baseline; what cannot be decoded is rejected."""
        batches: dict[str, list[Batch]] = {}
        for block in blocks:
            try:
                rows = decode(block.data)
            except CorruptData as error:
                _log.error("block %s: its %s rows are rejected: %s", block.id, block.rows, error)
                counts.rejected += block.rows
                continue
            batches.setdefault(rows.baseline_id, []).append(Batch(rows, block.received_at))
        return batches

    def _count_batches(
        self,
        monitor: Monitor,
        settings: ResolvedSettings,
        baseline_id: str,
        baseline: Baseline,
        batches: list[Batch],
        counts: _Counts,
    ) -> None:
        spec = spec_of(settings)
        with self._db.read() as session:
            newest = windows.last(session, monitor.id, baseline_id, spec) if settings.window.rows else None
        found = _profiled(batches, settings, _position(newest, settings), baseline)
        with self._db.read() as session:
            stored = windows.find(session, monitor.id, baseline_id, spec, [part.ordinal for part, _ in found])
        for part, profile in found:
            seen = stored.get(part.ordinal)
            merged = _merged(profile, seen)
            if merged is None:
                counts.rejected += part.rows
                continue
            counts.accepted += part.rows
            counts.additions.append(_addition(part, baseline_id, spec, merged, seen))
        newest_event = watermark(batches)
        if newest_event is not None:
            counts.watermark = max(newest_event, counts.watermark or newest_event)

    # --- writing -----------------------------------------------------------------------------------------

    def _commit(self, seen: Monitor, blocks: Sequence[InboxBlock], counts: _Counts, epoch: int) -> None:
        if not blocks:
            return
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, seen.id)
            if monitor is None or monitor.settings != seen.settings:
                raise Conflict(
                    f"monitor {seen.name} changed while its rows were counted", code="monitor_changed"
                )
            for addition in counts.additions:
                windows.add_rows(session, monitor, addition)
            inbox.remove(session, [block.id for block in blocks])
            monitor.rows_accepted += counts.accepted
            monitor.rows_rejected += counts.rejected
            arrivals = [block.received_at for block in blocks]
            monitor.last_row_at = max([*arrivals, monitor.last_row_at or 0])
            if counts.watermark is not None:
                monitor.max_event_ms = max(counts.watermark, monitor.max_event_ms or 0)


def _position(newest: Window | None, settings: ResolvedSettings) -> Position:
    if newest is None:
        return Position()
    # A window that was closed before it was full stays as it is.
    return Position(newest.ordinal, newest.rows if newest.is_open else settings.window.rows or 0)


def _profiled(
    batches: Sequence[Batch], settings: ResolvedSettings, position: Position, baseline: Baseline
) -> list[tuple[Part, Profile]]:
    """Rows per window, counted.

    Raises:
        _Uncountable: a row is of a kind that nothing foresaw.
    """
    try:
        return [(part, part.profile(baseline)) for part in parts(batches, settings, position)]
    except MemoryError:
        raise
    except Exception as error:
        raise _Uncountable(str(error)) from error


def _merged(profile: Profile, seen: Window | None) -> Profile | None:
    """The window's counts with the new ones; ``None`` if its old ones are gone: nothing can be added then."""
    if seen is None:
        return profile
    if seen.profile is None:
        _log.warning("%s rows for window %s are too late: its counts were pruned", profile.rows, seen.id)
        return None
    try:
        return Profile.from_bytes(seen.profile, profile.baseline) + profile
    except CorruptData as error:
        _log.error("%s rows for window %s are rejected: %s", profile.rows, seen.id, error)
        return None


def _addition(
    part: Part, baseline_id: str, spec: str, profile: Profile, seen: Window | None
) -> windows.Addition:
    return windows.Addition(
        baseline_id=baseline_id,
        spec=spec,
        ordinal=part.ordinal,
        start_ms=part.start_ms,
        end_ms=part.end_ms,
        rows=part.rows,
        last_arrival_ms=part.last_arrival_ms,
        profile=profile.to_bytes(),
        seen=seen,
    )
