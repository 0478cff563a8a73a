"""Counts in the cells of a grid: in full, or, while few cells hold something, as those that do."""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.types import IntArray


class Cells:
    """Counts in cells 0 .. size - 1, made from either form; the other one is worked out when it is asked for.

    A window of 2000 rows on a grid of 16,385 cells is counted and scored without filling them all.
    """

    __slots__ = ("_below", "_full", "_held", "size")

    def __init__(self, full: IntArray) -> None:
        self.size = full.size
        self._full: IntArray | None = full
        self._held: IntArray | None = None
        self._below: IntArray | None = None

    @classmethod
    def of_values(cls, ordered: IntArray, size: int) -> Cells:
        """From the cell of each value, ascending.

        >>> Cells.of_values(np.array([1, 1, 3]), 5).full
        array([0, 2, 0, 1, 0])
        """
        starts = np.empty(ordered.size + 1, np.bool_)
        starts[0] = starts[-1] = True
        np.not_equal(ordered[1:], ordered[:-1], out=starts[1:-1])
        below = np.flatnonzero(starts)
        return cls.of_held(ordered[below[:-1]], below, size)

    @classmethod
    def of_held(cls, held: IntArray, below: IntArray, size: int) -> Cells:
        """From the cells that hold something, ascending, and :attr:`below`.

        Raises:
            ValueError: a cell is none of 0 .. size - 1.
        """
        if held.size and held[-1] >= size:
            raise ValueError(f"cell {held[-1]} of {size}")
        cells = cls.__new__(cls)
        cells.size, cells._full, cells._held, cells._below = size, None, held, below
        return cells

    @property
    def sparse(self) -> bool:
        """Whether few cells hold something, and it is known which."""
        return self._held is not None and 2 * self._held.size < self.size

    @property
    def full(self) -> IntArray:
        """Counts of all cells."""
        if self._full is None:
            self._full = np.zeros(self.size, np.int64)
            self._full[self.held] = self.counts
        return self._full

    @property
    def held(self) -> IntArray:
        """The k cells that hold something, ascending."""
        if self._held is None:
            self._held = np.flatnonzero(self.full != 0)
        return self._held

    @property
    def below(self) -> IntArray:
        """What lies below each of :attr:`held`, and what there is in total: k + 1 counts."""
        if self._below is None:
            self._below = np.append(0, np.cumsum(self.full[self.held]))
        return self._below

    @property
    def counts(self) -> IntArray:
        """The counts of :attr:`held`."""
        return self.below[1:] - self.below[:-1]

    @property
    def total(self) -> int:
        """All counts together."""
        return int(self.full.sum()) if self._below is None else int(self._below[-1])

    @property
    def ends(self) -> tuple[int, int]:
        """The counts of the first cell and of the last."""
        if self._full is not None:
            return int(self._full[0]), int(self._full[-1])
        if not self.held.size:
            return 0, 0
        first = self.below[1] if self.held[0] == 0 else 0
        last = self.below[-1] - self.below[-2] if self.held[-1] == self.size - 1 else 0
        return int(first), int(last)

    def sums(self, bounds: IntArray) -> IntArray:
        """Counts summed over the groups of cells between ``bounds``, which ascend from 0 to size."""
        if self._full is not None:
            return np.asarray(np.add.reduceat(self._full, bounds[:-1]))
        cut = self.below[np.searchsorted(self.held, bounds)]
        return cut[1:] - cut[:-1]

    def __add__(self, other: Cells) -> Cells:
        return Cells(self.full + other.full)
