"""Hand Sentinel's paths to its own app, inside MLflow's, and leave every other request alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = ("/api/v1", "/sentinel", "/ws")
"""What is Sentinel's, below ``--static-prefix``. MLflow's own API is ``/api/2.0`` and up."""


def belongs(path: str, prefix: str) -> bool:
    """Whether ``path`` is Sentinel's under the static prefix ``prefix`` (``""`` or ``/x``)."""
    if not path.startswith(prefix):
        return False
    rest = path[len(prefix) :]
    return any(rest == own or rest.startswith(own + "/") for own in PATHS)


class Dispatcher:
    """A WSGI app that answers :data:`PATHS` with one app and the rest with another.

    Args:
        rest: MLflow's own app.
        sub: Sentinel's; it sees paths without the static prefix, which becomes its script root.
        prefix: ``--static-prefix`` without a slash at its end, or ``""``.
    """

    def __init__(
        self,
        rest: Callable[..., Iterable[bytes]],
        sub: Callable[..., Iterable[bytes]],
        prefix: str = "",
    ) -> None:
        self._rest = rest
        self._sub = sub
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not belongs(path, self._prefix):
            return self._rest(environ, start_response)
        inner: dict[str, Any] = {
            **environ,
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + self._prefix,
            "PATH_INFO": path[len(self._prefix) :],
        }
        return self._sub(inner, start_response)


def unavailable(reason: str) -> WSGIApplication:
    """A stand-in for the sub-app when even that could not be built: 503 and why, for each path."""
    from mlflow_sentinel_plugin.api.errors import error_reply

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = error_reply(503, "unavailable", reason, headers={"Retry-After": "5"})
        return answer(environ, start_response)

    return app
