"""Arrow IPC, as a stream or a file. Everything in it is untrusted: offsets, lengths, compressed sizes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.flatbuffer import Table
from mlflow_sentinel_plugin.ingest.plain import plain_table
from mlflow_sentinel_plugin.ingest.rows import Limits, Rejects, Rows, checked_bytes, checked_rows, finished

FILE_MAGIC = b"ARROW1"
_TAIL = struct.Struct("<i6s")
"""The end of a file: length of the footer before it, magic."""

# Fields of the flatbuffers tables, and the layout of their structs.
_FOOTER_DICTIONARIES, _FOOTER_BATCHES, _BLOCK = 2, 3, "<qi4xq"
_MESSAGE_HEADER = 2
_DICTIONARY_DATA = 1
_BATCH_LENGTH, _BATCH_BUFFERS, _BATCH_COMPRESSION, _BUFFER = 0, 2, 3, "<qq"


def read_arrow(body: bytes, limits: Limits) -> Rows:
    """Rows of an Arrow stream or file.

    Raises:
        InvalidInput: not Arrow, damaged, bad column names, a type that is not supported, no rows.
        TooLarge: more rows, columns or decoded bytes than allowed.
    """
    try:
        table = _decoded(pa.py_buffer(body), body.startswith(FILE_MAGIC), limits)
    except (pa.ArrowException, OSError, EOFError, IndexError, struct.error, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInput(f"the Arrow data cannot be read: {reason}", code="malformed_arrow") from None
    return finished(table, Rejects())


def _decoded(buffer: Any, is_file: bool, limits: Limits) -> pa.Table:
    _check_sizes(_file_messages(buffer) if is_file else pa.ipc.MessageReader.open_stream(buffer), limits)
    with (pa.ipc.open_file if is_file else pa.ipc.open_stream)(buffer) as reader:
        batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader
        return plain_table(map(_valid, batches), reader.schema.names, limits)


def _valid(batch: pa.RecordBatch) -> pa.RecordBatch:
    batch.validate(full=True)
    return batch


def _file_messages(buffer: Any) -> Iterator[Any]:
    end = len(buffer) - _TAIL.size
    length, magic = _TAIL.unpack_from(buffer, max(end, 0))
    if magic != FILE_MAGIC or not 0 < length <= end:
        raise pa.ArrowInvalid("the file is cut off")
    footer = Table.root(buffer.slice(end - length, length))
    for field in (_FOOTER_DICTIONARIES, _FOOTER_BATCHES):
        for offset, metadata_length, body_length in footer.structs(field, _BLOCK):
            yield pa.ipc.read_message(buffer.slice(offset, max(metadata_length + body_length, 0)))


def _check_sizes(messages: Iterator[Any], limits: Limits) -> None:
    """Add up rows and inflated bytes as the messages declare them, before anything is inflated."""
    rows = size = 0
    for message in messages:
        if message.type not in ("record batch", "dictionary"):
            continue
        batch = Table.root(message.metadata).table(_MESSAGE_HEADER)
        if message.type == "dictionary":
            batch = batch.table(_DICTIONARY_DATA)
        length = max(batch.int64(_BATCH_LENGTH), 0)
        checked_rows(rows + length, limits)
        rows += length if message.type == "record batch" else 0
        size += _inflated_bytes(batch, message.body)
        checked_bytes(size, limits)


def _inflated_bytes(batch: Table, body: Any) -> int:
    compressed = batch.has(_BATCH_COMPRESSION)
    return sum(
        _declared_bytes(body, offset, length) if compressed else length
        for offset, length in batch.structs(_BATCH_BUFFERS, _BUFFER)
        if length > 0
    )


def _declared_bytes(body: Any, offset: int, length: int) -> int:
    """A compressed buffer starts with its inflated size, or -1 if it is stored as it is."""
    (declared,) = struct.unpack_from("<q", body, offset)
    return int(declared) if declared >= 0 else length
