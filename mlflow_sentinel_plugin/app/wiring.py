"""Put Sentinel together and hang it into the server: sub-app, guard, start and stop."""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api import auth, guard, openapi, ui
from mlflow_sentinel_plugin.api.authorizers.basic_auth import BasicAuthAuthorizer
from mlflow_sentinel_plugin.api.authorizers.open import GuardedAuthorizer
from mlflow_sentinel_plugin.api.context import EXTENSION, Provider
from mlflow_sentinel_plugin.api.live import asgi, socket
from mlflow_sentinel_plugin.api.mlflow_link import LinkedIndex
from mlflow_sentinel_plugin.app import gunicorn, services
from mlflow_sentinel_plugin.app.supervisor import Supervisor
from mlflow_sentinel_plugin.config import load_config
from mlflow_sentinel_plugin.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask

RESOURCES = (
    *("monitors", "preview", "baselines", "predictions", "evaluate", "drift", "alerts", "runs", "sources"),
    *("silences", "sinks", "deliveries"),
    *("keys", "me", "ws_ticket", "health"),
)
DEFAULT_MAX_BODY = 64 * 1024 * 1024


def is_switched_off() -> bool:
    """Whether the settings say so; wrong settings mean on, to answer what is wrong with them."""
    try:
        return not load_config().config.server.enabled
    except ConfigError:
        return False


def with_link(mlflow: Callable[..., Any]) -> Callable[..., Any]:
    """MLflow's own app, its page with a link to Sentinel unless the settings say otherwise, or are wrong."""
    try:
        wanted = load_config().config.api.mlflow_link
    except ConfigError:
        wanted = False
    return LinkedIndex(mlflow, mlflow_compat.static_prefix()) if wanted else mlflow


def install(base: Any, *, login: bool) -> Callable[..., Any]:
    """Build Sentinel and tie its life to that of ``base``, MLflow's application.

    Args:
        login: MLflow's own login is in place.

    Returns:
        Sentinel's own WSGI application.
    """
    supervisor = Supervisor(services.build, services.stop)
    app = sub_app(supervisor, BasicAuthAuthorizer() if login else GuardedAuthorizer())
    if mlflow_compat.server_name() == "uvicorn":
        mount = mlflow_compat.catch_all_mount(base)
        mount.app = guard.Guard(mount.app, mlflow_compat.static_prefix(), _max_body(supervisor))
        base.router.routes.insert(
            base.router.routes.index(mount), asgi.route(app, mlflow_compat.static_prefix())
        )
        _run_with(base, supervisor)
    else:
        gunicorn.serve_sockets(socket.of(app))
        _limit_bodies(app, supervisor)
        _run_in_this_process(supervisor)
    return app.wsgi_app


def sub_app(provider: Provider, authorizer: auth.Authorizer | None = None) -> Flask:
    """Sentinel's own Flask app over what gives its routes their services."""
    app: Flask = openapi.new_app()
    app.extensions[EXTENSION] = provider
    for name in RESOURCES:
        openapi.register(app, import_module(f"mlflow_sentinel_plugin.api.{name}").api)
    openapi.install_docs(app)
    ui.install(app)
    socket.install(app)
    auth.install(app, authorizer or GuardedAuthorizer())
    return app


def _max_body(supervisor: Supervisor) -> Callable[[], int]:
    return lambda: supervisor.max_body_bytes(DEFAULT_MAX_BODY)


def _limit_bodies(app: Flask, supervisor: Supervisor) -> None:
    """Where no guard stands in front: Flask's own limit, as the settings say now."""
    limit = _max_body(supervisor)

    @app.before_request
    def set_limit() -> None:
        app.config["MAX_CONTENT_LENGTH"] = limit()


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
    if gunicorn.is_preloaded():
        # This is gunicorn's master, which answers nothing; each worker is a fork of it.
        os.register_at_fork(after_in_child=supervisor.start)
    else:
        supervisor.start()
