"""Close windows that are complete, and those that no row can reach any more."""

from __future__ import annotations

import logging

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.pipeline.backoff import Backoff
from mlflow_sentinel_plugin.pipeline.settings import settings_of, spec_of
from mlflow_sentinel_plugin.profile.windows import Progress, closes
from mlflow_sentinel_plugin.store import lease, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window

_log = logging.getLogger("mlflow_sentinel.close")


class Closer:
    """Closes windows; for the leader alone."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._backoff = Backoff(clock)

    def close_windows(self, epoch: int) -> bool:
        """Close what is complete now.

        A window of a replaced baseline or of an older way of cutting gets no new rows: it closes at once.

        Returns:
            Whether any window was closed.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        now = self._clock()
        with self._db.read() as session:
            found = windows.open_windows(session)
        complete = [window for window, monitor in found if self._try_window(window, monitor, now)]
        if not complete:
            return False
        with self._db.write() as session:
            lease.fence(session, epoch)
            return windows.close(session, complete, now) > 0

    def _try_window(self, window: Window, monitor: Monitor, now: int) -> bool:
        if monitor.id in self._backoff.waiting():
            return False
        try:
            ends = self._ends(window, monitor, now)
        except Exception:
            self._backoff.failed(monitor.id)
            _log.exception("window %s of monitor %s stays open for now", window.id, monitor.name)
            return False
        self._backoff.succeeded(monitor.id)
        return ends

    def _ends(self, window: Window, monitor: Monitor, now: int) -> bool:
        settings = settings_of(self._config, monitor)
        if window.baseline_id != monitor.baseline_id or window.spec != spec_of(settings):
            return True
        progress = Progress(
            rows=window.rows,
            end_ms=window.end_ms,
            last_arrival_ms=window.last_arrival_ms,
            watermark_ms=monitor.max_event_ms if settings.timestamp_column is not None else None,
            full_at=settings.window.rows,
        )
        return closes(progress, lateness_ms=settings.lateness_ms, now_ms=now)
