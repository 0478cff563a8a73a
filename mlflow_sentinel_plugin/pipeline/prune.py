"""Forget what is no longer needed: old keys, sent messages, lost log files, profiles of old windows."""

from __future__ import annotations

from sqlalchemy import select

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import duration_ms
from mlflow_sentinel_plugin.store import deliveries, inbox, lease, sources, stream, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor


def prune(db: Database, config: Config, clock: Clock, epoch: int) -> int:
    """Delete what retention allows, in short transactions; returns how many rows and profiles went.

    Raises:
        LeaseLost: another process leads.
        Unavailable: the database cannot be used now.
    """
    now, keep = clock(), config.retention
    with db.write() as session:
        lease.fence(session, epoch)
        gone = inbox.prune(session, now) + deliveries.prune(session, now - duration_ms(keep.deliveries))
        gone += stream.prune(session, now) + sources.prune(session, now)
    with db.read() as session:
        ids = list(session.scalars(select(Monitor.id)))
    for monitor_id in ids:
        with db.write() as session:
            lease.fence(session, epoch)
            closed_before = now - duration_ms(keep.profiles)
            gone += windows.drop_profiles(session, monitor_id, closed_before, keep.profile_windows)
    return gone
