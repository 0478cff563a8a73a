"""Which listed file is which file that was read before. Decides only: no clock, nothing is opened.

A local file keeps its inode when it is renamed, yet an inode is given again once its file is gone: it only
says where to look first, and the content says whether it is so. Elsewhere a path does the same.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from mlflow_sentinel_plugin.ingest.logs.marks import Mark
from mlflow_sentinel_plugin.ingest.logs.place import Found
from mlflow_sentinel_plugin.ingest.logs.portion import Unit

_COMPRESSED = re.compile(r"\.(gz|zst|bz2|lz4)$")
_ROTATED = re.compile(r"([.-]\d[\d-]*)+$")


@dataclass
class FileState:
    """How far a file is read; see ``store.models.SourceFile``."""

    path: str
    size: int = 0
    mtime_ms: int | None = None
    inode: str | None = None
    unit: Unit = "bytes"
    position: int = 0
    mark: Mark = field(default_factory=Mark)
    rows: int = 0
    rejected: int = 0
    error: str | None = None
    read_at: int = 0
    gone_at: int | None = None
    settled: bool = False
    """Its last line was looked at since nobody writes to it; in memory only."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def is_as(self, found: Found) -> bool:
        """Whether nothing happened to the file since it was read."""
        return (self.size, self.mtime_ms, self.inode) == (found.size, found.mtime_ms, found.inode)


@dataclass(frozen=True)
class Pairing:
    """A listing beside what is known.

    Attributes:
        known: Files with the state that is probably theirs.
        new: Files that nothing is known of.
        missing: States whose file is not listed.
    """

    known: list[tuple[Found, FileState]]
    new: list[Found]
    missing: list[FileState]


def pair(listing: Iterable[Found], states: Collection[FileState]) -> Pairing:
    """Match by inode where there are inodes, else by path; a state goes to one file."""
    # Of two states with one inode (given again, or cut) the one that still had a file, then the newer, wins.
    order = sorted(states, key=lambda state: (state.gone_at is None, state.read_at))
    by_key = {state.inode or state.path: state for state in order}
    known, new, taken = [], [], set()
    for found in listing:
        state = by_key.get(found.inode or found.path)
        if state is None or state.id in taken:
            new.append(found)
            continue
        taken.add(state.id)
        known.append((found, state))
    return Pairing(known, new, [state for state in states if state.id not in taken])


def stem_of(path: str) -> str:
    """The path without what rotation and compression add.

    >>> stem_of("/l/app.log.2.gz"), stem_of("/l/app.log-20260101")
    ('/l/app.log', '/l/app.log')
    """
    return _ROTATED.sub("", _COMPRESSED.sub("", path))
