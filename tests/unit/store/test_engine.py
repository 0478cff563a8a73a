from __future__ import annotations

import sqlite3
import time

import pytest
from sqlalchemy import text

from mlflow_sentinel_plugin.errors import ConfigError, InvalidInput, Unavailable
from mlflow_sentinel_plugin.store import cursors
from mlflow_sentinel_plugin.store import engine as engine_module
from mlflow_sentinel_plugin.store.engine import Database, db_now_ms
from mlflow_sentinel_plugin.store.models import Cursor


def journal_mode(db):
    with db.read() as session:
        return session.scalar(text("PRAGMA journal_mode"))


def test_a_write_is_there_after_the_block(db):
    with db.write() as session:
        cursors.set(session, "runs", {"at": 1})
    with db.read() as session:
        assert cursors.get(session, "runs") == {"at": 1}


def test_an_exception_undoes_the_whole_write(db):
    with pytest.raises(ZeroDivisionError), db.write() as session:
        cursors.set(session, "runs", {"at": 1})
        raise ZeroDivisionError
    with db.read() as session:
        assert cursors.get(session, "runs") is None


def test_rows_stay_readable_after_the_session(db):
    with db.write() as session:
        session.add(cursor := Cursor(name="runs", value={"at": 1}))
    assert cursor.value == {"at": 1}


def test_a_writer_holds_the_lock_from_its_first_statement(db):
    with db.write() as session:
        session.execute(text("SELECT 1"))
        other = sqlite3.connect(db.path, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_does_not_take_the_write_lock(db):
    with db.read() as session:
        session.execute(text("SELECT count(*) FROM sentinel_cursors"))
        other = sqlite3.connect(db.path, timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.close()


def test_the_journal_mode_of_the_users_file_stays_as_it_is(db):
    assert journal_mode(db) == "delete"


def test_write_ahead_logging_is_there_when_asked_for(tmp_path):
    db = Database.open(f"sqlite:///{tmp_path}/s.db", wal=True)
    assert journal_mode(db) == "wal"
    db.close()


def test_the_databases_clock_is_in_milliseconds_utc(db):
    with db.read() as session:
        assert abs(db_now_ms(session) - time.time() * 1000) < 1_000


def test_a_relative_file_stays_the_same_when_the_process_changes_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    db = Database.open("sqlite:///s.db")
    monkeypatch.chdir("/")
    assert db.path == tmp_path / "s.db"


def test_a_closed_database_opens_again(db):
    db.close()
    with db.read() as session:
        assert session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("./mlruns", "no database URI"),
        ("file:///srv/mlruns", "'file'"),
        ("mssql+pyodbc://host/name", "mssql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgresql+nosuchdriver://host/name", "nosuchdriver"),
    ],
)
def test_a_uri_that_cannot_work_is_refused_when_opened(uri, says):
    with pytest.raises(ConfigError, match=says) as caught:
        Database.open(uri)
    assert caught.value.hint or "driver" in caught.value.message


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setattr(engine_module, "_installed", lambda module: False)
    with pytest.raises(ConfigError, match="not installed") as caught:
        Database.open("postgresql://host/name")
    assert "postgresql+psycopg2://" in caught.value.hint


def test_another_installed_driver_serves_a_uri_that_names_none(monkeypatch):
    monkeypatch.setattr(engine_module, "_installed", lambda module: module == "pymysql")
    assert str(Database.open("mysql://host/name")) == "mysql+pymysql://host/name"


def test_a_named_driver_is_never_replaced(monkeypatch):
    monkeypatch.setattr(engine_module, "_installed", lambda module: module == "pymysql")
    with pytest.raises(ConfigError, match="mysqldb"):
        Database.open("mysql+mysqldb://host/name")


def test_the_password_is_never_shown(monkeypatch):
    monkeypatch.setattr(engine_module, "_installed", lambda module: True)
    assert "s3cret" not in str(Database.open("postgresql://u:s3cret@host/name"))


@pytest.fixture
def broken(tmp_path):
    """The path of a database whose file is made wrong by the test."""
    return tmp_path / "broken.db"


def test_a_file_that_is_no_database_is_unavailable(broken):
    broken.write_bytes(b"this is not a database" * 100)
    with (
        pytest.raises(Unavailable, match="not a database"),
        Database.open(f"sqlite:///{broken}").read() as session,
    ):
        session.execute(text("SELECT * FROM sqlite_master"))


def test_a_folder_in_place_of_the_file_is_unavailable(broken):
    broken.mkdir()
    with (
        pytest.raises(Unavailable, match="unable to open"),
        Database.open(f"sqlite:///{broken}").read() as session,
    ):
        session.execute(text("SELECT 1"))


def test_a_read_only_database_is_unavailable_for_writing(db):
    readonly = Database.open(f"sqlite:///file:{db.path}?mode=ro&uri=true")
    with pytest.raises(Unavailable, match="readonly"), readonly.write() as session:
        cursors.set(session, "runs", {})
    readonly.close()


def test_missing_tables_are_unavailable_with_the_command_that_makes_them(tmp_path):
    db = Database.open(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unavailable) as caught, db.read() as session:
        cursors.get(session, "runs")
    assert caught.value.code == "schema_missing"
    assert "mlflow-sentinel db upgrade" in caught.value.hint


def test_a_lock_that_others_hold_too_long_is_unavailable(db, monkeypatch):
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 0)
    db.close()
    holder = sqlite3.connect(db.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"), db.write() as session:
        cursors.set(session, "runs", {})
    holder.close()


@pytest.mark.parametrize("value", ["lone \ud800 surrogate", 2**63])
def test_a_value_no_column_can_hold_is_the_users_mistake(db, value):
    with pytest.raises(InvalidInput, match="cannot be stored"), db.read() as session:
        session.execute(text("SELECT :value"), {"value": value})


def test_other_value_errors_keep_their_type(db):
    with pytest.raises(ValueError, match="mine") as caught, db.read():
        raise ValueError("mine")
    assert not isinstance(caught.value, InvalidInput)


def test_nan_is_never_stored(db):
    with pytest.raises(Exception, match="not JSON compliant"), db.write() as session:
        cursors.set(session, "runs", {"at": float("nan")})


def test_a_lone_surrogate_in_json_survives(db):
    with db.write() as session:
        cursors.set(session, "runs", {"name": "\ud800"})
    with db.read() as session:
        assert cursors.get(session, "runs") == {"name": "\ud800"}
