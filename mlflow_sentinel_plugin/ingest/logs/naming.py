"""What a file's name says: its format and its compression."""

from __future__ import annotations

from typing import Literal

from mlflow_sentinel_plugin.config.sources import SourceFormat
from mlflow_sentinel_plugin.ingest.arrow_rows import FILE_MAGIC
from mlflow_sentinel_plugin.ingest.parquet_rows import MAGIC

LogFormat = Literal["jsonl", "csv", "parquet", "arrow"]

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4"}
"""Suffix -> pyarrow's name of the codec."""
_FORMATS: dict[str, LogFormat] = {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "csv": "csv",
    "parquet": "parquet",
    "pq": "parquet",
    "arrow": "arrow",
    "feather": "arrow",
    "ipc": "arrow",
}


def compression_of(path: str) -> str | None:
    """By the last suffix.

    >>> compression_of("/logs/app.jsonl.2.gz"), compression_of("app.csv")
    ('gzip', None)
    """
    return next((codec for suffix, codec in COMPRESSIONS.items() if path.lower().endswith(suffix)), None)


def format_of(path: str, said: SourceFormat, head: bytes) -> LogFormat:
    """What the source says, else any part of the name (rotation adds others), else the first bytes.

    >>> format_of("app.jsonl.1", "auto", b""), format_of("app.log", "auto", b'{"a": 1}')
    ('jsonl', 'jsonl')
    """
    if said != "auto":
        return said
    for part in reversed(path.rsplit("/", 1)[-1].lower().split(".")[1:]):
        known = _FORMATS.get(part) or _FORMATS.get(part.split("-")[0])
        if known is not None:
            return known
    if head.startswith(MAGIC):
        return "parquet"
    if head.startswith(FILE_MAGIC):
        return "arrow"
    return "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"
