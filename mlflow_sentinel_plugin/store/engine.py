"""The database: one small engine per process over SQLite, PostgreSQL, MySQL or MariaDB."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, BigInteger, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from mlflow_sentinel_plugin.errors import ConfigError
from mlflow_sentinel_plugin.store.failures import translated

BUSY_TIMEOUT_MS = 20_000
CONNECT_TIMEOUT_S = 10
_POOL = {"pool_size": 2, "max_overflow": 2, "pool_timeout": 10, "pool_pre_ping": True}
_WRITE = "sentinel_write"

_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")
_DRIVERS = {
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2"},
    "mysql": {"mysqldb": "MySQLdb", "pymysql": "pymysql"},
    "mariadb": {"mysqldb": "MySQLdb", "pymysql": "pymysql"},
}
"""Per dialect: SQLAlchemy's name of a driver -> the module it needs."""

_MYSQL_TLS = {
    "ssl_ca": "MLFLOW_MYSQL_SSL_CA",
    "ssl_cert": "MLFLOW_MYSQL_SSL_CERT",
    "ssl_key": "MLFLOW_MYSQL_SSL_KEY",
}
"""MLflow's variables: a database it can only reach over TLS is ours to reach the same way."""


class database_now_ms(FunctionElement[int]):  # noqa: N801  (an SQL function is written in lower case)
    """SQL: the database's clock, in milliseconds since the epoch, UTC."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now_ms, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


@compiles(database_now_ms, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    # now() would be the start of the transaction.
    return "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)"


@compiles(database_now_ms, "mysql", "mariadb")
def _now_mysql(*_: Any, **__: Any) -> str:
    # UNIX_TIMESTAMP(NOW(3)) is ambiguous in the hour a session's time zone repeats.
    return "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)"


def db_now_ms(session: Session) -> int:
    """The database's clock, in milliseconds since the epoch, UTC."""
    return session.execute(select(database_now_ms())).scalar_one()


class Database:
    """Sessions on one database. Safe to share between threads, and usable in a forked child."""

    def __init__(self, url: URL, *, wal: bool = False) -> None:
        self._url = url
        self._wal = wal
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._pid = os.getpid()

    @classmethod
    def open(cls, uri: str, *, wal: bool = False) -> Database:
        """A database by its SQLAlchemy URI; nothing is connected to before the first session.

        Args:
            uri: ``sqlite:///…``, ``postgresql://…`` or ``mysql://…``, optionally with a driver.
            wal: Switch an SQLite file to write-ahead logging. It is the user's file: off unless asked for.

        Raises:
            ConfigError: the URI is malformed, of another kind of database, or its driver is not installed.
        """
        return cls(_checked_url(uri), wal=wal)

    @property
    def path(self) -> Path | None:
        """The SQLite file; ``None`` on a database server, or if SQLite's own ``file:`` form names it."""
        database = self._url.database or ""
        if self._url.get_backend_name() != "sqlite" or database.startswith("file:"):
            return None
        return Path(database)

    def __str__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; it is rolled back at the end.

        On SQLite an open read delays every writer's commit: take what is needed and leave.

        Raises:
            Unavailable: the database cannot be used now.
        """
        with translated(self._url), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back if an exception leaves it.

        On SQLite it holds the file's only write lock from its first statement on: compute before, not inside,
        and never open a second one within.

        Raises:
            Unavailable: the database cannot be used now; nothing was committed.
        """
        bind = self.engine.execution_options(**{_WRITE: True})
        with translated(self._url), Session(bind, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A bare connection in a writing transaction, for migrations; commits at the end.

        Raises:
            Unavailable: the database cannot be used now.
        """
        bind = self.engine.execution_options(**{_WRITE: True})
        with translated(self._url), bind.begin() as connection:
            yield connection

    @property
    def engine(self) -> Engine:
        """This process's engine."""
        with self._lock:
            if self._engine is not None and self._pid != os.getpid():
                # The parent still uses these sockets: forget them, do not close them.
                self._engine.dispose(close=False)
                self._engine = None
            if self._engine is None:
                self._engine = _make_engine(self._url, self._wal)
                self._pid = os.getpid()
            return self._engine

    def close(self) -> None:
        """Close this process's connections. A later session opens new ones."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose(close=self._pid == os.getpid())
                self._engine = None


# --- URLs ------------------------------------------------------------------------------------------------


def _checked_url(uri: str) -> URL:
    url = _parsed(uri)
    if url.get_backend_name() == "sqlite":
        return _absolute(url)
    return _with_installed_driver(url)


def _parsed(uri: str) -> URL:
    known = "write sqlite:///file.db, postgresql://user:password@host/name or mysql://user:password@host/name"
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        raise ConfigError("the storage URI is no database URI", hint=known) from None
    if url.get_backend_name() not in _DIALECTS:
        raise ConfigError(f"Sentinel cannot store its tables in {url.get_backend_name()!r}", hint=known)
    return url


def _absolute(url: URL) -> URL:
    database = url.database or ":memory:"
    if database == ":memory:":
        raise ConfigError(
            "an SQLite database in memory cannot be shared by the server's processes",
            hint="name a file: sqlite:///sentinel.db",
        )
    if database.startswith("file:"):
        return url
    return url.set(database=str(Path(database).absolute()))


def _with_installed_driver(url: URL) -> URL:
    """The URL as given if its driver is there, else with another installed driver if it names none."""
    drivers = _DRIVERS[url.get_backend_name()]
    try:
        driver = url.get_driver_name()
    except NoSuchModuleError:
        raise ConfigError(f"unknown database driver {url.drivername!r}") from None
    if _installed(drivers.get(driver, driver)):
        return url
    others = [name for name, module in drivers.items() if _installed(module)]
    if "+" in url.drivername or not others:
        named = " or ".join(f"{url.get_backend_name()}+{name}://" for name in drivers)
        raise ConfigError(
            f"the database driver {driver!r} is not installed", hint=f"install it, or use {named}"
        )
    return url.set(drivername=f"{url.get_backend_name()}+{others[0]}")


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


# --- engines ---------------------------------------------------------------------------------------------


def _make_engine(url: URL, wal: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **_POOL)
        _control_sqlite(engine, wal)
        return engine
    # InnoDB's default, REPEATABLE READ, hides the row that a duplicate key has just told us of.
    return create_engine(url, connect_args=_connect_args(url), isolation_level="READ COMMITTED", **_POOL)


def _connect_args(url: URL) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if url.get_driver_name() in _DRIVERS[url.get_backend_name()] and "connect_timeout" not in url.query:
        args["connect_timeout"] = CONNECT_TIMEOUT_S
    if url.get_backend_name() != "postgresql":
        args |= {key: os.environ[name] for key, name in _MYSQL_TLS.items() if os.environ.get(name)}
    return args


def _control_sqlite(engine: Engine, wal: bool) -> None:
    """Take over transaction control from the driver, which begins too late to hold a lock."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        if wal:
            connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
