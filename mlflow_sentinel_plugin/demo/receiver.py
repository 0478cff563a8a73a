"""A webhook receiver: a small HTTP server that keeps what arrives.

``python -m mlflow_sentinel_plugin.demo.receiver`` prints each message in one line.
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import click

from mlflow_sentinel_plugin.demo.report import webhook_line

KEPT = 1000


class Receiver:
    """Accepts JSON objects by POST and keeps the last thousand, in order of arrival.

    Args:
        host: Address to listen at.
        port: 0 takes a free one.
        tell: Called with each message as it arrives.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, tell: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._arrived = threading.Condition()
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._host = host
        self._tell = tell
        self._server = ThreadingHTTPServer((host, port), _handler(self._keep))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="demo-webhook", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._server.server_port}/webhook"

    @property
    def messages(self) -> list[dict[str, Any]]:
        with self._arrived:
            return list(self._messages)

    def wait_for(self, count: int, timeout: float) -> bool:
        """Whether at least ``count`` messages came within ``timeout`` seconds."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self._messages) >= count, timeout)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _keep(self, message: dict[str, Any]) -> None:
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()
            if self._tell is not None:
                self._tell(message)


def _handler(keep: Callable[[dict[str, Any]], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            try:
                message = json.loads(self.rfile.read(length))
            except ValueError:
                message = None
            if isinstance(message, dict):
                keep(message)
            self._answer(204 if isinstance(message, dict) else 400)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the demo prints what arrived."""

    return Handler


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: a free one.")
def main(host: str, port: int) -> None:
    """Print each message that arrives until Ctrl-C or SIGTERM."""
    with Receiver(host, port, tell=lambda message: click.echo(webhook_line(message))) as receiver:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        click.echo(f"Listening at {receiver.url}")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
