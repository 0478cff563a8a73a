from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.store import migrate, monitors
from mlflow_sentinel_plugin.store.engine import Database


@pytest.fixture
def db(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/sentinel.db")
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def monitor(db):
    with db.write() as session:
        return monitors.create(session, "flights", now=1)
