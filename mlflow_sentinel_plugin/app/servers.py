"""Which web servers Sentinel works under: uvicorn, and gunicorn with threads."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from mlflow_sentinel_plugin import mlflow_compat

GTHREAD = "gunicorn.workers.gthread"
_INSTEAD = 'use uvicorn (the default), or --gunicorn-opts "--worker-class gthread --threads 8"'


def refusal_in_worker() -> str | None:
    """Why Sentinel stays off in this server process; ``None`` under a server it works with."""
    server = mlflow_compat.server_name()
    if server == "waitress":
        return _refusal("waitress")
    if server == "gunicorn" and GTHREAD not in sys.modules:
        return _refusal("this worker class of gunicorn")
    return None


def refusal_at_start(server: str, options: str) -> str | None:
    """The same, told by the options of ``mlflow server`` before there are workers.

    Args:
        server: ``uvicorn``, ``gunicorn`` or ``waitress``.
        options: What ``--gunicorn-opts`` says. What a file of gunicorn's says only its workers know.
    """
    if server == "waitress":
        return _refusal("waitress")
    worker_class = _worker_class(options) if server == "gunicorn" else None
    return _refusal(f"gunicorn's worker class {worker_class}") if worker_class else None


def cannot_start(server: str) -> bool:
    """Whether MLflow itself fails: except on Windows it hands waitress a factory in two ways at once."""
    return server == "waitress" and sys.platform != "win32"


def _refusal(what: str) -> str:
    return f"Sentinel does not work under {what}; {_INSTEAD}"


def _worker_class(options: str) -> str | None:
    """A worker class that Sentinel is known not to work with."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-k", "--worker-class", default="sync")
    parser.add_argument("-c", "--config")
    parser.add_argument("--threads", default="1")
    words = shlex.split(f"{os.environ.get('GUNICORN_CMD_ARGS', '')} {options}")
    try:
        given, _ = parser.parse_known_args(words)
    except argparse.ArgumentError:
        return None  # gunicorn says better what is wrong
    name: str = given.worker_class
    if given.config or Path("gunicorn.conf.py").exists() or "." in name or name == "gthread":
        return None
    # This is how gunicorn reads it.
    return None if name == "sync" and given.threads != "1" else name
