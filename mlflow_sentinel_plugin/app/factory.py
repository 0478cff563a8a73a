"""``create_app()``: the one place that wires everything. Sentinel's own failures never stop MLflow."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api import auth, dispatch, guard, openapi, ui
from mlflow_sentinel_plugin.api.context import EXTENSION
from mlflow_sentinel_plugin.app import services
from mlflow_sentinel_plugin.app.supervisor import Supervisor
from mlflow_sentinel_plugin.config import load_config
from mlflow_sentinel_plugin.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger("mlflow_sentinel")

RESOURCES = ("monitors", "baselines", "predictions", "evaluate", "drift", "alerts", "runs", "health")
DEFAULT_MAX_BODY = 64 * 1024 * 1024


def create_app() -> Any:
    """MLflow's application with Sentinel inside: ASGI under uvicorn, WSGI otherwise."""
    _log_to_stderr()
    flask_app = mlflow_compat.flask_app()
    base = _base(flask_app)
    if _is_off():
        return base
    mlflow_alone = flask_app.wsgi_app
    try:
        _install(flask_app, base)
    except Exception as error:
        _log.exception("Sentinel could not be built; MLflow goes on without it")
        reason = f"Sentinel could not be built: {type(error).__name__}: {error}"
        _dispatch(flask_app, mlflow_alone, dispatch.unavailable(reason))
    return base


def _install(flask_app: Flask, base: Any) -> None:
    supervisor = Supervisor(services.build, services.stop)
    app = sub_app(supervisor)
    _dispatch(flask_app, flask_app.wsgi_app, app.wsgi_app)
    if mlflow_compat.server_name() == "uvicorn":
        mount = mlflow_compat.catch_all_mount(base)
        mount.app = guard.Guard(mount.app, mlflow_compat.static_prefix(), _max_body(supervisor))
        _run_with(base, supervisor)
    else:
        _limit_bodies(app, supervisor)
        _run_in_this_process(supervisor)


def _dispatch(flask_app: Flask, mlflow_alone: Callable[..., Any], sub: Callable[..., Any]) -> None:
    dispatcher = dispatch.Dispatcher(mlflow_alone, sub, mlflow_compat.static_prefix())
    flask_app.wsgi_app = dispatcher  # type: ignore[method-assign]


def sub_app(supervisor: Any, authorizer: auth.Authorizer | None = None) -> Flask:
    """Sentinel's own Flask app over something that gives ``services()``."""
    app: Flask = openapi.new_app()
    app.extensions[EXTENSION] = supervisor
    for name in RESOURCES:
        openapi.register(app, import_module(f"mlflow_sentinel_plugin.api.{name}").api)
    openapi.install_docs(app)
    ui.install(app)
    auth.install(app, authorizer or auth.GuardedAuthorizer())
    return app


def _max_body(supervisor: Supervisor) -> Callable[[], int]:
    return lambda: supervisor.max_body_bytes(DEFAULT_MAX_BODY)


def _limit_bodies(app: Flask, supervisor: Supervisor) -> None:
    limit = _max_body(supervisor)

    @app.before_request
    def set_limit() -> None:
        app.config["MAX_CONTENT_LENGTH"] = limit()


def _is_off() -> bool:
    """Switched off in the settings; unreadable settings mean on, to say what is wrong with them."""
    try:
        return not load_config().config.server.enabled
    except ConfigError:
        return False


def _base(flask_app: Flask) -> Any:
    return mlflow_compat.fastapi_app(flask_app) if mlflow_compat.server_name() == "uvicorn" else flask_app


def _run_with(base: Any, supervisor: Supervisor) -> None:
    """Start and stop with the ASGI app's own life: uvicorn ends workers by a signal that skips ``atexit``."""
    inner = base.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        async with inner(app) as state:
            supervisor.start()
            try:
                yield state
            finally:
                await anyio.to_thread.run_sync(supervisor.stop)

    base.router.lifespan_context = lifespan


def _run_in_this_process(supervisor: Supervisor) -> None:
    atexit.register(supervisor.stop)
    if _is_preloaded():
        # This is gunicorn's master, which answers nothing; each worker is a fork of it.
        os.register_at_fork(after_in_child=supervisor.start)
    else:
        supervisor.start()


def _is_preloaded() -> bool:
    given = [*sys.argv, *os.environ.get("GUNICORN_CMD_ARGS", "").split()]
    return mlflow_compat.server_name() == "gunicorn" and "--preload" in given


def _log_to_stderr() -> None:
    """Neither uvicorn nor gunicorn sets up other loggers than its own."""
    if _log.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
