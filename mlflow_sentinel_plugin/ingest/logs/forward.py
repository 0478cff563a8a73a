"""The content of a file from front to back, inflated on the way, in bounded memory."""

from __future__ import annotations

from typing import Any, BinaryIO

import pyarrow as pa

PIECE = 1 << 16


class Forward:
    """Bytes of a file, by their position in the inflated content.

    Args:
        raw: The file, at its start; it can seek.
        compression: pyarrow's name of the codec, ``None`` for a plain file.
    """

    def __init__(self, raw: BinaryIO, compression: str | None) -> None:
        self._raw = raw
        self._stream: Any = None if compression is None else pa.CompressedInputStream(raw, compression)
        self._pending = b""
        self.position = 0
        self.is_plain = compression is None
        self.is_whole = False
        """Compressed data came to its end: nothing will be added to a last line."""

    def peek(self, count: int) -> bytes:
        """The next bytes, left where they are; fewer at the end."""
        while len(self._pending) < count:
            piece = self._next(max(PIECE, count - len(self._pending)))
            if not piece:
                break
            self._pending += piece
        return self._pending[:count]

    def read(self, count: int) -> bytes:
        """The next bytes; fewer at the end of what is there now."""
        found = self.peek(count)
        self._pending = self._pending[len(found) :]
        self.position += len(found)
        return found

    def skip_to(self, position: int) -> bool:
        """Go on at a position at or after this one; whether there are so many bytes."""
        if self.is_plain and position > self.position + len(self._pending):
            self._pending = b""
            self._raw.seek(position)
            self.position = position
            return True
        while self.position < position:
            if not self.read(min(PIECE, position - self.position)):
                return False
        return True

    def _next(self, count: int) -> bytes:
        if self._stream is None:
            return self._raw.read(count)
        if self.is_whole:
            return b""
        try:
            piece: bytes = self._stream.read(min(count, PIECE))
        except OSError as error:
            if "Truncated" not in str(error):
                raise
            return b""  # somebody is writing it
        self.is_whole = not piece
        return piece
