"""Bodies that hold rows: read once, in whichever format they came."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from flask import request
from flask_openapi3.models import RawModel

from mlflow_sentinel_plugin.ingest.media import TYPES, format_of, inflated
from mlflow_sentinel_plugin.ingest.payload import REQUEST_LIMITS, Rows, read_rows, rows_of
from mlflow_sentinel_plugin.ingest.strict_json import decode_bytes

ROWS = (
    "The body holds rows: CSV with a header, NDJSON, Parquet, Arrow, or JSON, which is a list of records "
    "or what MLflow's scoring server takes (dataframe_split, dataframe_records, inputs or instances, with "
    "predictions beside them). It may be gzipped."
)
"""For the document."""


class RowsBody(RawModel):  # type: ignore[misc]
    """Rows as CSV, JSON (MLflow's scoring shapes), NDJSON, Parquet or Arrow, also gzipped."""

    mimetypes: ClassVar[list[str]] = list(TYPES)


def rows_of_request() -> Rows:
    """The rows of the current request's body."""
    return read_rows(
        request.get_data(),
        request.headers.get("Content-Type"),
        encoding=request.headers.get("Content-Encoding"),
    )


def json_or_rows() -> tuple[Any, Rows | None]:
    """The parsed body if it is JSON, else the rows it holds."""
    content_type = request.headers.get("Content-Type")
    body = inflated(request.get_data(), request.headers.get("Content-Encoding"), REQUEST_LIMITS.bytes)
    if body.strip() and format_of(content_type, body) == "json":
        return decode_bytes(body), None
    return None, read_rows(body, content_type)


def rows_of_json(value: Any) -> Rows:
    """Rows of a parsed JSON value, in any of the shapes that a posted body may have."""
    return rows_of(value, REQUEST_LIMITS)


def digest_of_request() -> str:
    """SHA-256 (hex) of media type, encoding and body: equal for a repeated post."""
    found = hashlib.sha256()
    for header in ("Content-Type", "Content-Encoding"):
        found.update(request.headers.get(header, "").strip().lower().encode() + b"\n")
    found.update(request.get_data())
    return found.hexdigest()
