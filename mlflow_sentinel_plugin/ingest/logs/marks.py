"""Digests of what stands before a position, by which a file is known again under another name or inode."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Literal

HEAD = 1_024
"""Bytes of the beginning (in a CSV, beyond its header) that a mark digests."""
TAIL = 1_024

Known = Literal["same", "shorter", "other"]
"""How a file's content relates to a mark: it goes on behind it, was cut before it, or is another."""


@dataclass(frozen=True)
class Mark:
    """What stood in the file before ``position``: digests of its first ``head`` and last ``tail`` bytes.

    For files that are read as a whole (Parquet, Arrow) ``head_digest`` is that of the file, and the others
    are empty.
    """

    head: int = 0
    head_digest: str = ""
    tail: int = 0
    tail_digest: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def digest(data: bytes) -> str:
    """128 bits in hex: nobody gains by two files that look alike, and chance does not make any."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def mark_of(head: bytes, tail: bytes) -> Mark:
    """The mark after these first and last bytes."""
    return Mark(len(head), digest(head), len(tail), digest(tail))
