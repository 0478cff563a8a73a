"""A database file, and a receiver that behaves as told."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.migrate import upgrade


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Gives ``answers`` one by one, then ``then`` for ever; each is a status or names a behaviour."""

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    then: Any = 200
    requests: list[Request] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append(Request(self.path, headers, body))
        answer = self.receiver.answers.pop(0) if self.receiver.answers else self.receiver.then
        with suppress(OSError):
            self._behave(answer)

    def _behave(self, answer: Any) -> None:
        status, headers, body = (*answer, b"ok")[:3] if isinstance(answer, tuple) else (answer, {}, b"ok")
        if isinstance(status, int):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            getattr(self, f"_{status}")()

    def _hang(self) -> None:
        self.receiver.stop.wait(20)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _drip(self) -> None:
        """A header that never ends, a byte at a time."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.receiver.stop.wait(0.1):
            self.wfile.write(b"x")

    def _endless(self) -> None:
        """A redirect with a body that never ends."""
        self.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        while not self.receiver.stop.is_set():
            self.wfile.write(b"x" * 65_536)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def make_receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[tuple[Receiver, ThreadingHTTPServer, threading.Thread]] = []

    def make(*answers: Any, then: Any = 200) -> Receiver:
        receiver = Receiver(answers=list(answers), then=then)
        handler = type("Handler", (_Handler,), {"receiver": receiver})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        made.append((receiver, server, thread))
        return receiver

    yield make
    for receiver, server, thread in made:
        receiver.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    return make_receiver()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An SQLite file with Sentinel's tables."""
    path = tmp_path_factory.mktemp("alert") / "empty.db"
    db = Database.open(f"sqlite:///{path}")
    upgrade(db)
    db.close()
    return path.read_bytes()


@pytest.fixture
def db(tmp_path: Path, migrated: bytes) -> Iterator[Database]:
    path = tmp_path / "sentinel.db"
    path.write_bytes(migrated)
    db = Database.open(f"sqlite:///{path}")
    yield db
    db.close()


class ManualClock:
    """A clock that a test turns."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += round(seconds * 1_000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    def wait(condition: Callable[[], bool], seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not happen in time"
            time.sleep(0.01)

    return wait
