"""What one socket is told: what came since, as far as its user may see it now."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api.auth import Authorizer, User
from mlflow_sentinel_plugin.api.live.feed import Feed
from mlflow_sentinel_plugin.clock import now_ms, to_rfc3339
from mlflow_sentinel_plugin.store.stream import Entry

TRUSTED_S = 10.0
"""How long what the login said is believed, before it is asked again."""


@dataclass(frozen=True)
class Asked:
    """What the handshake asked for, after it passed all checks.

    Attributes:
        again: Finds the user anew; raises when there is no such user or key any more.
        monitors: Only these; ``None``: all.
        since: The last id the page knows; ``None``: it has just come.
    """

    again: Callable[[], User]
    workspace: str
    monitors: frozenset[str] | None = None
    since: int | None = None


class Viewer:
    """One socket's side of the feed; used by one thread at a time.

    Args:
        timer: Seconds on a clock that only goes forward.
    """

    def __init__(
        self, feed: Feed, authorizer: Authorizer, asked: Asked, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._feed = feed
        self._authorizer = authorizer
        self._asked = asked
        self._timer = timer
        self._user: User | None = None
        self._checked_at = 0.0
        self._may: dict[str, bool] = {}
        self._position = 0

    def greeting(self) -> str:
        """The first message: ``hello``, or ``reset`` when what the page knows is too old to catch up from.

        Raises:
            Unavailable: the database cannot be used now.
        """
        self._position, complete = self._feed.start_at(self._asked.since)
        return self._own("hello" if complete else "reset")

    def news(self) -> list[str]:
        """Messages not told yet, a first part of them; none: everything is told.

        Raises:
            SentinelError: the user may not go on, or the login or the database cannot be asked now.
        """
        while entries := self._feed.after(self._position):
            told = [_text(entry) for entry in entries if self._sees(entry)]
            self._position = entries[-1].id
            if told:
                return told
        return []

    def sign_of_life(self) -> str:
        """A message for a quiet time, after a look whether the user may go on.

        Raises:
            SentinelError: as :meth:`news`.
        """
        self._current_user()
        return self._own("alive")

    def _sees(self, entry: Entry) -> bool:
        asked = self._asked
        if entry.workspace != asked.workspace:
            return False
        if asked.monitors is not None and entry.monitor not in asked.monitors:
            return False
        user = self._current_user()
        if entry.experiment_id not in self._may:
            with mlflow_compat.in_workspace(asked.workspace):
                self._may[entry.experiment_id] = self._authorizer.may(user, "read", entry.experiment_id)
        return self._may[entry.experiment_id]

    def _current_user(self) -> User:
        now = self._timer()
        if self._user is None or now - self._checked_at >= TRUSTED_S:
            self._may.clear()
            self._user = self._asked.again()
            self._checked_at = now
        return self._user

    def _own(self, kind: str) -> str:
        return _message(self._position, kind, now_ms(), {})


def _text(entry: Entry) -> str:
    return _message(entry.id, entry.kind, entry.at_ms, entry.data)


def _message(id_: int, kind: str, at_ms: int, data: dict[str, Any]) -> str:
    return json.dumps({"id": id_, "kind": kind, "at": to_rfc3339(at_ms), "data": data}, allow_nan=False)
