"""What every format is read into: a table, and a count of the rows that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge

SAMPLES = 5
MAX_NAME = 500


@dataclass(frozen=True)
class Limits:
    """The most that one body may hold once decoded."""

    rows: int
    columns: int
    cells: int
    """Rows times columns, in JSON and CSV: there a few bytes can ask for many empty ones."""
    bytes: int
    """Of the decoded table, and of an inflated body. JSON, whose values become Python objects: a quarter."""

    @property
    def json_bytes(self) -> int:
        return self.bytes // 4

    @property
    def json_containers(self) -> int:
        """Lists and objects of a JSON body: an empty one takes 3 bytes there, but 70 in memory."""
        return 4 * self.rows


REQUEST_LIMITS = Limits(rows=1_000_000, columns=5_000, cells=20_000_000, bytes=256 << 20)
ARTIFACT_LIMITS = Limits(rows=20_000_000, columns=5_000, cells=100_000_000, bytes=2 << 30)


@dataclass(frozen=True)
class Rows:
    """The rows of one body.

    ``table`` has text column names and plain columns (numbers, booleans, dates, ``large_string``); at least
    one row. ``samples`` are the first rejected rows: position and reason. Positions start at 1: the line in
    NDJSON, else the row of data, a CSV's header not counted.
    """

    table: pa.Table
    rejected: int = 0
    samples: list[tuple[int, str]] = field(default_factory=list)
    untyped: bool = False
    """The format has no types (CSV): every column is text, whatever it means."""

    @property
    def columns(self) -> list[str]:
        names: list[str] = self.table.column_names
        return names


class Rejects:
    """Counts the rows that cannot be read and keeps the first few, whatever order they are found in."""

    def __init__(self) -> None:
        self.count = 0
        self.samples: list[tuple[int, str]] = []

    def add(self, row: int, reason: str) -> None:
        self.count += 1
        if len(self.samples) < SAMPLES or row < self.samples[-1][0]:
            self.samples = sorted([*self.samples, (row, reason)])[:SAMPLES]


def finished(table: pa.Table, rejects: Rejects) -> Rows:
    """The rows read, unless there are none.

    Raises:
        InvalidInput: no column, no row, or every row was rejected.
    """
    if rejects.count and not table.num_rows:
        row, reason = rejects.samples[0]
        raise InvalidInput(
            f"none of the {rejects.count} rows can be read; row {row}: {reason}",
            code="no_valid_rows",
            details={"rejected": rejects.count, "samples": [list(sample) for sample in rejects.samples]},
        )
    if not table.num_rows:
        raise InvalidInput(
            "the body holds no rows", hint="send at least one row of at least one column", code="no_rows"
        )
    return Rows(table, rejects.count, rejects.samples)


def without_rows(table: pa.Table, indices: Iterable[int]) -> pa.Table:
    """The table without the rows of these 0-based indices."""
    dropped = list(indices)
    if not dropped:
        return table
    keep = np.ones(table.num_rows, dtype=bool)
    keep[dropped] = False
    return table.filter(pa.array(keep))


def checked_names(names: Sequence[Any], limits: Limits) -> list[str]:
    """Column names as text; numbers are written out.

    Raises:
        InvalidInput: one is empty, too long, of another type, not storable, or there twice.
        TooLarge: more columns than allowed.
    """
    if len(names) > limits.columns:
        raise too_large(f"{len(names)} columns", f"at most {limits.columns}")
    texts = [_name(name, position) for position, name in enumerate(names, 1)]
    if len(set(texts)) < len(texts):
        twice = next(text for position, text in enumerate(texts) if text in texts[:position])
        raise InvalidInput(
            f"two columns are named {twice!r}",
            hint="give each column its own name",
            code="duplicate_columns",
        )
    return texts


def checked_rows(rows: int, limits: Limits) -> None:
    """Raises :class:`TooLarge` for more rows than allowed."""
    if rows > limits.rows:
        raise too_large(f"{rows} rows", f"at most {limits.rows}")


def checked_bytes(size: int, limits: Limits) -> None:
    """Raises :class:`TooLarge` for more decoded bytes than allowed."""
    if size > limits.bytes:
        raise too_large(f"{size} bytes once decoded", f"at most {limits.bytes}")


def too_large(found: str, allowed: str) -> TooLarge:
    return TooLarge(f"the body holds {found}", hint=f"send {allowed} at a time")


def _name(name: Any, position: int) -> str:
    if isinstance(name, bool) or not isinstance(name, (str, int, float)):
        raise _bad_name(position, f"is {type(name).__name__}, not text")
    text = str(name)
    if not text.strip():
        raise _bad_name(position, "has no name", "name each column; write a CSV without its index")
    if len(text) > MAX_NAME:
        raise _bad_name(position, f"has a name of {len(text)} characters", f"at most {MAX_NAME}")
    if "\x00" in text or not is_unicode(text):
        raise _bad_name(position, "has a name that is not valid Unicode text")
    return text


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded: Python's strings can hold lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_name(position: int, what: str, hint: str = "column names are non-empty text") -> InvalidInput:
    return InvalidInput(f"column {position} {what}", hint=hint, code="invalid_column_name")
