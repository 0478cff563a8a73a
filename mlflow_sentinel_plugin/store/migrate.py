"""Sentinel's schema: made, brought up to date, checked and removed. One process at a time does it.

The lock is the database's own, so nothing is left behind when a process dies: SQLite's write lock, which also
makes all of a migration one transaction; an advisory lock on PostgreSQL; ``GET_LOCK`` on MySQL.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, func, inspect, select

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Base

SchemaState = Literal["current", "missing", "outdated", "newer"]

VERSION_TABLE = "alembic_version_sentinel"
_FOLDER = Path(__file__).with_name("migrations")
_LOCK_NAME = "mlflow_sentinel_migrate"
_LOCK_WAIT_S = 60


def check(db: Database) -> SchemaState:
    """How the database's schema relates to this version of the package. Changes nothing.

    Raises:
        Unavailable: the database cannot be used now.
    """
    if _has_no_file(db):
        return "missing"
    with db.read() as session:
        return _state(session.connection())


def upgrade(db: Database) -> bool:
    """Bring the schema to this version; safe to call from many processes at once.

    Returns:
        Whether anything had to be done.

    Raises:
        Unavailable: the database cannot be used now, its schema is newer than this version of the package, or
            tables with rows in them are of no known version.
    """
    if check(db) == "current":
        return False
    _make_folder(db)
    with db.connect() as connection, _locked(connection):
        state = _state(connection)
        if state == "current":
            return False
        _refuse_newer(connection, state)
        if state == "missing":
            _clear_half_made(connection)
        command.upgrade(_config(connection), "head")
    return True


def drop(db: Database) -> list[str]:
    """Remove every table of Sentinel, with all data; returns their names.

    Raises:
        Unavailable: the database cannot be used now, or its schema is newer than this version of the package.
    """
    if _has_no_file(db):
        return []
    with db.connect() as connection, _locked(connection):
        _refuse_newer(connection, _state(connection))
        tables = _present(connection, [*Base.metadata.sorted_tables, Table(VERSION_TABLE, MetaData())])
        for table in tables:
            table.drop(connection)
    return [table.name for table in tables]


def _has_no_file(db: Database) -> bool:
    """Connecting would make an empty one."""
    try:
        return db.path is not None and not db.path.exists()
    except OSError:
        return False  # The database says better what is wrong.


def _state(connection: Connection) -> SchemaState:
    current = _revision(connection)
    if current is None:
        return "missing"
    known = [script.revision for script in _script().walk_revisions()]
    if current not in known:
        return "newer"
    return "current" if current == known[0] else "outdated"


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _refuse_newer(connection: Connection, state: SchemaState) -> None:
    if state == "newer":
        raise Unavailable(
            f"Sentinel's tables have schema {_revision(connection)!r}, which version {__version__} of "
            "mlflow-sentinel does not know",
            hint="install the version that made them, or a newer one",
            code="schema_newer",
        )


def _clear_half_made(connection: Connection) -> None:
    """Tables without a version are what an interrupted first migration left: they hold nothing yet."""
    tables = _present(connection, Base.metadata.sorted_tables)
    for table in tables:
        if connection.scalar(select(func.count()).select_from(table)):
            raise Unavailable(
                f"table {table.name} has rows, but {VERSION_TABLE} does not say of which schema",
                hint="restore that table from a backup, or remove everything with mlflow-sentinel db drop",
                code="schema_unknown",
            )
    for table in tables:
        table.drop(connection)


def _present(connection: Connection, tables: list[Table]) -> list[Table]:
    names = set(inspect(connection).get_table_names())
    return [table for table in tables if table.name in names]


def _make_folder(db: Database) -> None:
    if db.path is None:
        return
    try:
        db.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"cannot make the folder of the database, {db.path.parent}: {error.strerror}"
        ) from error


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_lock_number())))
        yield
    elif connection.dialect.name in ("mysql", "mariadb"):
        with _mysql_lock(connection):
            yield
    else:
        # BEGIN IMMEDIATE has taken SQLite's write lock.
        yield


@contextmanager
def _mysql_lock(connection: Connection) -> Iterator[None]:
    """Named per database, as MySQL's locks are the server's. It outlives the commits that DDL implies."""
    name = f"{_LOCK_NAME}_{hashlib.sha256(str(connection.engine.url.database).encode()).hexdigest()[:32]}"
    if connection.scalar(select(func.get_lock(name, _LOCK_WAIT_S))) != 1:
        raise Unavailable("another process is changing Sentinel's tables", hint="try again in a minute")
    try:
        yield
    finally:
        connection.execute(select(func.release_lock(name)))


def _lock_number() -> int:
    return int.from_bytes(hashlib.sha256(_LOCK_NAME.encode()).digest()[:8], "big", signed=True)


@functools.cache
def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
