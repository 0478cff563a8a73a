"""``create_app()``: MLflow's application, with Sentinel in it if it can be built.

A factory that raises makes uvicorn restart its workers for ever, and MLflow is gone. So this module imports
little, and whatever fails in Sentinel's part is caught here. What fails in MLflow's login is not: better no
server than one without its login.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlflow_sentinel_plugin import mlflow_compat, mlflow_login
from mlflow_sentinel_plugin.api import dispatch

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger("mlflow_sentinel")


def create_app(*, login: bool = False) -> Any:
    """MLflow's application with Sentinel inside: ASGI under uvicorn, WSGI otherwise.

    Args:
        login: Put MLflow's own login around everything.

    Raises whatever keeps the login from being put in place, and nothing else.
    """
    log_to_stderr()
    flask_app = mlflow_compat.flask_app()
    base = mlflow_login.app_with_login(flask_app) if login else _open_app(flask_app)
    mlflow_alone = flask_app.wsgi_app
    try:
        from mlflow_sentinel_plugin.app import servers, wiring

        if not wiring.is_switched_off():
            refusal = servers.refusal_in_worker()
            sub = dispatch.unavailable(refusal) if refusal else wiring.install(base, login=login)
            _dispatch(flask_app, mlflow_alone if refusal else wiring.with_link(mlflow_alone), sub)
    except Exception as error:
        _log.exception("Sentinel could not be built; MLflow goes on without it")
        reason = f"Sentinel could not be built: {type(error).__name__}: {error}"
        _dispatch(flask_app, mlflow_alone, dispatch.unavailable(reason))
    return base


def _open_app(flask_app: Flask) -> Any:
    return mlflow_compat.fastapi_app(flask_app) if mlflow_compat.server_name() == "uvicorn" else flask_app


def _dispatch(flask_app: Flask, mlflow_alone: Callable[..., Any], sub: Callable[..., Any]) -> None:
    dispatcher = dispatch.Dispatcher(mlflow_alone, sub, mlflow_compat.static_prefix())
    flask_app.wsgi_app = dispatcher  # type: ignore[method-assign]


def log_to_stderr() -> None:
    """Show Sentinel's log: neither uvicorn nor gunicorn sets up other loggers than its own."""
    if _log.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
