"""An empty database for each test, on each kind of database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import mlflow_sentinel_plugin
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database
from tests.databases import DATABASES, empty_database


@pytest.fixture(params=DATABASES)
def uri(request, tmp_path):
    """Of a database of its own without any tables."""
    with empty_database(request.param, tmp_path) as uri:
        yield uri


@pytest.fixture
def empty(uri):
    database = Database.open(uri)
    yield database
    database.close()


@pytest.fixture
def db(empty):
    migrate.upgrade(empty)
    return empty


@pytest.fixture
def environment():
    """For processes that import the package from this checkout."""
    return {**os.environ, "PYTHONPATH": str(Path(mlflow_sentinel_plugin.__file__).parents[1])}
