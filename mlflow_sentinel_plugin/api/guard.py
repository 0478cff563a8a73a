"""In front of MLflow's catch-all mount under uvicorn: how large and how many Sentinel's requests may be.

MLflow reads each body into memory before Flask sees the request, and shares one pool of threads with
Sentinel; so both limits have to stand before it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mlflow_sentinel_plugin.api.dispatch import belongs
from mlflow_sentinel_plugin.api.errors import error_body
from mlflow_sentinel_plugin.errors import Busy, InvalidInput, SentinelError, TooLarge

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

INGEST = ("/api/v1/predictions", "/api/v1/baseline", "/api/v1/evaluate")
"""Paths whose POSTs are heavy: parsing, profiling, large bodies."""

AT_ONCE = 2
MAX_WAITING = 64
MAX_WAIT_S = 2.0
IDLE_S = 30.0
"""A body that stops arriving for so long is given up."""
LINGER_S = 2.0
"""How long a refused body is still read and thrown away, so that the sender sees the answer, not a reset."""
HELD_BODIES = 4
"""So many bodies of the largest size may be in memory at once."""


class Gate:
    """At most ``at_once`` inside, ``max_waiting`` waiting in line for at most ``max_wait`` seconds."""

    def __init__(self, at_once: int, max_waiting: int, max_wait: float) -> None:
        self._free = at_once
        self._max_waiting = max_waiting
        self._max_wait = max_wait
        self._line: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> bool:
        """Wait for a place; ``False`` when there will be none in time."""
        if self._free:
            self._free -= 1
            return True
        if len(self._line) >= self._max_waiting:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await asyncio.wait_for(turn, self._max_wait)
        except asyncio.TimeoutError:
            self._line.remove(turn)
            return False
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise
        return True

    def leave(self) -> None:
        """Give the place to the next in line."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Guard:
    """An ASGI app in front of ``app``; only Sentinel's own paths are affected.

    Args:
        app: What it guards.
        prefix: ``--static-prefix`` without a slash at its end, or ``""``.
        max_body: Gives the largest accepted body in bytes.
    """

    def __init__(
        self,
        app: App,
        prefix: str,
        max_body: Callable[[], int],
        *,
        gate: Gate | None = None,
        idle_s: float = IDLE_S,
        linger_s: float = LINGER_S,
    ) -> None:
        self._app = app
        self._prefix = prefix
        self._max_body = max_body
        self._gate = gate or Gate(AT_ONCE, MAX_WAITING, MAX_WAIT_S)
        self._idle_s = idle_s
        self._linger_s = linger_s
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not belongs(scope["path"], self._prefix):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except SentinelError as error:
            await self._refuse(error, receive, send)
            return
        if body is None:
            return
        try:
            await self._pass_on(scope, body, receive, send)
        finally:
            self._held -= len(body)

    async def _pass_on(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        again = _replay(body, receive)
        if not self._is_ingest(scope):
            await self._app(scope, again, send)
            return
        if not await self._gate.enter():
            busy = Busy("too many uploads at once", hint="try again in a moment, or send larger batches")
            await _answer(busy, send)
            return
        try:
            await self._app(scope, again, send)
        finally:
            self._gate.leave()

    def _is_ingest(self, scope: Scope) -> bool:
        path = scope["path"][len(self._prefix) :].rstrip("/")
        return scope["method"] == "POST" and path in INGEST

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; ``None`` if the sender left. What it returns counts as held.

        Raises:
            TooLarge, Busy, InvalidInput: the body is refused.
        """
        limit = self._max_body()
        if _content_length(scope) > limit:
            raise _too_large(limit)
        chunks: list[bytes] = []
        size = 0
        try:
            while True:
                message = await self._next(receive)
                if message["type"] == "http.disconnect":
                    return None
                chunk = message.get("body", b"")
                chunks.append(chunk)
                size += len(chunk)
                self._held += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                if self._held > HELD_BODIES * limit:
                    raise Busy("too many large bodies at once", hint="try again in a moment")
                if not message.get("more_body", False):
                    body = b"".join(chunks)
                    size = 0  # the caller lets go of it
                    return body
        finally:
            self._held -= size

    async def _next(self, receive: Receive) -> Message:
        try:
            return await asyncio.wait_for(receive(), self._idle_s)
        except asyncio.TimeoutError:
            raise InvalidInput("the body stopped arriving", code="body_timeout") from None

    async def _refuse(self, error: SentinelError, receive: Receive, send: Send) -> None:
        await _answer(error, send, more=True)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(_drain(receive), self._linger_s)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def _answer(error: SentinelError, send: Send, *, more: bool = False) -> None:
    body = error_body(error)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if isinstance(error, Busy):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit / 1024 / 1024:g} MiB",
        hint="send it in parts; the limit is api.max_body_mb",
    )
