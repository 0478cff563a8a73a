"""Every private name of MLflow that Sentinel uses, in one place, checked when the server starts."""

from __future__ import annotations

import importlib
import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from flask import Flask

SUPPORTED = "mlflow>=3.13,<4"

_ASGI = "mlflow.server.fastapi_app"
_NEEDED = {
    "mlflow.cli": ["server"],
    "mlflow.server": ["app", "BACKEND_STORE_URI_ENV_VAR"],
    "mlflow.server.constants": [
        "ARTIFACTS_DESTINATION_ENV_VAR",
        "ARTIFACT_ROOT_ENV_VAR",
        "BACKEND_STORE_URI_ENV_VAR",
        "REGISTRY_STORE_URI_ENV_VAR",
        "SERVE_ARTIFACTS_ENV_VAR",
    ],
    "mlflow.server.handlers": [
        "_get_artifact_repo_mlflow_artifacts",
        "_get_proxied_run_artifact_destination_path",
        "_get_tracking_store",
        "_get_workspace_scoped_repo_path_if_enabled",
        "_is_servable_proxied_run_artifact_root",
        "_tracking_store",
    ],
    _ASGI: ["create_fastapi_app"],
    "mlflow.server.security": ["get_allowed_hosts", "get_allowed_origins"],
    "mlflow.server.security_utils": ["is_allowed_host_header", "should_block_cors_request"],
    "mlflow.server.workspace_helpers": [
        "WORKSPACE_HEADER_NAME",
        "_get_workspace_store",
        "resolve_workspace_for_request_if_enabled",
    ],
    "mlflow.store.artifact.artifact_repository_registry": ["get_artifact_repository"],
    "mlflow.store.artifact.local_artifact_repo": ["LocalArtifactRepository"],
    "mlflow.utils.workspace_context": [
        "ServerWorkspaceContext",
        "clear_server_request_workspace",
        "get_request_workspace",
        "set_server_request_workspace",
    ],
    "mlflow.environment_variables": ["MLFLOW_ENABLE_WORKSPACES", "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"],
}

_OWN_HOOKS = ("mlflow.server.security", "mlflow.server.workspace_helpers", "flask_cors", "prometheus_")
"""Modules whose ``before_request`` hooks on MLflow's app are not a login."""

_SERVER_NAME = "_MLFLOW_SGI_NAME"


def check() -> None:
    """Make sure this MLflow has every name Sentinel uses.

    Raises:
        Unavailable: names that are missing, and the supported range.
    """
    needed = {module: names for module, names in _NEEDED.items() if _is_imported_here(module)}
    missing = [f"{module}.{name}" for module, names in needed.items() for name in _missing(module, names)]
    if missing:
        import mlflow

        raise Unavailable(
            f"MLflow {mlflow.__version__} lacks {', '.join(missing)}", hint=f"Sentinel works with {SUPPORTED}"
        )


def _is_imported_here(module: str) -> bool:
    """MLflow's ASGI app takes seconds to import, and only workers of uvicorn have it anyway."""
    return module != _ASGI or server_name() == "uvicorn"


def _missing(module: str, names: list[str]) -> list[str]:
    try:
        found = importlib.import_module(module)
    except ImportError:
        return names
    return [name for name in names if not hasattr(found, name)]


# --- the server process ----------------------------------------------------------------------------------


def server_name() -> str | None:
    """``uvicorn``, ``gunicorn`` or ``waitress`` in a server process, ``None`` in any other."""
    return os.environ.get(_SERVER_NAME)


def is_server_command() -> bool:
    """Whether this process runs the command ``mlflow server`` itself, before it starts workers."""
    import click

    context = click.get_current_context(silent=True)
    if server_name() is not None or context is None:
        return False
    return context.command is importlib.import_module("mlflow.cli").server


