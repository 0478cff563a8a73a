"""One reader of the stream per worker, however many sockets are open; none while none is."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mlflow_sentinel_plugin.clock import Clock, now_ms
from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.store import stream
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.stream import Entry

EVERY_S = 0.5
"""How often the stream is read: what an event waits for, at most."""
KEPT = 1000
"""Entries in memory, for sockets that are a little behind; what is older is read from the database."""

_log = logging.getLogger("mlflow_sentinel.live")


class Feed:
    """What came into the stream, for the sockets of one worker.

    Args:
        db: Gives the database; raises :class:`Unavailable` when it cannot be used.
        clock: Wall time in ms.
    """

    def __init__(
        self, db: Callable[[], Database], *, clock: Clock = now_ms, every_s: float = EVERY_S, kept: int = KEPT
    ) -> None:
        self._db = db
        self._clock = clock
        self._every_s = every_s
        self._lock = threading.Lock()
        self._wakers: set[Callable[[], object]] = set()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._from: int | None = None
        self._last: int | None = None
        self._reading = threading.Lock()
        self._reader: threading.Thread | None = None
        self._nobody = threading.Event()

    @contextmanager
    def watched(self, wake: Callable[[], object]) -> Iterator[None]:
        """Read the stream inside this context; another thread calls ``wake`` when something came."""
        with self._lock:
            self._wakers.add(wake)
            if self._reader is None:
                self._nobody = threading.Event()
                self._reader = threading.Thread(
                    target=self._run, args=(self._nobody,), name="sentinel-live", daemon=True
                )
                self._reader.start()
        try:
            yield
        finally:
            with self._lock:
                self._wakers.discard(wake)
                if not self._wakers:
                    self._nobody.set()
                    self._reader = None
                    self._from = self._last = None

    def start_at(self, since: int | None) -> tuple[int, bool]:
        """Where a socket begins: the id after which it reads on, and whether it has missed nothing so far.

        Args:
            since: The last id it knows of; ``None``: it has just come.

        Raises:
            Unavailable: the database cannot be used now.
        """
        now = self._clock()
        with self._db().read() as session:
            if since is not None and stream.reaches_back(session, since, now):
                return min(since, now), True
            return stream.newest_id(session), since is None

    def after(self, since: int) -> Sequence[Entry]:
        """The first entries after that id, from memory if it reaches so far back.

        Raises:
            Unavailable: the database cannot be used now.
        """
        with self._lock:
            if self._from is not None and self._from <= since:
                return [entry for entry in self._entries if entry.id > since]
        with self._db().read() as session:
            return stream.after(session, since)

    def read(self) -> bool:
        """Read on once, or find the end of the stream if this is the first time; whether anything came.

        Raises:
            Unavailable: the database cannot be used now.
        """
        with self._reading:
            last = self._last
            with self._db().read() as session:
                came = [] if last is None else stream.after(session, last)
                end = stream.newest_id(session) if last is None else last
            with self._lock:
                if self._last != last:  # the last socket left meanwhile
                    return False
                self._keep(came, end)
                # After the first time too: what came since a socket began may be before that end.
                wakers = list(self._wakers) if came or last is None else []
        for wake in wakers:
            wake()
        return bool(came)

    def _keep(self, came: Sequence[Entry], end: int) -> None:
        if self._last is None:
            self._entries.clear()
            self._from = self._last = end
        for entry in came:
            if len(self._entries) == self._entries.maxlen:
                self._from = self._entries[0].id
            self._entries.append(entry)
            self._last = entry.id

    def _run(self, nobody: threading.Event) -> None:
        failing = False
        while not nobody.is_set():
            try:
                while self.read() and not nobody.is_set():
                    pass
                failing = False
            except Exception as error:
                if not failing:
                    expected = isinstance(error, Unavailable)
                    _log.warning("open pages hear nothing for now: %s", error, exc_info=not expected)
                failing = True
            nobody.wait(self._every_s)
