"""What a numeric feature is compared on: its edges with the reference's counts, and coarser views of them.

A view is given as cell numbers of the grid, so counts on the grid are all that is needed to compute it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

GROUPS = 256
QUANTILE_CELLS = 16
TAILS = (0.002, 0.01, 0.03)


@dataclass(frozen=True, eq=False)
class Layout:
    """Edges (m), the reference's counts in the 2m + 1 cells, and the bin edges (a subset of the edges)."""

    edges: FloatArray
    reference: IntArray
    bins: FloatArray

    @cached_property
    def cumulative(self) -> IntArray:
        """The reference's counts below the end of each cell, with a leading 0."""
        return np.concatenate([[0], np.cumsum(self.reference)])

    @cached_property
    def bin_bounds(self) -> IntArray:
        """First cell of each bin ``[a, b)``, and the number of cells; the first bin starts at cell 0."""
        at = np.searchsorted(self.edges, self.bins)
        return np.concatenate([[0], 2 * at + 1, [self.reference.size]]).astype(np.int64)

    @cached_property
    def bounded(self) -> tuple[bool, bool]:
        """Whether something can lie below the reference's values, and above: not beyond its infinities."""
        known = self.edges.size > 0
        return known and not self.reference[0], known and not self.reference[-1]

    @cached_property
    def segments(self) -> IntArray:
        """First cell of each segment, and the number of cells: the coarse view that whole tests are made on.

        256 groups of equal reference mass (values with over 2/256 of it alone), cut again where
        :attr:`ranges` and bins begin and end, and beside the outermost cells.
        """
        size = self.reference.size
        groups = partition(self.reference, GROUPS, 2 / GROUPS)
        cuts = np.concatenate([groups, self.ranges.reshape(-1), self.bin_bounds, [1, size - 1, size]])
        return np.unique(cuts.clip(0, size))

    @cached_property
    def range_bounds(self) -> IntArray:
        """:attr:`ranges` as ``[start, stop)`` segments."""
        return np.searchsorted(self.segments, self.ranges)

    @cached_property
    def segment_reference(self) -> IntArray:
        """The reference's counts per segment."""
        return self.cumulative[self.segments[1:]] - self.cumulative[self.segments[:-1]]

    @cached_property
    def scores(self) -> FloatArray:
        """Location and spread score of each segment (2 x segments).

        The normal score of its middle rank in the reference, and its square; each has mean 0 and variance 1
        over the reference, or is 0 throughout.
        """
        counts, total = self.segment_reference, max(int(self.cumulative[-1]), 1)
        middle = np.cumsum(counts) - counts / 2
        normal = ndtri(np.clip(middle, 0.5, max(total - 0.5, 0.5)) / total)
        both = np.stack([normal, normal**2])
        both -= (both @ counts / total)[:, None]
        sd = np.sqrt(both**2 @ counts / total)[:, None]
        return np.asarray(np.where(sd > 0, both / np.where(sd > 0, sd, 1.0), 0.0))

    @cached_property
    def skewness(self) -> FloatArray:
        """Of the two scores, over the reference."""
        return np.asarray(self.scores**3 @ self.segment_reference / max(int(self.cumulative[-1]), 1))

    def segments_of(self, values: FloatArray) -> IntArray:
        """The segment of each value; none may be NaN."""
        at = np.searchsorted(self.edges, values)
        on_edge = self.edges[np.minimum(at, self.edges.size - 1)] == values
        cells = 2 * at + (on_edge & (at < self.edges.size))
        return np.asarray(np.searchsorted(self.segments, cells, "right") - 1)

    @cached_property
    def ranges(self) -> IntArray:
        """``[start, stop)`` cells (rows of 2) of 16 quantile groups and nested tails of .2, 1 and 3 %."""
        starts = partition(self.reference, QUANTILE_CELLS, 1 / QUANTILE_CELLS)
        stops = np.append(starts[1:], self.reference.size)
        both = np.concatenate([np.stack([starts, stops], axis=1), self._tails()])
        distinct = np.unique(both, axis=0)
        held = self.cumulative[distinct[:, 1]] - self.cumulative[distinct[:, 0]]
        return np.asarray(distinct[(held > 0) & (held < self.cumulative[-1])])

    def _tails(self) -> IntArray:
        total, size = self.cumulative[-1], self.reference.size
        lower = [[0, np.searchsorted(self.cumulative, t * total, "left")] for t in TAILS]
        upper = [[np.searchsorted(self.cumulative, (1 - t) * total, "right") - 1, size] for t in TAILS]
        return np.array([*lower, *upper], np.int64).clip(0, size)


def partition(counts: IntArray, parts: int, heavy: float) -> IntArray:
    """First cells of contiguous groups of about 1/``parts`` of the mass; cells over ``heavy`` stand alone.

    >>> partition(np.array([1, 1, 1, 1, 4, 0, 1, 1]), 5, 0.3)
    array([0, 2, 4, 5])
    """
    total = counts.sum()
    if total == 0:
        return np.zeros(1, np.int64)
    middle = (np.cumsum(counts) - counts / 2) / total
    group = np.floor(middle * parts)
    alone = counts > heavy * total
    starts = np.concatenate([[True], (group[1:] != group[:-1]) | alone[1:] | alone[:-1]])
    return np.flatnonzero(starts)


def group_sums(counts: IntArray, starts: IntArray) -> IntArray:
    """Counts summed over the groups that begin at ``starts``."""
    return np.add.reduceat(counts, starts)
