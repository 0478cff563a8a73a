from __future__ import annotations

import logging

import pytest
from sqlalchemy import text

from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.store import migrate, monitors
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Base


@pytest.fixture
def empty(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/new.db")
    yield database
    database.close()


def run(db, statement):
    with db.write() as session:
        session.execute(text(statement))


def tables(db):
    with db.read() as session:
        return set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))


def test_a_new_database_gets_its_tables_once(empty):
    assert migrate.check(empty) == "missing"
    assert migrate.upgrade(empty)
    assert migrate.check(empty) == "current"
    assert not migrate.upgrade(empty)


def test_checking_a_missing_file_does_not_make_it(empty):
    migrate.check(empty)
    migrate.drop(empty)
    assert not empty.path.exists()


def test_the_folder_of_the_file_is_made(tmp_path):
    db = Database.open(f"sqlite:///{tmp_path}/a/b/s.db")
    assert migrate.upgrade(db)
    db.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(Unavailable, match="folder"):
        migrate.upgrade(Database.open(f"sqlite:///{tmp_path}/a/b/s.db"))


def test_a_path_with_percent_signs_and_blanks_works(tmp_path):
    db = Database.open(f"sqlite:///{tmp_path}/100% mine.db")
    assert migrate.upgrade(db)
    assert (tmp_path / "100% mine.db").exists()
    db.close()


def test_nothing_is_left_beside_the_file(empty):
    migrate.upgrade(empty)
    migrate.drop(empty)
    empty.close()
    assert [path.name for path in empty.path.parent.iterdir()] == ["new.db"]


def test_dropping_removes_every_trace_and_nothing_else(db):
    run(db, "CREATE TABLE experiments (id INTEGER)")
    dropped = migrate.drop(db)
    assert len(dropped) == len(Base.metadata.tables) + 1 and "alembic_version_sentinel" in dropped
    assert tables(db) == {"experiments"}
    assert migrate.check(db) == "missing"
    assert migrate.upgrade(db)


def test_a_newer_schema_is_refused_and_left_alone(db):
    run(db, "UPDATE alembic_version_sentinel SET version_num = '9999'")
    before = tables(db)
    assert migrate.check(db) == "newer"
    for change in (migrate.upgrade, migrate.drop):
        with pytest.raises(Unavailable, match="'9999'") as caught:
            change(db)
        assert caught.value.code == "schema_newer"
    assert tables(db) == before


def test_tables_of_an_interrupted_first_migration_are_made_anew(empty):
    migrate.upgrade(empty)
    run(empty, "DROP TABLE alembic_version_sentinel")
    run(empty, "DROP TABLE sentinel_events")
    run(empty, "DROP INDEX ix_sentinel_inbox_monitor_id_id")
    assert migrate.check(empty) == "missing"
    assert migrate.upgrade(empty)
    with empty.read() as session:
        session.execute(text("SELECT * FROM sentinel_events INDEXED BY ix_sentinel_events_monitor_id_at_ms"))
        session.execute(text("SELECT * FROM sentinel_inbox INDEXED BY ix_sentinel_inbox_monitor_id_id"))


def test_tables_with_rows_but_no_version_are_not_touched(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
    run(db, "DELETE FROM alembic_version_sentinel")
    with pytest.raises(Unavailable, match="sentinel_monitors has rows"):
        migrate.upgrade(db)
    with db.read() as session:
        assert monitors.get(session, "flights").name == "flights"


def test_a_failing_migration_changes_nothing(empty, monkeypatch):
    def fail(config, revision):
        config.attributes["connection"].execute(text("CREATE TABLE sentinel_lease (x INTEGER)"))
        raise ZeroDivisionError

    monkeypatch.setattr(migrate.command, "upgrade", fail)
    with pytest.raises(ZeroDivisionError):
        migrate.upgrade(empty)
    assert tables(empty) == set()


def test_migrating_leaves_logging_as_it_was(empty):
    logger = logging.getLogger("somebody.elses")
    root = logging.getLogger()
    before = (logger.disabled, root.level, list(root.handlers))
    migrate.upgrade(empty)
    assert (logger.disabled, root.level, list(root.handlers)) == before
