"""The link to Sentinel on MLflow's own page: one script tag, added to the answer on its way out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from mlflow_sentinel_plugin.api.ui import FOLDER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger("mlflow_sentinel.api")

SCRIPT = "mlflow-link.js"
TAG = f'<script defer src="sentinel/{SCRIPT}"></script>'.encode()
"""Relative, as a proxy may have put a prefix in front."""

_END = b"</body>"
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_RANGE", "HTTP_RANGE")


class LinkedIndex:
    """A WSGI app that is MLflow's, but for the script tag in its index page.

    Args:
        mlflow: MLflow's own app.
        prefix: ``--static-prefix`` without a slash at its end, or ``""``.
    """

    def __init__(self, mlflow: Callable[..., Iterable[bytes]], prefix: str = "") -> None:
        self._mlflow = mlflow
        self._index = prefix + "/"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._is_index(environ):
            return self._mlflow(environ, start_response)
        # A page that the browser kept from before has no link: MLflow is always asked for the whole.
        whole: dict[str, Any] = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        response = Response.from_app(self._mlflow, whole)
        _add_tag(response)
        return response(environ, start_response)

    def _is_index(self, environ: WSGIEnvironment) -> bool:
        return (
            environ.get("PATH_INFO") == self._index
            and environ.get("REQUEST_METHOD") == "GET"
            and (FOLDER / SCRIPT).is_file()
        )


def _add_tag(response: Response) -> None:
    """Put the tag at the end of an HTML page; any other answer stays as it is."""
    if response.status_code != 200 or response.mimetype != "text/html":
        return
    page = response.get_data()
    before, end, after = page.rpartition(_END)
    if not end:
        _log.info("MLflow's page has no %s: it gets no link to Sentinel", _END.decode())
        return
    response.set_data(before + TAG + end + after)
    for name in ("ETag", "Last-Modified"):  # Of the page without the tag: it would be kept for ever.
        response.headers.pop(name, None)
