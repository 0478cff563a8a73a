from __future__ import annotations

import shutil

import pytest

from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A file with our tables, to copy: faster than making them for each test."""
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    database = Database.open(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


@pytest.fixture
def db(migrated, tmp_path):
    database = Database.open(f"sqlite:///{shutil.copy(migrated, tmp_path / 'sentinel.db')}")
    yield database
    database.close()
