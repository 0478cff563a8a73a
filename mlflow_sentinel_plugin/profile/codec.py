"""Arrays and a JSON header as compact bytes: versioned, checksummed, equal for equal content, no pickle.

Layout: 4 bytes magic, 1 byte format version, 32 bytes SHA-256 of the content, 8 bytes its length, then the
content through zlib. The content is the header's length, the header, and the arrays one after another.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_sentinel_plugin.errors import CorruptData

FORMAT_VERSION = 2
OLDEST_VERSION = 2
"""What this release still reads; see tests/unit/profile/golden."""
MAX_CONTENT = 256 * 2**20
_HEAD = struct.Struct("<4sB32sQ")
_LENGTH = struct.Struct("<I")
_DTYPES = ("<u1", "<u2", "<u4", "<u8", "<i8", "<f4", "<f8")
_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)

Arrays = Mapping[str, NDArray[Any]]


def pack(magic: bytes, header: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Bytes of a JSON-ready ``header`` and ``arrays`` (unsigned, int64, float32, float64; one dimension)."""
    content = _joined(header, arrays)
    digest = hashlib.sha256(content).digest()
    return _HEAD.pack(magic, FORMAT_VERSION, digest, len(content)) + zlib.compress(content, 6)


def digest_of(header: Mapping[str, Any], arrays: Arrays) -> str:
    """SHA-256 (hex) of the content that :func:`pack` would write, whatever zlib makes of it."""
    return hashlib.sha256(_joined(header, arrays)).hexdigest()


def digest_in(data: bytes) -> str:
    """The same, as packed bytes hold it."""
    return str(_HEAD.unpack_from(data)[2].hex())


def _joined(header: Mapping[str, Any], arrays: Arrays) -> bytes:
    directory = [
        [name, array.dtype.newbyteorder("<").str.replace("|", "<"), array.size]
        for name, array in arrays.items()
    ]
    text = json.dumps(
        {"header": header, "arrays": directory}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    encoded = text.encode()
    return b"".join([_LENGTH.pack(len(encoded)), encoded, *(_shuffled(array) for array in arrays.values())])


def unpack(magic: bytes, data: bytes, what: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The inverse of :func:`pack`.

    Raises:
        CorruptData: not such bytes, cut short, altered, or of a newer format version.
    """
    content = _content(magic, bytes(data), what)
    try:
        size = _LENGTH.unpack_from(content)[0]
        start = _LENGTH.size + size
        document = json.loads(content[_LENGTH.size : start])
        return document["header"], _read_arrays(document["arrays"], memoryview(content)[start:])
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise CorruptData(f"this {what} cannot be read: {error}") from error


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """Non-negative integers in the narrowest unsigned type that holds them."""
    top = int(values.max()) if values.size else 0
    return values.astype(next(kind for kind in _UNSIGNED if top <= np.iinfo(kind).max))


def _content(magic: bytes, data: bytes, what: str) -> bytes:
    if len(data) < _HEAD.size or data[:4] != magic:
        raise CorruptData(f"these bytes are not a {what}", hint=f"give what to_bytes() of a {what} returned")
    version, digest, length = _HEAD.unpack_from(data)[1:]
    if version > FORMAT_VERSION:
        raise CorruptData(
            f"this {what} has format version {version}, newer than {FORMAT_VERSION}",
            hint="upgrade mlflow-sentinel",
        )
    if version < OLDEST_VERSION:
        raise CorruptData(
            f"this {what} has format version {version}, older than {OLDEST_VERSION}", hint="make it again"
        )
    if length > MAX_CONTENT:
        raise CorruptData(f"this {what} is damaged: it claims {length} bytes")
    try:
        content = zlib.decompressobj().decompress(data[_HEAD.size :], length + 1)
    except zlib.error as error:
        raise CorruptData(f"this {what} is damaged: {error}") from error
    if len(content) != length or hashlib.sha256(content).digest() != digest:
        raise CorruptData(f"this {what} is damaged: its checksum does not match")
    return content


def _shuffled(array: NDArray[Any]) -> bytes:
    """Bytes grouped by significance: sorted floats compress far better so."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return bytes(little.view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes())


def _read_arrays(directory: list[list[Any]], body: memoryview) -> dict[str, NDArray[Any]]:
    arrays, at = {}, 0
    for name, dtype, size in directory:
        if dtype not in _DTYPES:
            raise ValueError(f"unknown array type {dtype!r}")
        kind = np.dtype(dtype)
        end = at + size * kind.itemsize
        raw = np.frombuffer(body[at:end], np.uint8).reshape(kind.itemsize, size).T
        arrays[name] = np.ascontiguousarray(raw).reshape(-1).view(kind)
        at = end
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes too many")
    return arrays