def chosen_server() -> tuple[str, str]:
    """In the process of ``mlflow server``: the web server it is about to start, and the options for it."""
    import click

    context = click.get_current_context(silent=True)
    given = context.params if context is not None else {}
    for name in ("gunicorn", "waitress"):
        if given.get(f"{name}_opts") is not None:
            return name, given[f"{name}_opts"]
    return "uvicorn", given.get("uvicorn_opts") or ""


def act_as_server(backend_uri: str, registry_uri: str | None, artifacts_destination: str) -> None:
    """Make this process read MLflow's stores as a worker of ``mlflow server`` with these options would."""
    from mlflow.server.constants import (
        ARTIFACT_ROOT_ENV_VAR,
        ARTIFACTS_DESTINATION_ENV_VAR,
        BACKEND_STORE_URI_ENV_VAR,
        REGISTRY_STORE_URI_ENV_VAR,
        SERVE_ARTIFACTS_ENV_VAR,
    )

    os.environ[BACKEND_STORE_URI_ENV_VAR] = backend_uri
    if registry_uri is not None:
        os.environ[REGISTRY_STORE_URI_ENV_VAR] = registry_uri
    os.environ[ARTIFACT_ROOT_ENV_VAR] = "mlflow-artifacts:/"
    os.environ[ARTIFACTS_DESTINATION_ENV_VAR] = artifacts_destination
    os.environ[SERVE_ARTIFACTS_ENV_VAR] = "true"


def flask_app() -> Flask:
    """MLflow's own Flask app."""
    from mlflow.server import app

    return cast("Flask", app)


def fastapi_app(app: Flask) -> Any:
    """MLflow's ASGI app around ``app``."""
    from mlflow.server.fastapi_app import create_fastapi_app

    return create_fastapi_app(app)


def static_prefix() -> str:
    """``--static-prefix`` without a slash at its end; ``""`` when there is none."""
    return os.environ.get("_MLFLOW_STATIC_PREFIX", "").rstrip("/")


def backend_uri() -> str | None:
    """Where MLflow keeps its runs; ``None`` when the server has no tracking store."""
    from mlflow.server import BACKEND_STORE_URI_ENV_VAR, handlers

    uri = os.environ.get(BACKEND_STORE_URI_ENV_VAR)
    if uri is None and handlers._tracking_store is not None:
        # The process of `mlflow server` itself: set up, but the variable exists only in its workers.
        uri = getattr(handlers._tracking_store, "db_uri", None) or handlers._tracking_store.root_directory
    return uri


# --- requests --------------------------------------------------------------------------------------------


def check_request() -> str | None:
    """Why MLflow would refuse the current request by its Host or Origin; ``None`` when it would not.

    Under uvicorn MLflow's own middleware has done it already, but not for a socket. Its handshake is a GET,
    and yet a foreign page that opened one could read what comes: it is held to what a POST is held to.
    """
    from flask import request
    from mlflow.environment_variables import MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE
    from mlflow.server.security import get_allowed_hosts, get_allowed_origins
    from mlflow.server.security_utils import is_allowed_host_header, should_block_cors_request

    if MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE.get() == "true":
        return None
    if server_name() == "uvicorn" and not is_socket():
        return None
    if not is_allowed_host_header(get_allowed_hosts(), request.headers.get("Host", "")):
        return "the Host header is not allowed; see --allowed-hosts of mlflow server"
    origin = request.headers.get("Origin", "")
    if is_socket() and urlsplit(origin).netloc == request.headers.get("Host"):
        return None
    method = "POST" if is_socket() else request.method
    if should_block_cors_request(origin, method, get_allowed_origins()):
        what = "socket" if is_socket() else "change"
        return f"a cross-origin {what} was blocked; see --cors-allowed-origins of mlflow server"
    return None


def is_socket() -> bool:
    """Whether the current request is the handshake of a WebSocket, on a route for one."""
    from flask import request

    return request.url_rule is not None and request.url_rule.websocket


