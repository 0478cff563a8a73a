"""The end of a tick, for the leader: its messages go out together."""

from __future__ import annotations

from mlflow_sentinel_plugin.alert import digest
from mlflow_sentinel_plugin.alert.outbox import Alerting
from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.store import cursors, deliveries, lease
from mlflow_sentinel_plugin.store.engine import Database

TICK = "tick"
"""The cursor that says ``at`` (ms) the leader last came through its work."""
_NOTED_EVERY_MS = 20_000
_LONGEST_MS = 120_000
"""A tick that goes on and on does not keep its first messages longer."""


class Grouper:
    """Keeps messages while a tick goes on, and lets them go at its end; for the leader alone."""

    def __init__(self, db: Database, clock: Clock, alerting: Alerting) -> None:
        self._db = db
        self._clock = clock
        self._alerting = alerting
        self._noted_at = 0

    def go_on(self, epoch: int) -> None:
        """Some windows were judged, and there may be more.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        now = self._clock()
        if now - self._noted_at < _NOTED_EVERY_MS:
            return
        with self._db.write() as session:
            lease.fence(session, epoch)
            until = now + self._alerting.group_ms
            deliveries.keep_grouping(session, since=now - _LONGEST_MS, until=until)
            cursors.set(session, TICK, {"at": now})
        self._noted_at = now

    def end(self, epoch: int) -> bool:
        """No window is left to judge.

        Returns:
            Whether messages were waiting for this.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        now = self._clock()
        with self._db.read() as session:
            waiting = deliveries.is_grouping(session)
        if not waiting and now - self._noted_at < _NOTED_EVERY_MS:
            return False
        with self._db.write() as session:
            lease.fence(session, epoch)
            digest.release(session, self._alerting.public_url, now)
            cursors.set(session, TICK, {"at": now})
        self._noted_at = now
        return waiting
