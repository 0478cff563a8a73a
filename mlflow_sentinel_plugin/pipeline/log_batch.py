"""Rows of log files on their way into the inbox, with the positions that they move to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlflow_sentinel_plugin.config.sources import SourceSettings
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.logs.columns import shaped
from mlflow_sentinel_plugin.ingest.logs.follow import FileState
from mlflow_sentinel_plugin.ingest.logs.portion import Portion
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.pipeline.accept import Acceptor
from mlflow_sentinel_plugin.store.models import Monitor

BATCH_ROWS = 65_536
BATCH_BLOCKS = 64


@dataclass(frozen=True)
class Block:
    """Rows as the inbox keeps them."""

    data: bytes
    rows: int
    rejected: int


@dataclass
class Batch:
    """What one transaction stores.

    Attributes:
        rejected: Rows that cannot be read, those in ``blocks`` not counted.
        states: Files that it moves, by the id of their state.
        samples: Of bad rows: ``file``, ``position``, ``reason``.
    """

    blocks: list[Block] = field(default_factory=list)
    rejected: int = 0
    states: dict[str, FileState] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(block.rows for block in self.blocks)

    @property
    def all_rejected(self) -> int:
        return self.rejected + sum(block.rejected for block in self.blocks)

    @property
    def is_full(self) -> bool:
        return (
            self.rows + self.all_rejected >= BATCH_ROWS
            or max(len(self.blocks), len(self.states)) >= BATCH_BLOCKS
        )

    def save(self, state: FileState) -> None:
        """Write a file's state down with this batch."""
        self.states[state.id] = state


@dataclass(frozen=True)
class Encoder:
    """Makes blocks of what was read from the files of one source."""

    acceptor: Acceptor
    monitor: Monitor
    settings: SourceSettings
    clock_column: str | None

    def add(self, batch: Batch, state: FileState, portion: Portion, *, untyped: bool) -> None:
        """Put the rows of a portion into a batch and move its file on.

        Raises:
            InvalidInput: no column is one that the baseline watches; nothing is changed.
        """
        blocks, refused, samples = [], portion.rejected, list(portion.samples)
        for table in portion.tables:
            try:
                block, timeless = self._block(table, untyped)
            except InvalidInput as error:
                if error.code != "no_valid_rows":
                    raise
                refused += table.num_rows
                samples.append((state.position, error.message))
                continue
            blocks.append(block)
            samples += [(state.position, f"row {row} from here: {reason}") for row, reason in timeless]
        batch.blocks += blocks
        batch.rejected += refused
        batch.samples += [
            {"file": state.path, "position": position, "reason": reason} for position, reason in samples
        ]
        state.position, state.mark = portion.end, portion.mark
        state.rows += sum(block.rows for block in blocks)
        state.rejected += refused + sum(block.rejected for block in blocks)
        batch.save(state)

    def _block(self, table: Any, untyped: bool) -> tuple[Block, list[tuple[int, str]]]:
        rows = Rows(shaped(table, self.settings, self.clock_column), untyped=untyped)
        data, answer = self.acceptor.encode(self.monitor, rows, self.clock_column)
        return Block(data, answer.rows, answer.rejected), list(answer.samples)