def enter_workspace() -> str:
    """Resolve the workspace of the current request; ``default`` when MLflow has none.

    A browser can send no header with a socket's handshake: there ``?workspace=`` does the same.

    Raises:
        InvalidInput: the server has no workspaces, or the name cannot be one.
        NotFound: there is no such workspace.
    """
    from flask import request
    from mlflow.exceptions import MlflowException
    from mlflow.server.workspace_helpers import (
        WORKSPACE_HEADER_NAME,
        resolve_workspace_for_request_if_enabled,
    )
    from mlflow.utils.workspace_context import get_request_workspace, set_server_request_workspace

    if server_name() != "uvicorn" or is_socket():
        header = request.headers.get(WORKSPACE_HEADER_NAME)
        if header is None and is_socket():
            header = request.args.get("workspace")
        try:
            found = resolve_workspace_for_request_if_enabled(request.path, header)
        except MlflowException as error:
            kind = NotFound if error.get_http_status_code() == 404 else InvalidInput
            raise kind(error.message) from None
        set_server_request_workspace(found.name if found else None)
    return get_request_workspace() or DEFAULT_WORKSPACE


def leave_workspace() -> None:
    """Undo :func:`enter_workspace` at the end of a request."""
    from mlflow.utils.workspace_context import clear_server_request_workspace

    clear_server_request_workspace()


def active_login(besides: tuple[str, ...] = ()) -> str | None:
    """Name of the module that guards MLflow's app with a login; ``None`` when nothing does.

    Args:
        besides: Beginnings of names of modules that the caller knows.
    """
    hooks = flask_app().before_request_funcs.get(None, [])
    modules = [getattr(hook, "__module__", None) or "unknown" for hook in hooks]
    foreign = [module for module in modules if not module.startswith(_OWN_HOOKS + besides)]
    return foreign[0] if foreign else None


def catch_all_mount(app: Any) -> Any:
    """The mount of MLflow's Flask app at "/" in its ASGI app.

    Raises:
        Unavailable: this MLflow has no such mount.
    """
    from starlette.routing import Mount

    for route in app.router.routes:
        if isinstance(route, Mount) and route.path == "":
            return route
    raise Unavailable("MLflow's ASGI app has no mount at '/'", hint=f"Sentinel works with {SUPPORTED}")


# --- runs and artifacts ----------------------------------------------------------------------------------


def tracking_store() -> Any:
    """The server's own tracking store: its calls work from any thread, without a login's filter."""
    from mlflow.server.handlers import _get_tracking_store

    return _get_tracking_store()


def artifact_repository(artifact_uri: str) -> tuple[Any, str]:
    """The repository that holds a run's artifacts, and their root inside it (``""``: its own)."""
    from mlflow.server import handlers
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if not handlers._is_servable_proxied_run_artifact_root(artifact_uri):
        return get_artifact_repository(artifact_uri), ""
    # The server cannot ask itself over HTTP: it goes to the store behind its proxy.
    path = handlers._get_proxied_run_artifact_destination_path(artifact_uri)
    root = handlers._get_workspace_scoped_repo_path_if_enabled(path)
    return handlers._get_artifact_repo_mlflow_artifacts(), root or ""


def is_local_repository(repository: Any) -> bool:
    """Whether files of the repository are read where they lie, not downloaded."""
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    return isinstance(repository, LocalArtifactRepository)


def workspaces() -> list[str]:
    """Names of MLflow's workspaces; ``default`` alone when it has none."""
    from mlflow.environment_variables import MLFLOW_ENABLE_WORKSPACES

    if not MLFLOW_ENABLE_WORKSPACES.get():
        return [DEFAULT_WORKSPACE]
    from mlflow.server.workspace_helpers import _get_workspace_store

    return [workspace.name for workspace in _get_workspace_store().list_workspaces()]


def in_workspace(name: str) -> AbstractContextManager[Any]:
    """For background threads: calls inside see this workspace; no effect when MLflow has none."""
    from mlflow.environment_variables import MLFLOW_ENABLE_WORKSPACES
    from mlflow.utils.workspace_context import ServerWorkspaceContext

    return ServerWorkspaceContext(name) if MLFLOW_ENABLE_WORKSPACES.get() else nullcontext()
