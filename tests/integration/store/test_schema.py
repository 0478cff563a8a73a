from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.store import cursors, migrate, monitors
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Base

UPGRADE = """
import sys
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database
print(migrate.upgrade(Database.open(sys.argv[1])))
"""


def start_upgrade(uri, environment):
    return subprocess.Popen(
        [sys.executable, "-c", UPGRADE, uri],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_migrated_schema_is_that_of_the_models(db):
    with db.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": migrate.VERSION_TABLE, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_four_processes_at_once_make_one_schema(uri, empty, environment):
    processes = [start_upgrade(uri, environment) for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], answers
    assert [out.strip() for out, _ in answers].count("True") == 1
    assert migrate.check(empty) == "current"


def test_tables_of_an_interrupted_first_migration_are_made_anew(db):
    with db.connect() as connection:
        connection.execute(text("DROP TABLE alembic_version_sentinel"))
        connection.execute(text("DROP TABLE sentinel_runs"))
    assert migrate.upgrade(db)
    with db.write() as session:
        assert monitors.create(session, "flights", now=1).id


def test_dropping_leaves_no_table(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
    assert len(migrate.drop(db)) == len(Base.metadata.tables) + 1
    assert migrate.check(db) == "missing"
    assert migrate.drop(db) == []


def test_an_engine_survives_a_fork_on_both_sides(db, uri):
    with db.read() as session:
        session.execute(text("SELECT 1"))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with db.write() as session:
                cursors.set(session, "child", {"was": "here"})
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with db.read() as session:
        assert cursors.get(session, "child") == {"was": "here"}


def test_a_server_that_is_away_is_unavailable():
    pytest.importorskip("psycopg2")
    away = Database.open("postgresql+psycopg2://u:s3cret@127.0.0.1:1/x")
    with pytest.raises(Unavailable, match="refused") as caught, away.read() as session:
        session.execute(text("SELECT 1"))
    assert "s3cret" not in str(caught.value)
