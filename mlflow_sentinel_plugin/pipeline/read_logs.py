"""Read log files into the inbox, each row exactly once.

The rows of a portion and the position behind it are committed in one transaction that is fenced by the
lease's epoch: whatever dies or is late at whatever point, a row is stored once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from mlflow_sentinel_plugin.alert.outbox import Alerting
from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.config.sources import SourceSettings
from mlflow_sentinel_plugin.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    LeaseLost,
    SentinelError,
    TooLarge,
    Unavailable,
)
from mlflow_sentinel_plugin.ingest.logs.columns import wanted_of
from mlflow_sentinel_plugin.ingest.logs.follow import FileState
from mlflow_sentinel_plugin.ingest.logs.look import Look, Task, look
from mlflow_sentinel_plugin.ingest.logs.marks import Mark
from mlflow_sentinel_plugin.ingest.logs.opening import reader_of
from mlflow_sentinel_plugin.ingest.logs.place import Place
from mlflow_sentinel_plugin.ingest.logs.places import place_of
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline.accept import Acceptor
from mlflow_sentinel_plugin.pipeline.configured_sources import ConfiguredSources
from mlflow_sentinel_plugin.pipeline.log_batch import Batch, Encoder
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.pipeline.source_status import Noter, status_of
from mlflow_sentinel_plugin.store import inbox, lease, monitors, sources
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Source, SourceFile

ROWS_PER_LOOK = 262_144
"""Rows read of one source before the others have their turn."""
MAX_PENDING = 1_048_576
"""While so many rows of a monitor wait to be counted, its files wait too."""

_log = logging.getLogger("mlflow_sentinel.logs")


class _NotStored(Exception):
    """A batch was not committed, for a ``reason`` that is none of the file's."""

    def __init__(self, reason: SentinelError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass
class _Known:
    """What a leader remembers of a source.

    Attributes:
        under: Settings and baseline by which its files were read last; others may read what failed.
    """

    states: list[FileState]
    under: tuple[Any, ...] = ()


@dataclass
class _Progress:
    """Of one look at one source."""

    batch: Batch = field(default_factory=Batch)
    rows: int = 0
    is_over: bool = False
    """The source had its turn."""


class LogReader:
    """Reads the files of all sources; for the leader alone, in one thread.

    Args:
        db: Sentinel's database.
        tracking: Where the artifacts of runs are.
    """

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        acceptor: Acceptor,
        tracking: TrackingSource,
        alerting: Alerting,
    ) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._acceptor = acceptor
        self._tracking = tracking
        self._configured = ConfiguredSources(db, config)
        self._noter = Noter(db, alerting)
        self._epoch: int | None = None
        self._known: dict[str, _Known] = {}

    def read(self, epoch: int) -> bool:
        """Look at every source, the longest not looked at first, and read some of what is new.

        Returns:
            Whether there may be more at once.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        if epoch != self._epoch:
            self._known, self._epoch = {}, epoch
        self._configured.follow(epoch, self._clock())
        with self._db.read() as session:
            found = sources.with_monitors(session)
        self._known = {source.id: self._known[source.id] for source, _ in found if source.id in self._known}
        worked = [self._try(source, monitor, epoch) for source, monitor in found if not monitor.paused]
        return any(worked)

    def _try(self, source: Source, monitor: Monitor, epoch: int) -> bool:
        try:
            status, more = self._read_source(source, monitor, epoch)
        except _NotStored as error:
            self._known.pop(source.id, None)
            raise error.reason from None
        except Conflict as error:
            # Nothing of the last batch was committed.
            self._known.pop(source.id, None)
            _log.info("source %s of %s starts over: %s", source.name, monitor.name, error.message)
            return False
        except Exception as error:
            self._known.pop(source.id, None)
            if not isinstance(error, SentinelError):
                _log.exception("source %s of %s cannot be read now", source.name, monitor.name)
            status, more = _failing(error), False
        self._noter.note(source, monitor, status, epoch, self._clock())
        return more

    def _read_source(self, source: Source, monitor: Monitor, epoch: int) -> tuple[sources.Status, bool]:
        settings = SourceSettings.model_validate(source.settings)
        clock_column = settings.timestamp_column or settings_of(self._config, monitor).timestamp_column
        encoder = Encoder(self._acceptor, monitor, settings, clock_column)
        try:
            watched = self._acceptor.watched(monitor, clock_column)
        except Conflict as error:
            return sources.Status("waiting", f"{error.message}; {error.hint}"), False
        with self._db.read() as session:
            waiting = inbox.pending(session, [monitor.id])[monitor.id]
        if waiting >= MAX_PENDING:
            return sources.Status("waiting", f"{waiting} rows wait to be counted first"), False
        allowed = self._config.ingest.allowed_paths if source.origin == "api" else None
        place = place_of(settings, self._tracking, monitor.workspace, allowed)
        seen = self._look(source, monitor, place, settings)
        wanted = None if watched is None else wanted_of(settings, watched)
        more = self._read_files(source, place, seen, encoder, wanted, epoch)
        return status_of(seen), more

    def _look(self, source: Source, monitor: Monitor, place: Place, settings: SourceSettings) -> Look:
        known = self._known.get(source.id) or self._loaded(source)
        under = (source.settings, monitor.baseline_id, monitor.settings)
        now = self._clock()
        kept = [one for one in known.states if one.gone_at is None or now - one.gone_at < sources.GONE_TTL_MS]
        seen = look(place, kept, settings.format, now, anew=known.under != under)
        self._known[source.id] = _Known(seen.states, under)
        return seen

    def _loaded(self, source: Source) -> _Known:
        with self._db.read() as session:
            return _Known([_state(row) for row in sources.files_of(session, source.id)])

    def _read_files(
        self,
        source: Source,
        place: Place,
        seen: Look,
        encoder: Encoder,
        wanted: Collection[str] | None,
        epoch: int,
    ) -> bool:
        progress = _Progress()
        for state in seen.changed:
            progress.batch.save(state)
        for task in seen.tasks:
            if progress.is_over:
                break
            try:
                self._read_file(source, place, task, encoder, wanted, progress, epoch)
            except (InvalidInput, TooLarge) as error:
                _settle(progress.batch, task, error.message)
            except Conflict as error:
                if error.code != "file_changed":
                    raise
            except Unavailable as error:
                task.state.error = error.message
                progress.batch.save(task.state)
            if progress.batch.is_full:
                self._commit(source, encoder.monitor, progress, epoch)
        self._commit(source, encoder.monitor, progress, epoch)
        return progress.is_over

    def _read_file(
        self,
        source: Source,
        place: Place,
        task: Task,
        encoder: Encoder,
        wanted: Collection[str] | None,
        progress: _Progress,
        epoch: int,
    ) -> None:
        state, said = task.state, encoder.settings.format
        with place.open(task.found) as raw, reader_of(raw, state.path, said) as reader:
            if state.position and reader.resume(state.position, state.mark) != "same":
                return  # It changed since it was listed: the next look tells what it is.
            if not reader.is_ready:
                return
            state.unit = reader.unit
            for portion in reader.portions(final=task.final, wanted=wanted):
                if state.size or state.mtime_ms is not None:
                    state.size, state.mtime_ms = 0, None  # Until its end it is not as it was found.
                before = progress.batch.rows + progress.batch.all_rejected
                encoder.add(progress.batch, state, portion, untyped=reader.untyped)
                progress.rows += progress.batch.rows + progress.batch.all_rejected - before
                if progress.batch.is_full:
                    self._commit(source, encoder.monitor, progress, epoch)
                if progress.rows >= ROWS_PER_LOOK:
                    progress.is_over = True
                    return
        _settle(progress.batch, task, None)

    def _commit(self, seen: Source, under: Monitor, progress: _Progress, epoch: int) -> None:
        """Store a batch and begin the next.

        Raises:
            Conflict: source or monitor changed since; nothing is stored.
            _NotStored: nothing is stored; what is remembered of the source is ahead of the database.
        """
        batch, progress.batch = progress.batch, Batch()
        if not batch.states:
            return
        try:
            self._store(batch, seen, under, epoch)
        except (LeaseLost, Unavailable) as error:
            raise _NotStored(error) from error

    def _store(self, batch: Batch, seen: Source, under: Monitor, epoch: int) -> None:
        now = self._clock()
        for state in batch.states.values():
            state.read_at = now
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, under.id)
            if monitor is None or _terms(monitor) != _terms(under):
                raise Conflict(f"the monitor {under.name!r} changed meanwhile", code="monitor_changed")
            source = sources.lock(session, seen)
            for block in batch.blocks:
                inbox.add(session, monitor.id, block.data, block.rows, block.rejected, now)
            sources.save_files(session, source, [_row(state) for state in batch.states.values()])
            monitor.rows_rejected += batch.rejected
            source.rows += batch.rows
            source.rejected += batch.all_rejected
            if batch.rows:
                source.read_at = now
            if batch.samples:
                source.samples = (batch.samples[::-1] + source.samples)[: sources.SHOWN_SAMPLES]


def _terms(monitor: Monitor) -> tuple[Any, ...]:
    """What the rows were encoded under."""
    return monitor.baseline_id, monitor.settings, monitor.paused


def _settle(batch: Batch, task: Task, error: str | None) -> None:
    """The file is read as far as it goes now."""
    state, found = task.state, task.found
    state.size, state.mtime_ms, state.inode = found.size, found.mtime_ms, found.inode
    state.error, state.settled = error, task.final
    batch.save(state)


def _failing(error: Exception) -> sources.Status:
    if isinstance(error, (Forbidden, InvalidInput, Unavailable)):
        return sources.Status("failing", error.message + (f"; {error.hint}" if error.hint else ""))
    return sources.Status("failing", f"{type(error).__name__}: {error}"[:500])


def _state(row: SourceFile) -> FileState:
    return FileState(
        path=row.path,
        size=row.size,
        mtime_ms=row.mtime_ms,
        inode=row.inode,
        unit="rows" if row.unit == "rows" else "bytes",
        position=row.position,
        mark=Mark(**row.mark),
        rows=row.rows,
        rejected=row.rejected,
        error=row.error,
        read_at=row.read_at,
        gone_at=row.gone_at,
        id=row.id,
    )


def _row(state: FileState) -> dict[str, Any]:
    return {
        "id": state.id,
        "path": state.path,
        "size": state.size,
        "mtime_ms": state.mtime_ms,
        "inode": state.inode,
        "unit": state.unit,
        "position": state.position,
        "mark": state.mark.to_dict(),
        "rows": state.rows,
        "rejected": state.rejected,
        "error": state.error,
        "read_at": state.read_at,
        "gone_at": state.gone_at,
    }
