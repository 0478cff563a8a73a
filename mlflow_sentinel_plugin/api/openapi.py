"""The sub-app's shape: blueprints of resources, the OpenAPI document, and docs that work offline."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import flask_openapi3_swagger  # type: ignore[import-untyped]
from flask import Response, jsonify, request, send_from_directory
from flask_openapi3 import APIBlueprint, Info, OpenAPI, Tag
from flask_openapi3.models import MediaType, RequestBody, Schema, SecurityScheme

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.api import errors
from mlflow_sentinel_plugin.api.auth import allow
from mlflow_sentinel_plugin.api.schemas import ErrorReply

PREFIX = "/api/v1"

ROWS_TYPE = "text/csv"
"""A media type that only bodies of rows have."""

View = TypeVar("View", bound=Callable[..., Any])

_ERRORS = dict.fromkeys(("400", "401", "403", "404", "413", "429", "500", "503"), ErrorReply)
_ASSETS = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
_CSP = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MLflow-Sentinel API</title>
<link rel="icon" href="docs/images/swagger.svg">
<link rel="stylesheet" href="docs/css/swagger-ui.css">
<body>
<div id="docs"></div>
<script src="docs/js/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = 'window.ui = SwaggerUIBundle({ url: "openapi.json", dom_id: "#docs", deepLinking: true });\n'


class Resource(Protocol):
    """What a resource module uses of its blueprint: decorators that leave the view's type alone."""

    def get(self, rule: str, **options: Any) -> Callable[[View], View]: ...

    def post(self, rule: str, **options: Any) -> Callable[[View], View]: ...

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]: ...

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]: ...


def blueprint(name: str, description: str) -> Resource:
    """The blueprint of one resource, below ``/api/v1``; rules are written without that prefix."""
    made: Resource = APIBlueprint(
        name,
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=description)],
        abp_responses=dict(_ERRORS),
        operation_id_callback=_operation_id,
    )
    return made


def new_app() -> OpenAPI:
    """An empty sub-app that answers every failure with the one error body."""
    app = OpenAPI(
        "mlflow_sentinel_plugin.api",
        info=Info(
            title="MLflow-Sentinel", version=__version__, description="Drift monitoring inside MLflow."
        ),
        security_schemes={
            "basic": SecurityScheme(type="http", scheme="basic", description="A user of MLflow's login."),
            "bearer": SecurityScheme(type="http", scheme="bearer", description="An API key."),
        },
        validation_error_status=400,
        validation_error_model=ErrorReply,
        validation_error_callback=errors.refuse_body,
        doc_ui=False,
        static_folder=None,
    )
    app.json.loads = errors.read_json
    errors.install(app)
    app.after_request(_headers)
    return app


def register(app: OpenAPI, resource: Resource) -> None:
    """Add a resource's rules to the sub-app and its document."""
    app.register_api(resource)


def install_docs(app: OpenAPI) -> None:
    """Add ``/openapi.json`` and the docs page with its files; call it once all resources are there."""
    for item in app.paths.values():
        if item.post is not None and item.post.requestBody is not None:
            _widen_json(item.post.requestBody)

    @allow("signed_in")
    def document() -> Response:
        spec: dict[str, Any] = copy.copy(app.api_doc)
        spec["servers"] = [{"url": request.script_root or "/"}]
        spec["security"] = [{}, {"basic": []}, {"bearer": []}]  # ``{}``: on a server without a login.
        return jsonify(spec)

    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", document)
    app.add_url_rule(f"{PREFIX}/docs", "docs", _page)
    app.add_url_rule(f"{PREFIX}/docs/start.js", "docs_start", _start)
    app.add_url_rule(f"{PREFIX}/docs/<path:name>", "docs_asset", _asset)


@allow("signed_in")
def _page() -> Response:
    return Response(_PAGE, mimetype="text/html", headers={"Content-Security-Policy": _CSP})


@allow("signed_in")
def _start() -> Response:
    return Response(_START, mimetype="text/javascript")


@allow("signed_in")
def _asset(name: str) -> Response:
    return send_from_directory(_ASSETS, name, max_age=86_400)


def _widen_json(body: RequestBody) -> None:
    """A body of rows may be any JSON value; flask-openapi3 says that it is an object."""
    if ROWS_TYPE not in body.content:
        return
    body.required = True
    for name in body.content:
        if name.startswith("application/json"):
            body.content[name] = MediaType(schema=Schema())


def _operation_id(*, bp_name: str = "", name: str = "", path: str = "", method: str = "") -> str:
    return name


def _headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith(PREFIX) and response.mimetype == "application/json":
        response.headers["Cache-Control"] = "no-store"
    return response
