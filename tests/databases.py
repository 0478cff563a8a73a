"""Empty databases on the servers that ``TEST_POSTGRESQL_URI`` and ``TEST_MYSQL_URI`` name."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

SERVERS = {
    "postgresql": os.environ.get("TEST_POSTGRESQL_URI", "postgresql+psycopg2://127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("TEST_MYSQL_URI", "mysql+pymysql://root@127.0.0.1:3306/"),
}
DATABASES = ["sqlite", *(pytest.param(name, marks=pytest.mark.database) for name in SERVERS)]
"""Parameters of a test that runs on each."""


@contextlib.contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """URI of a database without any tables; the test is skipped where there is no such server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/sentinel.db"
        return
    admin = _admin_engine(kind)
    name = f"sentinel_test_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield admin.url.set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""  # also below a server that was killed
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}{force}"))
        admin.dispose()


def _admin_engine(kind: str) -> Engine:
    url = make_url(SERVERS[kind])
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
        engine.connect().close()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        pytest.skip(f"no {kind} at {url!r}: {error}")
    return engine
