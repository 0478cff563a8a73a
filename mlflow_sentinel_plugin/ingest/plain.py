"""Arrow columns of any type, from an untrusted body, as the plain types that the engine takes.

Dictionaries, views and the like can name one long value a million times: what a column will take in memory
is worked out before it is spread out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.rows import Limits, checked_bytes, checked_names
from mlflow_sentinel_plugin.ingest.values import text_of

_NESTED_BLOCK = 1_024
"""Rows of a nested column that are Python objects at one time."""


def plain_table(batches: Iterator[pa.RecordBatch], names: list[str], limits: Limits) -> pa.Table:
    """One table of plain columns. Texts are ``large_string``, nested values their JSON text.

    Raises:
        InvalidInput: bad column names, or a type that holds no plain values.
        TooLarge: more columns or decoded bytes than allowed.
    """
    checked = checked_names(names, limits)
    chunks: list[list[Any]] = [[] for _ in checked]
    used = 0
    for batch in batches:
        for chunk, name, column in zip(chunks, checked, batch.columns, strict=True):
            _check_supported(column.type, name)
            checked_bytes(used + _spread_bytes(column), limits)
            plain = _plain(column)
            used += plain.nbytes
            chunk.append(plain)
    return pa.table({name: _joined(chunk) for name, chunk in zip(checked, chunks, strict=True)})


def _joined(chunks: list[Any]) -> Any:
    return pa.chunked_array(chunks) if chunks else pa.nulls(0, pa.large_string())


def _plain(column: Any) -> Any:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(column.storage)
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary).take(column.indices)
    if pa.types.is_null(kind) or _is_text(kind):
        return column.cast(pa.large_string())
    if _is_bytes(kind):
        return _text_of_bytes(column)
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    return _json_text(column) if pa.types.is_nested(kind) else column


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_bytes(kind: Any) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _text_of_bytes(column: Any) -> Any:
    """Some writers of Parquet do not say that bytes are text."""
    try:
        return column.cast(pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:
        return pa.array([text_of(value) for value in column.to_pylist()], pa.large_string())


def _json_text(column: Any) -> Any:
    blocks = (column.slice(i, _NESTED_BLOCK) for i in range(0, len(column), _NESTED_BLOCK))
    texts = [_nested_text(value) for block in blocks for value in block.to_pylist()]
    return pa.array(texts, pa.large_string())


def _nested_text(value: Any) -> str | None:
    return None if value is None else text_of(value if isinstance(value, dict) else list(value))


def _check_supported(kind: Any, name: str) -> None:
    if _repeats(kind) or (pa.types.is_nested(kind) and any(map(_unbounded, _children(kind)))):
        raise InvalidInput(
            f"column {name!r} has the type {kind}, which is not supported",
            hint="send numbers, texts, booleans, dates, or lists and structs of them",
            code="unsupported_column",
        )


def _unbounded(kind: Any) -> bool:
    """Whether values of this type inside a nested one may repeat without taking space."""
    shared = pa.types.is_dictionary(kind) or pa.types.is_string_view(kind) or pa.types.is_binary_view(kind)
    return shared or _repeats(kind) or any(map(_unbounded, _children(kind)))


def _repeats(kind: Any) -> bool:
    return bool(
        pa.types.is_run_end_encoded(kind)
        or pa.types.is_union(kind)
        or pa.types.is_interval(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def _children(kind: Any) -> list[Any]:
    if isinstance(kind, pa.BaseExtensionType):
        return [kind.storage_type]
    return [kind.field(i).type for i in range(kind.num_fields)] if pa.types.is_nested(kind) else []


def _spread_bytes(column: Any) -> int:
    """Bytes the column takes once each row has its own value."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _spread_bytes(column.storage)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return int(_view_lengths(column).sum())
    if not pa.types.is_dictionary(kind):
        return int(column.nbytes)
    return _spread_dictionary_bytes(column.dictionary, column.indices)


def _spread_dictionary_bytes(entries: Any, indices: Any) -> int:
    if _is_text(entries.type) or _is_bytes(entries.type):
        return int(pc.sum(_lengths(entries).take(indices)).as_py() or 0)
    if pa.types.is_primitive(entries.type):
        return 8 * len(indices)
    # Nested, or a dictionary again: as if each row had the whole.
    return _spread_bytes(entries) * len(indices)


def _lengths(entries: Any) -> Any:
    if pa.types.is_string_view(entries.type) or pa.types.is_binary_view(entries.type):
        return pa.array(_view_lengths(entries))
    return pc.binary_length(entries).fill_null(0).cast(pa.int64())


def _view_lengths(column: Any) -> Any:
    """A view is 16 bytes of which the first four are its length."""
    views = np.frombuffer(column.buffers()[1], np.int32).reshape(-1, 4)
    lengths = views[column.offset : column.offset + len(column), 0].astype(np.int64)
    return np.where(np.asarray(column.is_valid()), lengths, 0)
