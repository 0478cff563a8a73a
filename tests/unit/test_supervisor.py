from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mlflow_sentinel_plugin.app.supervisor import Supervisor
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import ConfigError, Unavailable
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


@dataclass
class FakeServices:
    db: Database
    config: Config = field(default_factory=Config)


class Plant:
    """Builds services on one SQLite file, and counts."""

    def __init__(self, path: Path):
        self.path = path
        self.built = self.stopped = 0
        self.fault: Exception | None = None

    def build(self) -> FakeServices:
        if self.fault is not None:
            raise self.fault
        self.built += 1
        db = Database.open(f"sqlite:///{self.path}")
        migrate.upgrade(db)
        return FakeServices(db)

    def stop(self, services) -> None:
        self.stopped += 1


@pytest.fixture
def plant(tmp_path):
    return Plant(tmp_path / "sentinel.db")


@pytest.fixture
def supervisor(plant):
    made = Supervisor(plant.build, plant.stop)
    yield made
    made.stop()


def refused(supervisor: Supervisor) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        supervisor.services()
    return caught.value


def set_schema(path: Path, revision: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = :it"), {"it": revision})
    engine.dispose()


def test_services_are_there_after_the_first_look(supervisor):
    supervisor.look()
    assert supervisor.services().config == Config()
    assert supervisor.reason() == ""


def test_a_request_waits_for_the_first_look(supervisor):
    supervisor.start()
    assert supervisor.services() is supervisor.services()


@pytest.mark.parametrize("fault", [ConfigError("drift.rule: wrong"), Unavailable("away"), OSError("disk")])
def test_what_fails_is_said_and_tried_again(supervisor, plant, fault):
    plant.fault = fault
    supervisor.look()
    assert str(fault) in refused(supervisor).message
    plant.fault = None
    supervisor.look()
    assert supervisor.services()


def test_the_reason_is_logged_once_not_at_each_look(supervisor, plant, caplog):
    plant.fault = Unavailable("away")
    for _ in range(3):
        supervisor.look()
    assert caplog.text.count("away") == 1


def test_a_newer_schema_stops_the_work_until_it_is_gone(supervisor, plant):
    supervisor.look()
    with supervisor.services().db.read() as session:
        now = session.scalar(text(f"SELECT version_num FROM {migrate.VERSION_TABLE}"))
    set_schema(plant.path, "from-the-future")
    supervisor.look()
    assert refused(supervisor).code == "schema_newer"
    assert plant.stopped == 1
    supervisor.look()
    assert refused(supervisor).code == "schema_newer"
    set_schema(plant.path, now)
    supervisor.look()
    assert supervisor.services()


def test_a_file_replaced_by_garbage_is_refused_at_once_and_the_right_one_is_taken_back(supervisor, plant):
    supervisor.look()
    kept = plant.path.rename(plant.path.with_suffix(".kept"))
    plant.path.write_bytes(b"garbage" * 1000)
    assert refused(supervisor).code == "database_replaced"  # before any look: no row goes into a lost file
    supervisor.look()
    supervisor.look()
    assert "file is not a database" in refused(supervisor).message
    kept.replace(plant.path)
    supervisor.look()
    assert supervisor.services()


def test_a_file_replaced_by_a_folder_is_refused(supervisor, plant):
    supervisor.look()
    plant.path.unlink()
    plant.path.mkdir()
    supervisor.look()
    supervisor.look()
    assert "database" in refused(supervisor).message


def test_tables_that_vanish_are_made_again(supervisor, plant):
    supervisor.look()
    migrate.drop(supervisor.services().db)
    supervisor.look()
    assert refused(supervisor).code == "schema_missing"
    supervisor.look()
    assert supervisor.services()


def test_stopping_ends_the_background_work_once(supervisor, plant):
    supervisor.start()
    supervisor.services()
    supervisor.stop()
    supervisor.stop()
    assert plant.stopped == 1
    assert refused(supervisor).code == "stopped"


def test_stopping_does_not_wait_for_work_that_hangs(plant):
    hang = threading.Event()
    supervisor = Supervisor(plant.build, lambda services: hang.wait(30))
    supervisor.look()
    supervisor._pid = os.getpid()
    begin = time.monotonic()
    supervisor.stop()
    hang.set()
    assert time.monotonic() - begin < 5


def test_starting_twice_makes_one_thread(supervisor, plant):
    supervisor.start()
    supervisor.start()
    supervisor.services()
    assert [thread.name for thread in threading.enumerate()].count("sentinel-supervisor") == 1


def test_the_limit_of_a_body_is_the_configured_one_once_there_is_one(supervisor):
    assert supervisor.max_body_bytes(5) == 5
    supervisor.look()
    assert supervisor.max_body_bytes(5) == 64 * 1024 * 1024
