"""The socket under uvicorn: MLflow's ASGI app gets a route of its own for it, before its catch-all mount."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from flask import Flask
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from mlflow_sentinel_plugin.api.live import socket
from mlflow_sentinel_plugin.api.live.socket import Live, Seat
from mlflow_sentinel_plugin.api.live.viewer import Viewer
from mlflow_sentinel_plugin.errors import Forbidden, SentinelError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PLACES = 500
THREADS = 4
"""So many of a worker's threads do the sockets' work at most; MLflow's own requests share the pool."""
SEND_S = 10.0
"""A page that does not read for so long is given up."""

Result = TypeVar("Result")


def route(app: Flask, prefix: str) -> WebSocketRoute:
    """The route of the socket.

    Args:
        app: Sentinel's own app, with its route installed.
        prefix: ``--static-prefix`` without a slash at its end, or ``""``.
    """
    socket.of(app).places = PLACES
    return WebSocketRoute(prefix + socket.PATH, Endpoint(app, prefix).open)


class Endpoint:
    """Opens and serves sockets on the event loop; what may block runs in a few threads."""

    def __init__(self, app: Flask, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._limiter: anyio.CapacityLimiter | None = None

    async def open(self, page: WebSocket) -> None:
        """Check the handshake as any request of Sentinel's app, then serve the socket until it ends."""
        seat = Seat()
        environ = {**_environ(page, self._prefix), socket.SEAT: seat}
        try:
            answer = await self._in_thread(lambda: run_wsgi_app(self._app.wsgi_app, environ, buffered=True))
            if seat.viewer is None:
                await _refuse(page, *answer)
            else:
                await self._serve(page, seat.viewer)
        except WebSocketDisconnect:
            pass
        finally:
            if seat.viewer is not None:
                socket.of(self._app).leave()

    async def _serve(self, page: WebSocket, viewer: Viewer) -> None:
        await page.accept()
        try:
            await self._tell(page, viewer)
        except SentinelError as error:
            await page.close(socket.close_code(error), error.code)

    async def _tell(self, page: WebSocket, viewer: Viewer) -> None:
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        # It ends when the page leaves and when the server does: a socket that did not listen would keep the
        # server from ending.
        heard = asyncio.ensure_future(page.receive())
        live: Live = socket.of(self._app)
        try:
            with live.feed.watched(lambda: loop.call_soon_threadsafe(news.set)):
                await _send(page, heard, [await self._in_thread(viewer.greeting)])
                while True:
                    news.clear()
                    while messages := await self._in_thread(viewer.news):
                        await _send(page, heard, messages)
                    if not await _wait(news, heard):
                        await _send(page, heard, [await self._in_thread(viewer.sign_of_life)])
        finally:
            heard.cancel()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(THREADS)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


async def _wait(news: asyncio.Event, heard: asyncio.Future[Any]) -> bool:
    """Wait for news; ``False`` after :data:`socket.ALIVE_S` without any.

    Raises:
        WebSocketDisconnect: the page has left, or the server ends.
        Forbidden: the page said something.
    """
    waiting = asyncio.ensure_future(news.wait())
    try:
        await asyncio.wait({waiting, heard}, timeout=socket.ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
        _check_silent(heard)
        return waiting.done()
    finally:
        waiting.cancel()


async def _send(page: WebSocket, heard: asyncio.Future[Any], messages: Iterable[str]) -> None:
    """Send each, unless the page has left, or reads nothing.

    Raises:
        WebSocketDisconnect: that.
        Forbidden: the page said something.
    """
    for message in messages:
        sending = asyncio.ensure_future(page.send_text(message))
        try:
            await asyncio.wait({sending, heard}, timeout=SEND_S, return_when=asyncio.FIRST_COMPLETED)
            _check_silent(heard)
            if not sending.done():
                raise WebSocketDisconnect
            sending.result()
        finally:
            sending.cancel()


def _check_silent(heard: asyncio.Future[Any]) -> None:
    if not heard.done():
        return
    if heard.result()["type"] == "websocket.disconnect":
        raise WebSocketDisconnect
    raise Forbidden("this socket only tells", code="only_tells")


async def _refuse(page: WebSocket, body: Iterable[bytes], status: str, headers: Headers) -> None:
    """Answer the handshake as the app answers a request, if this server can, else by its bare 403."""
    if "websocket.http.response" in page.scope.get("extensions", {}):
        code = int(status.split(" ", 1)[0])
        await page.send_denial_response(Response(b"".join(body), code, dict(headers.items())))
    else:
        await page.close()


def _environ(page: WebSocket, prefix: str) -> WSGIEnvironment:
    """The handshake as a WSGI request for Sentinel's app."""
    scope = page.scope
    host, port = scope.get("server") or ("localhost", 80)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": prefix,
        "PATH_INFO": socket.PATH,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if scope["scheme"] == "wss" else "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return {**environ, "HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket"}
