"""Rows from the body of a request or from a file, in any supported format.

CSV cells are text and only an empty one is null; JSON, Parquet and Arrow keep their types. The engine
converts each column by the baseline's kind, so the same rows count the same in every format.
"""

from __future__ import annotations

from pathlib import Path

from mlflow_sentinel_plugin.errors import InvalidInput, UnsupportedMediaType
from mlflow_sentinel_plugin.ingest.arrow_rows import read_arrow
from mlflow_sentinel_plugin.ingest.csv_rows import read_csv
from mlflow_sentinel_plugin.ingest.json_rows import read_json, read_ndjson, rows_of
from mlflow_sentinel_plugin.ingest.media import (
    Format,
    format_by_content,
    format_by_name,
    format_of,
    inflated,
    is_gzip,
    media_type,
)
from mlflow_sentinel_plugin.ingest.parquet_rows import read_parquet
from mlflow_sentinel_plugin.ingest.rows import ARTIFACT_LIMITS, REQUEST_LIMITS, Limits, Rows, too_large

__all__ = ["ARTIFACT_LIMITS", "REQUEST_LIMITS", "Limits", "Rows", "read_artifact", "read_rows", "rows_of"]


def read_rows(
    body: bytes,
    content_type: str | None,
    *,
    encoding: str | None = None,
    filename: str | None = None,
    limits: Limits = REQUEST_LIMITS,
) -> Rows:
    """The rows of a request's body.

    Args:
        body: As received.
        content_type: The header, with ``charset`` for CSV; without a telling one the body's start decides.
        encoding: The ``Content-Encoding`` header: gzip or none.
        filename: Tells the format by its extension if ``content_type`` does not.
        limits: The most that is decoded.

    Raises:
        InvalidInput: empty, malformed, or without a row that can be read.
        UnsupportedMediaType: unknown media type, charset or encoding.
        TooLarge: beyond ``limits``.
    """
    data = inflated(body, encoding, limits.bytes)
    _refuse_empty(data)
    _, charset = media_type(content_type)
    return _read(format_of(content_type, data, filename), data, charset, limits)


def read_artifact(path: Path, *, limits: Limits = ARTIFACT_LIMITS) -> Rows:
    """The rows of a file (CSV, Parquet, JSON, NDJSON or Arrow, also ``.gz``), by extension, then content.

    Raises:
        As :func:`read_rows`.
    """
    if path.stat().st_size > limits.bytes:
        raise too_large(f"{path.stat().st_size} bytes", f"at most {limits.bytes}")
    body = path.read_bytes()
    if is_gzip(body):
        body = inflated(body, "gzip", limits.bytes)
    _refuse_empty(body)
    return _read(format_by_name(path.name) or _text_or_known(path, body), body, None, limits)


def _text_or_known(path: Path, body: bytes) -> Format:
    found = format_by_content(body)
    if found == "csv" and path.suffix.lower() not in ("", ".txt", ".data", ".gz"):
        raise UnsupportedMediaType(
            f"{path.name!r} has an unknown extension",
            hint="name a .csv, .json, .ndjson, .parquet, .arrow or .feather file",
        )
    return found


def _refuse_empty(body: bytes) -> None:
    if not body.strip():
        raise InvalidInput("the body is empty", hint="send at least one row", code="no_rows")


def _read(kind: Format, body: bytes, charset: str | None, limits: Limits) -> Rows:
    if kind == "csv":
        return read_csv(body, charset, limits)
    if kind == "json":
        return read_json(body, limits)
    if kind == "ndjson":
        return read_ndjson(body, limits)
    return read_parquet(body, limits) if kind == "parquet" else read_arrow(body, limits)
