"""Keeps one worker's services up: builds them, watches the database, and tries again after a failure."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from mlflow_sentinel_plugin.api.context import Services
from mlflow_sentinel_plugin.errors import SentinelError, Unavailable
from mlflow_sentinel_plugin.store import migrate

_log = logging.getLogger("mlflow_sentinel")

LOOK_EVERY_S = 3.0
FIRST_LOOK_S = 20.0
"""How long a request waits for the services of a worker that has just started."""
STOP_S = 0.8
"""The longest the server's end waits for Sentinel's."""

FileId = tuple[int, int]


class Supervisor:
    """The services of this process, or the reason why there are none.

    Args:
        build: Makes running services, or raises. Called again after each failure.
        stop: Ends the services' background work.
        look_every_s: Seconds between two looks at the database.
    """

    def __init__(
        self,
        build: Callable[[], Services],
        stop: Callable[[Services], None],
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._build = build
        self._stop = stop
        self._look_every_s = look_every_s
        self._services: Services | None = None
        self._file: FileId | None = None
        self._error: SentinelError | None = None
        self._looked = threading.Event()
        self._ending = threading.Event()
        self._pid: int | None = None

    def services(self) -> Services:
        """The services of this process.

        Raises:
            Unavailable: there are none now; the message says why.
        """
        if not self._looked.wait(FIRST_LOOK_S):
            raise Unavailable("Sentinel is still starting", code="starting")
        services, error = self._services, self._error
        if error is not None:
            raise _as_unavailable(error)
        if services is None:
            raise Unavailable("Sentinel has stopped", code="stopped")
        self._check_file(services)
        return services

    def reason(self) -> str:
        """Why there are no services; empty when there are."""
        error = self._error
        return error.message if error is not None else ""

    def max_body_bytes(self, default: int) -> int:
        """The configured limit of a body, ``default`` while there is no configuration."""
        services = self._services
        return services.config.api.max_body_bytes if services is not None else default

    def start(self) -> None:
        """Look after the services in a thread of this process. More calls change nothing."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._services, self._error = None, None  # after a fork those of the parent are not ours
        self._looked, self._ending = threading.Event(), threading.Event()
        threading.Thread(target=self._run, name="sentinel-supervisor", daemon=True).start()

    def stop(self) -> None:
        """End the background work; waits no longer than :data:`STOP_S`."""
        self._ending.set()
        services, self._services = self._services, None
        if services is None or self._pid != os.getpid():
            return
        ending = threading.Thread(target=self._end, args=(services,), name="sentinel-stop", daemon=True)
        ending.start()
        ending.join(STOP_S)

    def look(self) -> None:
        """Build the services if there are none, else see whether they can still work."""
        try:
            if self._services is None:
                self._adopt(self._build())
            else:
                self._examine(self._services)
        except Exception as error:
            self._fail(error)
        else:
            if self._error is not None:
                _log.warning("Sentinel is back")
            self._error = None
        finally:
            self._looked.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            self.look()
            self._ending.wait(self._look_every_s)

    def _adopt(self, services: Services) -> None:
        if self._ending.is_set():  # stopped while it was building
            self._end(services)
            return
        self._file = _file_id(services.db.path)
        self._services = services

    def _examine(self, services: Services) -> None:
        """Raise if the services cannot work, and let go of those that a repair will not bring back."""
        try:
            self._check_file(services)
            state = migrate.check(services.db)
        except Unavailable:
            if _file_id(services.db.path) != self._file:
                self._let_go(services)
            raise
        if state != "current":
            self._let_go(services)
            raise _schema_changed(state)

    def _check_file(self, services: Services) -> None:
        """An SQLite file that was moved away still takes writes through open handles; they would be lost."""
        if _file_id(services.db.path) != self._file:
            raise Unavailable("Sentinel's database file was replaced or removed", code="database_replaced")

    def _let_go(self, services: Services) -> None:
        self._services = None
        self._end(services)

    def _end(self, services: Services) -> None:
        try:
            self._stop(services)
        except Exception:
            _log.exception("stopping the background work failed")
        services.db.close()

    def _fail(self, error: Exception) -> None:
        known = error if isinstance(error, SentinelError) else Unavailable(f"{type(error).__name__}: {error}")
        if self._error is None or self._error.message != known.message:
            unexpected = None if isinstance(error, SentinelError) else error
            _log.error("Sentinel cannot work, MLflow goes on: %s", known.message, exc_info=unexpected)
        self._error = known


def _as_unavailable(error: SentinelError) -> Unavailable:
    code = error.code if isinstance(error, Unavailable) else "unavailable"
    return Unavailable(error.message, hint=error.hint, code=code)


def _schema_changed(state: migrate.SchemaState) -> Unavailable:
    if state == "newer":
        return Unavailable(
            "the tables of Sentinel are of a newer version than this one",
            hint="install that version of mlflow-sentinel",
            code="schema_newer",
        )
    return Unavailable(f"the tables of Sentinel are {state}", code="schema_missing")


def _file_id(path: Path | None) -> FileId | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
