"""Where the files of a source are: what every kind of place offers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Found:
    """A file as a listing shows it.

    Attributes:
        path: For people, and to open it by.
        size: Bytes.
        mtime_ms: Last change, ms since the epoch; ``None`` where the place does not know.
        inode: ``device:inode`` of a local file, which stays when it is renamed.
    """

    path: str
    size: int
    mtime_ms: int | None = None
    inode: str | None = None


class Place(Protocol):
    """Files that can be listed and opened. Every method raises :class:`Unavailable` if it cannot."""

    def files(self) -> list[Found]:
        """All files of the source now, the longest unchanged first."""
        ...

    def beside(self, path: str) -> list[Found]:
        """Files in the folder of ``path``, where rotation may have put it, in the pattern or not."""
        ...

    def open(self, found: Found) -> AbstractContextManager[BinaryIO]:
        """The file for reading.

        Raises:
            Conflict: another file is there by now; list again.
        """
        ...


def in_order(found: list[Found]) -> list[Found]:
    """The longest unchanged first, so that rows come about as they were written."""
    return sorted(found, key=lambda file: (file.mtime_ms or 0, file.path))
