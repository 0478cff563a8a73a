"""Sockets under gunicorn, whose workers serve each of them with a thread of its own."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from types import FrameType
from typing import Any

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api.live.socket import Live

_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def serve_sockets(live: Live) -> None:
    """Give half of this worker's threads to sockets, and end them when the worker is told to end.

    None if its process is a fork of one that had loaded the app before: gunicorn installs a worker's signal
    handlers after the fork, so nothing could be put in front of them.
    """
    if is_preloaded():
        return
    live.places = threads() // 2
    if live.places:
        for number in _ENDS:
            _end_before(number, live)


def threads() -> int:
    """``--threads`` of gunicorn's command line; a configuration file of gunicorn's is not read."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--threads", type=int, default=1)
    try:
        return int(parser.parse_known_args(_arguments())[0].threads)
    except argparse.ArgumentError:
        return 1


def is_preloaded() -> bool:
    """Whether gunicorn's master loads the app, and each worker is a fork of it."""
    return mlflow_compat.server_name() == "gunicorn" and "--preload" in _arguments()


def _arguments() -> list[str]:
    """What comes later wins, as in gunicorn."""
    return [*shlex.split(os.environ.get("GUNICORN_CMD_ARGS", "")), *sys.argv[1:]]


def _end_before(number: int, live: Live) -> None:
    """gunicorn waits for busy threads, so sockets must hear of the end before it."""
    before: Any = signal.getsignal(number)

    def end(number: int, frame: FrameType | None) -> None:
        live.ending = True
        if callable(before):
            before(number, frame)

    signal.signal(number, end)
