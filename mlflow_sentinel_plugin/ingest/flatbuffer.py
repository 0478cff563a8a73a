"""Just enough of flatbuffers to read sizes from the metadata of an Arrow message or file.

Offsets come from an untrusted body: any of them out of range raises ``struct.error``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any


class Table:
    """A flatbuffers table in ``data`` at byte ``at``; fields are numbered in the order of the schema."""

    def __init__(self, data: Any, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - self._read("<i", at)

    @classmethod
    def root(cls, data: Any) -> Table:
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def has(self, field: int) -> bool:
        return self._offset(field) != 0

    def int64(self, field: int) -> int:
        """A number; 0 if it is not there."""
        return self._read("<q", self._at + self._offset(field)) if self.has(field) else 0

    def table(self, field: int) -> Table:
        return Table(self._data, self._target(field))

    def structs(self, field: int, layout: str) -> Iterator[tuple[int, ...]]:
        """The entries of a vector, each of ``layout`` (as in :mod:`struct`); none if it is not there."""
        if self.has(field):
            at = self._target(field)
            size = struct.calcsize(layout)
            for index in range(self._read("<I", at)):
                yield struct.unpack_from(layout, self._data, at + 4 + index * size)

    def _offset(self, field: int) -> int:
        slot = 4 + 2 * field
        return self._read("<H", self._vtable + slot) if slot < self._read("<H", self._vtable) else 0

    def _target(self, field: int) -> int:
        at = self._at + self._offset(field)
        return at + self._read("<I", at)

    def _read(self, layout: str, at: int) -> int:
        if at < 0:  # Python would count from the end
            raise struct.error(f"offset {at} lies before the data")
        return int(struct.unpack_from(layout, self._data, at)[0])
