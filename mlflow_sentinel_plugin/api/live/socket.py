"""The route ``/ws/live`` of Sentinel's own app: its checks, and the socket itself if a thread serves it."""

from __future__ import annotations

import logging
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from socket import SHUT_RDWR, SO_SNDTIMEO, SOL_SOCKET
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, request
from flask_sock import Sock  # type: ignore[import-untyped]
from simple_websocket import ConnectionClosed  # type: ignore[import-untyped]

from mlflow_sentinel_plugin.api import key_auth
from mlflow_sentinel_plugin.api.auth import User, allow, authorizer, current_user, key_ring
from mlflow_sentinel_plugin.api.context import EXTENSION, services, workspace
from mlflow_sentinel_plugin.api.live.feed import Feed
from mlflow_sentinel_plugin.api.live.viewer import Asked, Viewer
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import InvalidInput, SentinelError, Unavailable

PATH = "/ws/live"
ALIVE_S = 25.0
"""After so long without news a socket says that it is alive: proxies cut off what is silent for a minute."""
LOOK_S = 0.5
"""How often a thread that serves a socket looks whether the page has left or the server ends."""
SEND_S = 10
"""A page that does not read for so long is given up."""
SEAT = "sentinel.seat"
"""Key of the environment under which the ASGI route hands over a :class:`Seat` to be filled."""

GOING_AWAY = 1001
REFUSED = 1008
FAILED = 1011
TRY_LATER = 1013
MAX_INPUT = 1024
"""Bytes of a message from a page; there is nothing to say, and whoever says something is disconnected."""

_EXTENSION = "sentinel_live"
_log = logging.getLogger("mlflow_sentinel.live")


@dataclass
class Seat:
    """Filled when a handshake passed all checks."""

    viewer: Viewer | None = None


@dataclass
class Live:
    """The sockets of this worker.

    Attributes:
        places: How many may be open at once.
        ending: Set when the worker ends; for sockets that threads serve.
    """

    feed: Feed
    places: int = 0
    ending: bool = False
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> None:
        """Take a place.

        Raises:
            Unavailable: none is free.
        """
        with self._lock:
            if self._open >= self.places:
                raise Unavailable(
                    f"no socket can be opened here now: {self._open} of {self.places} are open",
                    hint="ask the REST API from time to time; gunicorn gives half of --threads to sockets",
                    code="no_free_socket",
                )
            self._open += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._open -= 1


def install(app: Flask) -> None:
    """Add the route to Sentinel's app; no socket is accepted before ``of(app).places`` says how many."""
    feed = Feed(lambda: app.extensions[EXTENSION].services().db)
    app.extensions[_EXTENSION] = Live(feed)
    app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": MAX_INPUT}
    blueprint = Blueprint("live", __name__)
    Sock(app).route(PATH, bp=blueprint)(socket)
    blueprint.get(PATH)(no_socket)
    blueprint.before_request(_admit)
    blueprint.teardown_request(_leave)
    app.register_blueprint(blueprint)


def of(app: Flask) -> Live:
    """The sockets of this worker."""
    return cast(Live, app.extensions[_EXTENSION])


@allow("signed_in")
def no_socket() -> Response:
    """A request for the route that is no handshake."""
    raise InvalidInput("this is a WebSocket", hint="open it with ws:// or wss://, not with a plain GET")


@allow("signed_in")
def socket(connection: Any) -> None:
    """Serve an accepted socket in this thread until either side ends it."""
    # The library may not wait for a page that does not read, nor for one that does not answer a close.
    connection.sock.setsockopt(SOL_SOCKET, SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))
    try:
        code, reason = _serve(connection, of(current_app), g.sentinel_viewer)
        connection.close(code, reason)
        connection.sock.shutdown(SHUT_RDWR)
    except (ConnectionClosed, OSError):
        return  # the page has left


def close_code(error: SentinelError) -> int:
    """How a socket ends that an error ends."""
    return REFUSED if error.status < 500 else TRY_LATER


# --- before the socket is accepted -----------------------------------------------------------------------


def _admit() -> Response | None:
    """Runs after the checks of every request, before the socket is accepted."""
    if request.endpoint != "live.socket":
        return None
    live = of(current_app)
    viewer = Viewer(live.feed, authorizer(), _asked())
    seat = request.environ.get(SEAT)
    if seat is None and "gunicorn.socket" not in request.environ:
        raise Unavailable(
            "this server passes no sockets on",
            hint="ask the REST API from time to time, or start uvicorn with its WebSocket support",
            code="no_sockets",
        )
    live.enter()
    if seat is not None:
        seat.viewer = viewer  # whoever put the seat there gives the place back
        return Response(status=204)
    g.sentinel_viewer = viewer
    return None


def _leave(_error: BaseException | None) -> None:
    if "sentinel_viewer" in g:
        of(current_app).leave()


def _asked() -> Asked:
    names = request.args.getlist("monitor")
    return Asked(_again(), workspace(), frozenset(names) if names else None, _since())


def _since() -> int | None:
    text = request.args.get("since")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput(f"since: {text[:40]!r} is no id", hint="send the id of the last message")
    return int(text)


def _again() -> Callable[[], User]:
    """How to find the user of this handshake again, when it is long over."""
    user, adapter = current_user(), authorizer()
    key = key_auth.key_of_request()
    if user.key is None or key is None:
        return partial(adapter.owner, user.name)
    ring, db = key_ring(), services().db

    def owner_of_key() -> User:
        return adapter.owner(ring.check(db, key, now_ms()).owner)

    return owner_of_key


# --- served by a thread ----------------------------------------------------------------------------------


def _serve(connection: Any, live: Live, viewer: Viewer) -> tuple[int, str]:
    """Stay until the end; returns how to close: code and reason."""
    try:
        return _stay(connection, live, viewer)
    except SentinelError as error:
        return close_code(error), error.code
    except (ConnectionClosed, OSError):
        raise
    except Exception:
        _log.exception("a socket failed")  # Flask could only answer into the open socket
        return FAILED, "internal_error"


def _stay(connection: Any, live: Live, viewer: Viewer) -> tuple[int, str]:
    news = threading.Event()
    with live.feed.watched(news.set):
        connection.send(viewer.greeting())
        _tell(connection, viewer)
        told_at = time.monotonic()
        while not live.ending:
            if news.wait(LOOK_S):
                news.clear()
                told_at = time.monotonic() if _tell(connection, viewer) else told_at
            elif time.monotonic() - told_at >= ALIVE_S:
                connection.send(viewer.sign_of_life())
                told_at = time.monotonic()
            if connection.receive(timeout=0) is not None:
                return REFUSED, "this socket only tells"
    return GOING_AWAY, "the server ends"


def _tell(connection: Any, viewer: Viewer) -> bool:
    told = False
    while messages := viewer.news():
        for message in messages:
            connection.send(message)
        told = True
    return told
