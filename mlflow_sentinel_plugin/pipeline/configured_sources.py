"""Sources that the configuration names, kept as rows like those that were made over REST."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store import lease, monitors, sources
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor

_log = logging.getLogger("mlflow_sentinel.logs")

_Key = tuple[str, str, str]
"""Workspace, monitor, name."""


class ConfiguredSources:
    """Brings the table in line with the configuration; for the leader alone."""

    def __init__(self, db: Database, config: Config) -> None:
        self._db = db
        self._wanted: dict[_Key, dict[str, Any]] = {
            (source.workspace, source.monitor, name): source.settings.model_dump(mode="json")
            for name, source in config.ingest.sources.items()
        }
        self._refused: set[_Key] = set()

    def follow(self, epoch: int, now: int) -> None:
        """Make, change and remove what differs; a source whose monitor does not exist yet waits for it.

        Raises:
            LeaseLost: another process leads.
        """
        with self._db.read() as session:
            have = {
                (source.workspace, monitor, source.name): source
                for source, monitor in sources.of_config(session)
            }
            missing = [key for key in self._wanted if key not in have]
            owners = {key: _monitor(session, key) for key in missing if key not in self._refused}
        stale = [source for key, source in have.items() if key not in self._wanted]
        changed = [(source, key) for key, source in have.items() if self._differs(source.settings, key)]
        new = [(key, owner) for key, owner in owners.items() if owner is not None]
        if not (stale or changed or new):
            return
        with self._db.write() as session:
            lease.fence(session, epoch)
            for source in stale:
                sources.remove(session, source.id)
            for source, key in changed:
                sources.change(session, source.id, self._wanted[key], now)
            for key, owner in new:
                self._create(session, key, owner, now)

    def _differs(self, settings: dict[str, Any], key: _Key) -> bool:
        return key in self._wanted and settings != self._wanted[key]

    def _create(self, session: Session, key: _Key, owner: Monitor, now: int) -> None:
        monitor = monitors.lock(session, owner.id)
        if monitor is None:
            return
        try:
            sources.create(session, monitor, key[2], self._wanted[key], origin="config", now=now)
        except Conflict as error:
            _log.warning("ingest.sources.%s is not read: %s", key[2], error.message)
            self._refused.add(key)


def _monitor(session: Session, key: _Key) -> Monitor | None:
    try:
        return monitors.get(session, key[1], workspace=key[0])
    except NotFound:
        return None
