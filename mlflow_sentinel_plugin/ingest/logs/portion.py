"""What one step through a file gives, and what every reader of a format offers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mlflow_sentinel_plugin.ingest.logs.marks import Known, Mark
from mlflow_sentinel_plugin.ingest.rows import Limits

Unit = Literal["bytes", "rows"]

BLOCK_LIMITS = Limits(rows=1 << 20, columns=5_000, cells=20_000_000, bytes=256 << 20)
"""The most that one portion may decode to."""


@dataclass(frozen=True)
class Portion:
    """Rows that were read in one go.

    Attributes:
        tables: Plain columns; several where parts of it differ in their columns, none if no row can be read.
        end: Position behind it.
        mark: Of that position.
        rejected: Rows that cannot be read.
        samples: The first few of them: position and reason.
    """

    tables: tuple[Any, ...]
    end: int
    mark: Mark
    rejected: int = 0
    samples: tuple[tuple[int, str], ...] = ()


class Reader(Protocol):
    """Reads one open file. Errors of the format are :class:`InvalidInput`."""

    unit: Unit
    is_ready: bool
    """What must stand at the beginning, such as a CSV's header, is there."""
    untyped: bool
    """Every column is text, whatever it means."""

    def resume(self, position: int, mark: Mark) -> Known:
        """Go to a position, if the file is the one that the mark was made of; called at most once."""
        ...

    def portions(self, *, final: bool, wanted: Collection[str] | None) -> Iterator[Portion]:
        """What follows, in bounded memory.

        Args:
            final: Nothing is being added to the file: a last line without an end is complete.
            wanted: The only columns needed; ``None``: all.
        """
        ...
