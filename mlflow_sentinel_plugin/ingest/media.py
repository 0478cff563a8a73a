"""Which format a body has: by its media type, else its name, else its first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from email.message import Message
from pathlib import PurePosixPath
from typing import Literal

from mlflow_sentinel_plugin.errors import InvalidInput, UnsupportedMediaType
from mlflow_sentinel_plugin.ingest import arrow_rows, parquet_rows
from mlflow_sentinel_plugin.ingest.rows import too_large

Format = Literal["csv", "json", "ndjson", "parquet", "arrow"]

TYPES: dict[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "text/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/jsonlines": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    "application/parquet": "parquet",
    "application/x-parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
    "application/vnd.apache.arrow.file": "arrow",
}
"""Media type -> format."""
_UNSPECIFIC = {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
"""Says nothing; ``curl --data-binary`` claims a form unless told otherwise."""
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_HINT = "send CSV, JSON, NDJSON, Parquet or Arrow: " + ", ".join(
    kind for kind in TYPES if not kind.startswith(("text/json", "application/x-", "application/csv"))
)
_BINARY = bytes({*range(9), *range(14, 27), *range(28, 32)})
"""Control characters that text does not hold."""
_GZIP_MAGIC = b"\x1f\x8b"
_STREAM_MAGIC = b"\xff\xff\xff\xff"
_BOM = b"\xef\xbb\xbf"
_HEAD = 1_024


def media_type(content_type: str | None) -> tuple[str, str | None]:
    """Media type in lower case (empty if none), and charset."""
    message = Message()
    message["content-type"] = (content_type or "").replace("\n", " ").replace("\r", " ")
    bare = (content_type or "").split(";")[0].strip().lower()
    return bare, message.get_content_charset()


def format_of(content_type: str | None, body: bytes, filename: str | None = None) -> Format:
    """The body's format.

    Raises:
        UnsupportedMediaType: an unknown media type, or none and binary data of no known format.
    """
    bare, _ = media_type(content_type)
    if bare in TYPES:
        return TYPES[bare]
    if bare not in _UNSPECIFIC:
        raise UnsupportedMediaType(f"the media type {bare!r} is not supported", hint=_HINT)
    return format_by_name(filename) or format_by_content(body)


def format_by_name(filename: str | None) -> Format | None:
    """By the extension; a final ``.gz`` is looked through."""
    path = PurePosixPath((filename or "").lower())
    return _SUFFIXES.get(path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix)


def format_by_content(body: bytes) -> Format:
    """By the first bytes: Parquet's and Arrow's magic, a brace or bracket, else CSV if it is text."""
    if body.startswith(parquet_rows.MAGIC):
        return "parquet"
    if body.startswith((arrow_rows.FILE_MAGIC, _STREAM_MAGIC)):
        return "arrow"
    text = body.removeprefix(_BOM).lstrip()
    if text.startswith((b"{", b"[")):
        return "ndjson" if _several_objects(text) else "json"
    utf16 = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not utf16 and body[:_HEAD].translate(None, _BINARY) != body[:_HEAD]:
        raise UnsupportedMediaType("the body is binary data of an unknown format", hint=_HINT)
    return "csv"


def _several_objects(text: bytes) -> bool:
    first, _, rest = text.partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def is_gzip(body: bytes) -> bool:
    return body.startswith(_GZIP_MAGIC)


def inflated(body: bytes, encoding: str | None, limit: int) -> bytes:
    """The body without its ``Content-Encoding``, at most ``limit`` bytes.

    Raises:
        UnsupportedMediaType: another encoding than gzip.
        InvalidInput: damaged or cut off.
        TooLarge: more than ``limit`` bytes come out.
    """
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return body
    if name not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType(f"the content encoding {name!r} is not supported", hint="use gzip or none")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            data = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"the gzip data is damaged or cut off: {error}", code="malformed_gzip") from None
    if len(data) > limit:
        raise too_large(f"more than {limit} bytes once inflated", f"at most {limit} bytes")
    return data
