"""The first live rows of a monitor become its baseline, exactly once and none of them lost.

Until there are enough they wait in the inbox. One transaction stores the baseline, switches to it and takes
its rows away; what was posted beyond them stays, to be folded under it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.errors import Conflict, CorruptData, InvalidInput
from mlflow_sentinel_plugin.pipeline.baselines import add_version, packed
from mlflow_sentinel_plugin.pipeline.blocks import Rows, decode, encode
from mlflow_sentinel_plugin.pipeline.counting import Batch, watermark
from mlflow_sentinel_plugin.pipeline.gather import one_table
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import inbox, lease, monitors
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import InboxBlock, Monitor

_log = logging.getLogger("mlflow_sentinel.fold")


@dataclass(frozen=True)
class _Taken:
    """The blocks whose rows become the baseline.

    Attributes:
        rest: Rows of the last block beyond those that are needed, ``None`` if there are none.
        damaged: Blocks that cannot be read.
    """

    blocks: Sequence[InboxBlock]
    batches: Sequence[Batch]
    rest: Rows | None
    damaged: Sequence[InboxBlock]

    @property
    def rows(self) -> int:
        return sum(batch.rows.table.num_rows for batch in self.batches)


class FirstRows:
    """Learns baselines from live rows; for the leader alone, in the folder's thread."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._config = config
        self._clock = clock

    def learn(self, monitor: Monitor, epoch: int) -> bool:
        """Make the first baseline of a monitor if enough rows wait.

        Returns:
            Whether anything was done.

        Raises:
            Conflict: the monitor changed meanwhile.
            LeaseLost: another process leads.
        """
        settings = settings_of(self._config, monitor)
        if settings.first_rows is None:
            return False
        with self._db.read() as session:
            blocks = inbox.first(session, monitor.id, settings.first_rows)
        taken = _taken(blocks, settings.first_rows)
        if taken.damaged:
            self._reject(monitor, taken.damaged, epoch)
            return True
        if not taken.batches:
            return False
        try:
            self._store(monitor, taken, _learned(taken, settings), epoch)
        except InvalidInput as error:
            self._note(monitor, f"the first {taken.rows} rows make no baseline: {error.message}", epoch)
            raise
        return True

    def _store(self, seen: Monitor, taken: _Taken, baseline: Baseline, epoch: int) -> None:
        data, now = packed(baseline), self._clock()
        rest = None if taken.rest is None else encode(taken.rest)
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, seen.id)
            if monitor is None or monitor.baseline_id is not None or monitor.settings != seen.settings:
                raise Conflict(f"monitor {seen.name} changed meanwhile", code="monitor_changed")
            add_version(
                session,
                monitor.name,
                baseline,
                data,
                workspace=monitor.workspace,
                experiment_id=None,
                source=baseline.source,
                activate=True,
                now=now,
            )
            gone = [block.id for block in taken.blocks]
            if rest is not None and taken.rest is not None:
                inbox.keep_rest(session, gone.pop(), rest, taken.rest.table.num_rows)
            inbox.remove(session, gone)
            monitor.problem = None
            _count(monitor, taken)

    def _reject(self, seen: Monitor, damaged: Sequence[InboxBlock], epoch: int) -> None:
        _log.error("monitor %s: %s damaged blocks are rejected", seen.name, len(damaged))
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, seen.id)
            inbox.remove(session, [block.id for block in damaged])
            if monitor is not None:
                monitor.rows_rejected += sum(block.rows + block.rejected for block in damaged)

    def _note(self, seen: Monitor, problem: str, epoch: int) -> None:
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, seen.id)
            if monitor is not None:
                monitor.problem = problem


def _taken(blocks: Sequence[InboxBlock], needed: int) -> _Taken:
    batches: list[Batch] = []
    damaged: list[InboxBlock] = []
    missing, rest = needed, None
    for block in blocks:
        try:
            rows = decode(block.data)
        except CorruptData:
            damaged.append(block)
            continue
        have = rows.table.num_rows
        if have > missing:
            rest, rows = _part(rows, missing, have), _part(rows, 0, missing)
        batches.append(Batch(rows, block.received_at))
        missing -= rows.table.num_rows
    return _Taken(blocks, batches, rest, damaged)


def _part(rows: Rows, first: int, last: int) -> Rows:
    times = None if rows.times is None else rows.times[first:last]
    return replace(rows, table=rows.table.slice(first, last - first), times=times)


def _learned(taken: _Taken, settings: ResolvedSettings) -> Baseline:
    table = one_table([batch.rows.table for batch in taken.batches])
    clock = settings.timestamp_column
    return Baseline.from_data(
        table,
        timestamp=clock if clock in table.column_names else None,
        window_rows=settings.window.rows,
        untyped=all(batch.rows.untyped for batch in taken.batches),
        source={"first_rows": table.num_rows},
    )


def _count(monitor: Monitor, taken: _Taken) -> None:
    monitor.rows_accepted += taken.rows
    monitor.rows_rejected += sum(block.rejected for block in taken.blocks)
    arrivals = [block.received_at for block in taken.blocks]
    monitor.last_row_at = max([*arrivals, monitor.last_row_at or 0])
    newest = watermark(taken.batches)
    if newest is not None:
        monitor.max_event_ms = max(newest, monitor.max_event_ms or 0)
