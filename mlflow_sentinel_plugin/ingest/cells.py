"""Parsed JSON of different shapes as named columns of Python values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.rows import Limits, checked_rows, too_large


@dataclass(frozen=True)
class Cells:
    """Columns not yet made: a sparse table is much larger than the JSON that describes it."""

    names: list[Any]
    length: int
    bad: dict[int, str]
    """0-based index of a row that cannot be read -> reason; its values are null."""
    columns: Callable[[], Iterator[list[Any]]]
    """Gives ``length`` values for each name, in order."""
    named: bool = True
    """Whether the names were given, not counted off."""

    def renamed(self, names: list[Any]) -> Cells:
        return replace(self, names=names)

    def beside(self, other: Cells) -> Cells:
        """These columns and then the other's.

        Raises:
            InvalidInput: the two differ in length.
        """
        if self.length != other.length:
            raise InvalidInput(
                f"there are {other.length} predictions for {self.length} rows",
                hint="give one prediction per row, in the same order",
            )

        def columns() -> Iterator[list[Any]]:
            yield from self.columns()
            yield from other.columns()

        names = [*self.names, *other.names]
        return replace(self, names=names, bad={**other.bad, **self.bad}, columns=columns)


def from_records(value: Any, where: str, limits: Limits) -> Cells:
    """A list of objects, a row each; columns in order of first appearance. Anything else is a bad row."""
    items = _list(value, where, limits)
    bad = {i: "is not a JSON object" for i, item in enumerate(items) if not isinstance(item, dict)}
    rows: list[dict[str, Any]] = [item if isinstance(item, dict) else {} for item in items]
    names = _keys(rows, limits)
    return Cells(names, len(rows), bad, lambda: ([row.get(name) for row in rows] for name in names))


def from_split(value: Any, where: str, limits: Limits) -> Cells:
    """``{"columns": [...], "data": [[...], ...]}``. A row of another width is bad."""
    if not isinstance(value, dict) or not {"columns", "data"} <= value.keys():
        raise InvalidInput(f'{where!r} needs "columns" and "data"', code="unknown_shape")
    names = value["columns"]
    if not isinstance(names, list):
        raise InvalidInput(f"the columns of {where!r} are not a list", code="unknown_shape")
    return _from_lists_of_cells(_list(value["data"], where, limits), names)


def from_any(value: Any, where: str, limits: Limits) -> Cells:
    """An object of lists, a list of objects, a list of lists or a list of values; see :mod:`.json_rows`."""
    if isinstance(value, dict):
        return _from_columns(value, where, limits)
    items = _list(value, where, limits)
    first = next((item for item in items if item is not None), None)
    if isinstance(first, dict):
        return from_records(items, where, limits)
    if isinstance(first, list):
        return replace(_from_lists_of_cells(items, [*range(len(first))]), named=False)
    return Cells([0], len(items), {}, lambda: iter([items]), named=False)


def _from_columns(value: dict[str, Any], where: str, limits: Limits) -> Cells:
    """An object of equally long lists, or of single values: one row."""
    columns = list(value.values())
    if columns and not any(isinstance(column, list) for column in columns):
        columns = [[column] for column in columns]
    for name, column in zip(value, columns, strict=True):
        if not isinstance(column, list):
            raise InvalidInput(f"column {name!r} of {where!r} is not a list", code="unknown_shape")
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise InvalidInput(
            f"the columns of {where!r} differ in length",
            hint="give as many values in each column",
            details={"lengths": {name: len(c) for name, c in zip([*value][:20], columns, strict=False)}},
        )
    length = lengths.pop() if lengths else 0
    checked_rows(length, limits)
    return Cells(list(value), length, {}, lambda: iter(columns))


def _from_lists_of_cells(rows: list[Any], names: list[Any]) -> Cells:
    width = len(names)
    bad = {i: _misfit(row, width) for i, row in enumerate(rows) if not _fits(row, width)}
    nulls = [None] * width
    good = [nulls if i in bad else row for i, row in enumerate(rows)] if bad else rows

    def columns() -> Iterator[list[Any]]:
        return ([row[i] for row in good] for i in range(width))

    return Cells(names, len(rows), bad, columns)


def _fits(row: Any, width: int) -> bool:
    return isinstance(row, list) and len(row) == width


def _misfit(row: Any, width: int) -> str:
    return f"has {len(row)} values, not {width}" if isinstance(row, list) else "is not a list of values"


def _list(value: Any, where: str, limits: Limits) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"{where!r} does not hold a list of rows", code="unknown_shape")
    checked_rows(len(value), limits)
    return value


def _keys(rows: list[dict[str, Any]], limits: Limits) -> list[str]:
    seen: dict[str, None] = {}
    for row in rows:
        if not row.keys() <= seen.keys():
            seen.update(dict.fromkeys(row))
            if len(seen) > limits.columns:
                raise too_large(f"more than {limits.columns} columns", f"at most {limits.columns}")
    return list(seen)
