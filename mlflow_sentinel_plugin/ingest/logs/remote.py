"""Files of an object store, through pyarrow's file systems, or fsspec's where those know no such scheme.

Where a store is and how to sign in is the server's environment, as for MLflow's own artifacts: never a path,
which users may write.
"""

from __future__ import annotations

import importlib
import os
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import translate
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import fs

from mlflow_sentinel_plugin.config.sources import split_uri
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, Unavailable
from mlflow_sentinel_plugin.ingest.logs.allowed import fixed_part
from mlflow_sentinel_plugin.ingest.logs.place import Found, in_order

TIMEOUT_S = 10
_REQUEST_ID = re.compile(r" \(Request ID: [^)]*\)")
"""It would make each failure look like a new one."""
_ENDPOINT = "MLFLOW_S3_ENDPOINT_URL"
"""The variable by which MLflow finds another S3 than Amazon's."""


class RemoteFiles:
    """Files of a store by a URI with wildcards.

    Raises:
        InvalidInput: nothing here reads this scheme.
    """

    def __init__(self, pattern: str) -> None:
        parts = split_uri(pattern)
        assert parts is not None
        self._scheme, host, path = parts
        self._root = f"{self._scheme}://"
        self._pattern = host + path
        self._store, keeps_host = _file_system(self._scheme, host)
        if not keeps_host:
            self._root, self._pattern = f"{self._root}{host}/", path.lstrip("/")

    def files(self) -> list[Found]:
        base = fixed_part(self._pattern)
        matches = re.compile(_regex(self._pattern)).fullmatch
        deep = "/" in self._pattern[len(base) :].lstrip("/")
        with _translated(self._root + base):
            selector = fs.FileSelector(base, recursive=deep, allow_not_found=False)
            listed = self._store.get_file_info(selector)
        return in_order([_found(info) for info in listed if info.is_file and matches(info.path)])

    def beside(self, path: str) -> list[Found]:
        return []  # Objects are never renamed or cut: what is at another name is a new object.

    @contextmanager
    def open(self, found: Found) -> Iterator[BinaryIO]:
        with _translated(self._root + found.path):
            try:
                file = self._store.open_input_file(found.path)
            except FileNotFoundError:
                raise Conflict(f"{found.path!r} is gone", code="file_changed") from None
        with file:
            yield file


def _file_system(scheme: str, host: str) -> tuple[Any, bool]:
    """The store, and whether its paths begin with the host (a bucket)."""
    if scheme == "s3":
        return _s3(), True
    try:
        return fs.FileSystem.from_uri(f"{scheme}://{host}/")[0], scheme in ("gs", "gcs", "abfs", "abfss")
    except (pa.ArrowException, ValueError, OSError, NotImplementedError):
        pass
    try:
        fsspec = importlib.import_module("fsspec")

        return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem(scheme))), True
    except (ImportError, ValueError):
        raise InvalidInput(
            f"nothing here reads {scheme}:// paths", hint="s3, gs and abfs work; others need fsspec installed"
        ) from None


def _s3() -> Any:
    endpoint = os.environ.get(_ENDPOINT)
    options: dict[str, Any] = {"connect_timeout": TIMEOUT_S, "request_timeout": TIMEOUT_S}
    if endpoint:
        scheme, _, address = endpoint.partition("://")
        options |= {"endpoint_override": address.rstrip("/"), "scheme": scheme}
        options["region"] = os.environ.get("AWS_DEFAULT_REGION", os.environ.get("AWS_REGION", "us-east-1"))
    return fs.S3FileSystem(**options)


def _regex(pattern: str) -> str:
    parts = []
    for part in pattern.split("/"):
        # fnmatch's * crosses slashes; here only ** does.
        parts.append("(?:.*/)?" if part == "**" else translate(part).replace(".*", "[^/]*") + "/")
    joined = "".join(part.replace("(?s:", "(?:").replace(r"\Z", "").replace(r"\z", "") for part in parts)
    return joined.removesuffix("/")


def _found(info: Any) -> Found:
    changed = None if info.mtime is None else int(info.mtime.timestamp() * 1000)
    return Found(info.path, info.size or 0, changed)


@contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Unavailable(f"there is nothing at {where!r}") from None
    except (OSError, pa.ArrowException) as error:
        line = _REQUEST_ID.sub("", next(iter(str(error).splitlines()), type(error).__name__))[:300]
        raise Unavailable(f"{where!r} cannot be read: {line}") from error


def name_of(path: str) -> str:
    """The last part of a path."""
    return posixpath.basename(path)
