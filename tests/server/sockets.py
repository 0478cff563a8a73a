"""A page's side of a WebSocket: opens one, reads its messages, and sees why it was refused or closed."""

from __future__ import annotations

import json
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)


@dataclass
class Page:
    """An open socket, or one that was refused: then ``status`` is not 101 and ``body`` says why."""

    port: int
    path: str = "/ws/live"
    headers: dict[str, str] = field(default_factory=dict)
    host: str | None = None
    status: int = field(default=0, init=False)
    body: bytes = field(default=b"", init=False)
    closed: int | None = field(default=None, init=False)
    """Code that the server closed with; 1006 when it just left."""

    def __post_init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._parser = WSConnection(ConnectionType.CLIENT)
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        extra = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        host = self.host or f"127.0.0.1:{self.port}"
        self._send(Request(host=host, target=self.path, extra_headers=extra))
        while not self.status or (self.status != 101 and self.closed is None):
            self.read(30)

    @property
    def error(self) -> str:
        """Code of the error body that refused the socket."""
        return str(json.loads(self.body)["error"]["code"])

    def next(self, timeout: float = 30) -> dict[str, Any] | None:
        """The next message; ``None`` if none came in time, or the socket is closed."""
        while not self._messages and self.closed is None:
            try:
                self.read(timeout)
            except TimeoutError:
                return None
        return self._messages.popleft() if self._messages else None

    def until(self, kind: str) -> dict[str, Any]:
        """The next message of that kind."""
        while (message := self.next()) is not None:
            if message["kind"] == kind:
                return message
        raise AssertionError(f"no {kind} came; closed with {self.closed}")

    def until_closed(self) -> bool:
        """Read everything up to the end of the socket."""
        while self.next() is not None:
            pass
        return self.closed is not None

    def say(self, text: str) -> None:
        self._send(TextMessage(data=text))

    def leave(self) -> None:
        self.connection.close()

    def read(self, timeout: float) -> None:
        """Take in what has come, after waiting for it."""
        self.connection.settimeout(timeout)
        data = self.connection.recv(65536)
        if not data:
            self.closed = self.closed or 1006
            return
        self._parser.receive_data(data)
        for event in self._parser.events():
            self._handle(event)

    def _handle(self, event: Any) -> None:
        if isinstance(event, AcceptConnection):
            self.status = 101
        elif isinstance(event, RejectConnection):
            self.status = event.status_code
            self.closed = None if event.has_body else 1006
        elif isinstance(event, RejectData):
            self.body += event.data
            self.closed = 1006 if event.body_finished else None
        elif isinstance(event, TextMessage):
            self._messages.append(json.loads(event.data))
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            self.closed = event.code
            self._send(event.response())

    def _send(self, event: Any) -> None:
        self.connection.sendall(self._parser.send(event))
