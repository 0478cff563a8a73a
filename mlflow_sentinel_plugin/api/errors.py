"""One error body for every failure, and strict JSON for every answer."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any, NoReturn

from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from mlflow_sentinel_plugin.api.schemas import ErrorInfo, ErrorReply
from mlflow_sentinel_plugin.errors import InvalidInput, SentinelError, UnsupportedMediaType

_log = logging.getLogger("mlflow_sentinel.api")

_CODES = {
    400: "invalid_input",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


def reply(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The model as strict JSON: NaN and Infinity become null."""
    return Response(model.model_dump_json(), status, headers, content_type="application/json")


def error_reply(
    status: int,
    code: str,
    message: str,
    *,
    hint: str | None = None,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The error body of every route."""
    info = ErrorInfo(code=code, message=message, hint=hint, details=details or {})
    return reply(ErrorReply(error=info), status, headers)


def error_body(error: SentinelError) -> bytes:
    """The error body as bytes, for answers outside the app."""
    info = ErrorInfo(code=error.code, message=error.message, hint=error.hint, details=error.details)
    return ErrorReply(error=info).model_dump_json().encode()


def install(app: Flask) -> None:
    """Make every failure inside ``app`` answer with :class:`ErrorReply`."""
    app.register_error_handler(SentinelError, _sentinel_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def from_sentinel(error: SentinelError) -> Response:
    """An error raised on purpose, as an answer."""
    if error.status >= 500 and error.status != 503:
        return _unexpected(error)
    named = {"Retry-After": "retry_after", "WWW-Authenticate": "challenge"}
    values = {header: getattr(error, attribute, None) for header, attribute in named.items()}
    headers = {header: str(value) for header, value in values.items() if value is not None}
    return error_reply(
        error.status, error.code, error.message, hint=error.hint, details=error.details, headers=headers
    )


def refuse_body(error: ValidationError) -> NoReturn:
    """Turn pydantic's complaint into ``invalid_input`` that names each field.

    Raises:
        InvalidInput: always, unless the body is of another media type.
        UnsupportedMediaType: a JSON body was expected and something else came.
    """
    found = error.errors(include_url=False, include_context=False)
    if not found[0]["loc"]:  # of the whole body: it may be no JSON at all
        _check_json()
    fields = [_field(item) for item in found]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    raise InvalidInput(f"{first['field']}: {first['message']}{more}", details={"fields": fields})


def read_json(text: str | bytes) -> Any:
    """Parse strict JSON.

    Raises:
        InvalidInput: not JSON, or it holds NaN or Infinity.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput("the body is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise InvalidInput("the body is nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput(f"the body is not JSON: {name} is no JSON value", hint="write null instead")


def _check_json() -> None:
    if not request.get_data(cache=True):
        raise InvalidInput("the body is empty", hint="send a JSON object")
    if not request.is_json:
        raise UnsupportedMediaType(
            f"a JSON body is needed, not {request.mimetype or 'one without a media type'}",
            hint="set the header Content-Type: application/json",
        )
    read_json(request.get_data(cache=True))


def _field(item: Any) -> dict[str, str]:
    path = ".".join(str(part) for part in item["loc"]) or "body"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = "unknown key"
    return {"field": path, "message": message}


def _sentinel_error(error: SentinelError) -> Response:
    return from_sentinel(error)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None and error.code is None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]
    if status >= 500:
        return _unexpected(error)
    headers = {name: value for name, value in error.get_headers() if name == "Allow"}
    message = error.description or error.name
    if status == 404:
        message = f"there is nothing at {request.path}"
    elif status == 405:
        message = f"{request.path} does not take {request.method}"
    return error_reply(status, _CODES.get(status, "http_error"), message, headers=headers)


def _unexpected(error: Exception) -> Response:
    request_id = uuid.uuid4().hex[:12]
    _log.error("request %s failed: %s %s", request_id, request.method, request.path, exc_info=error)
    return error_reply(
        500,
        "internal_error",
        "Sentinel failed to answer; the server's log says why",
        details={"request_id": request_id},
    )
