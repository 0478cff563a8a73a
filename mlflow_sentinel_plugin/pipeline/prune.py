"""Forget what is no longer needed: old keys, sent messages, lost log files, details of old windows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import select

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import duration_ms
from mlflow_sentinel_plugin.errors import CorruptData
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.profile.profile import Profile
from mlflow_sentinel_plugin.profile.reduce import reduced
from mlflow_sentinel_plugin.store import deliveries, inbox, lease, sources, stream, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window

_log = logging.getLogger("mlflow_sentinel.prune")


@dataclass(frozen=True)
class Pruned:
    """How much went."""

    rows: int = 0
    """Keys, messages, stream entries and log files that were deleted."""
    reduced: int = 0
    """Windows whose full profile became a coarse one."""
    dropped: int = 0
    """Windows whose coarse profile was deleted."""


def prune(db: Database, config: Config, clock: Clock, cache: BaselineCache, epoch: int) -> Pruned:
    """Delete what retention allows, in short transactions.

    Raises:
        LeaseLost: another process leads.
        Unavailable: the database cannot be used now.
    """
    now, keep = clock(), config.retention
    with db.write() as session:
        lease.fence(session, epoch)
        rows = inbox.prune(session, now) + deliveries.prune(session, now - duration_ms(keep.deliveries))
        rows += stream.prune(session, now) + sources.prune(session, now)
    with db.read() as session:
        ids = list(session.scalars(select(Monitor.id)))
    less = dropped = 0
    full_since = now - duration_ms(keep.profiles)
    coarse_since = min(full_since, now - duration_ms(keep.coarse_profiles))
    for monitor_id in ids:
        with db.write() as session:
            lease.fence(session, epoch)
            dropped += windows.drop_profiles(session, monitor_id, coarse_since, keep.profile_windows)
        while some := _reduce_some(db, cache, monitor_id, full_since, keep.profile_windows, epoch):
            less += some
    return Pruned(rows, less, dropped)


def _reduce_some(
    db: Database, cache: BaselineCache, monitor_id: str, closed_before: int, keep: int, epoch: int
) -> int:
    """Reduce a few windows; returns how many, 0 when there are no more."""
    with db.read() as session:
        found = windows.reducible(session, monitor_id, closed_before, keep)
    smaller = [(window, _reduced(window, cache)) for window in found]
    if not smaller:
        return 0
    with db.write() as session:
        lease.fence(session, epoch)
        return sum(windows.reduce_profile(session, window, profile) for window, profile in smaller)


def _reduced(window: Window, cache: BaselineCache) -> bytes | None:
    try:
        return reduced(Profile.from_bytes(window.profile or b"", cache.get(window.baseline_id))).to_bytes()
    except CorruptData as error:
        _log.error("the counts of window %s are damaged and go: %s", window.id, error)
        return None
