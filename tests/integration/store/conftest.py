"""An empty database for each test, on servers that ``TEST_POSTGRESQL_URI`` and ``TEST_MYSQL_URI`` name."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

import mlflow_sentinel_plugin
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database

SERVERS = {
    "postgresql": os.environ.get("TEST_POSTGRESQL_URI", "postgresql+psycopg2://127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("TEST_MYSQL_URI", "mysql+pymysql://root@127.0.0.1:3306/"),
}


@pytest.fixture(
    params=["sqlite", *(pytest.param(name, marks=pytest.mark.database) for name in SERVERS)],
)
def uri(request, tmp_path):
    """Of a database of its own without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/sentinel.db"
        return
    admin = _admin_engine(request.param)
    name = f"sentinel_test_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


def _admin_engine(server):
    url = make_url(SERVERS[server])
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
        engine.connect().close()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        pytest.skip(f"no {server} at {url!r}: {error}")
    return engine


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
