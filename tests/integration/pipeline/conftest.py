"""A monitor on a real database, a clock that is set by hand, and the steps of the pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import event, update

from mlflow_sentinel_plugin.clock import from_rfc3339, to_rfc3339
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.pipeline import Accepted, Pipeline
from mlflow_sentinel_plugin.store import events, migrate, monitors, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.lease import Lease
from mlflow_sentinel_plugin.store.models import DriftEvent, Monitor, Window
from mlflow_sentinel_plugin.store.models import Lease as LeaseRow

MINUTE, HOUR = 60_000, 3_600_000
NOON = from_rfc3339("2026-03-10T12:00:00Z")


@dataclass
class World:
    """One server with one leader."""

    db: Database
    now: int = NOON
    config: Config = field(default_factory=Config)
    epoch: int = 0

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.db, self.config, lambda: self.now)
        self.epoch = self.lead("first")

    def lead(self, owner: str) -> int:
        """Another process becomes the leader."""
        self.resign()
        epoch = Lease(self.db, owner, ttl_ms=600_000).try_acquire()
        assert epoch is not None
        return epoch

    def resign(self) -> None:
        """Nobody leads."""
        with self.db.write() as session:
            session.execute(update(LeaseRow).values(owner=None, expires_at=0))

    def baseline(self, name: str = "churn", **options: Any) -> Monitor:
        self.pipeline.register_baseline(name, table(2000), **options)
        return self.monitor(name)

    def monitor(self, name: str = "churn") -> Monitor:
        with self.db.read() as session:
            return monitors.get(session, name)

    def set(self, name: str = "churn", **settings: Any) -> Monitor:
        with self.db.write() as session:
            monitor = monitors.get(session, name, for_update=True)
            monitors.update(session, monitor, now=self.now, settings={**monitor.settings, **settings})
        return self.monitor(name)

    def post(self, rows: pa.Table, name: str = "churn", **options: Any) -> Accepted:
        return self.pipeline.accept(self.monitor(name), Rows(rows), **options)

    def fold(self) -> bool:
        return self.pipeline.fold(self.epoch)

    def close(self) -> bool:
        return self.pipeline.close_windows(self.epoch)

    def score(self) -> bool:
        return self.pipeline.score(self.epoch)

    def tick(self) -> None:
        """All there is to do now."""
        while any([self.fold(), self.close(), self.score()]):
            pass

    def windows(self, name: str = "churn") -> list[Window]:
        """Oldest first, with their verdicts."""
        with self.db.read() as session:
            monitor = monitors.get(session, name)
            return windows.list_page(session, monitor.id, limit=500).items[::-1]

    def events(self) -> list[DriftEvent]:
        """Newest first."""
        with self.db.read() as session:
            return events.list_page(session).items

    def counted(self, name: str = "churn") -> int:
        """Rows in all windows."""
        return sum(window.rows for window in self.windows(name))


def table(rows: int, shift: float = 0.0, seed: int = 0, at: Any = None) -> pa.Table:
    """Rows of one number and one category; ``at`` (ms, one or one a row) adds the column ``at``."""
    random = np.random.default_rng((seed, rows))
    columns: dict[str, Any] = {
        "age": random.normal(shift, 1, rows),
        "city": random.choice(["Ulm", "Bonn", "Kiel"], rows),
    }
    if at is not None:
        times = [at] * rows if isinstance(at, int) else list(at)
        columns["at"] = [to_rfc3339(time) for time in times]
    return pa.table(columns)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "sentinel.db"
    database = Database.open(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


@pytest.fixture
def db(template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(template, tmp_path / "sentinel.db")
    database = Database.open(f"sqlite:///{tmp_path}/sentinel.db")
    # No test here pulls the plug; waiting for the disk is most of the time otherwise.
    event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    yield database
    database.close()


@pytest.fixture
def world(db: Database) -> World:
    return World(db)
