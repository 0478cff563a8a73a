"""The grid of a numeric feature: sorted edges from the reference only, and counting on it.

With m edges there are 2m + 1 cells, in order: below the first edge, on it, between it and the second, ...,
above the last. Cell 2i + 1 is edge i itself (its *atom*), so ties are kept apart from what lies between.
"""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


def make_edges(ordered: FloatArray, distinct: FloatArray, grid_size: int) -> FloatArray:
    """Edges for the finite reference values, without the bin edges.

    Args:
        ordered: The finite reference values, sorted.
        distinct: The different ones among them, sorted.

    At most ``grid_size`` distinct values: each is an edge. More: as many order statistics at even ranks, the
    smallest and largest value among them; a value of at least 1 / ``grid_size`` of the rows is always hit.
    """
    if distinct.size <= grid_size:
        return distinct
    return np.unique(evenly(ordered, grid_size))


def evenly(ordered: FloatArray, count: int) -> FloatArray:
    """At most ``count`` of the sorted values, at even ranks, the first and the last among them."""
    if ordered.size <= count:
        return ordered
    return ordered[np.round(np.linspace(0, ordered.size - 1, count)).astype(np.int64)]


def bin_edges(finite: FloatArray, bins: int = 10) -> FloatArray:
    """Inner bin edges of ``psi`` and ``js_divergence``: the reference's quantiles 1/bins .. (bins-1)/bins.

    ``numpy.quantile``, linear interpolation, duplicates collapsed; bins are ``[a, b)``, the outer two open.
    A constant reference gets the bins below, at and above its value.

    >>> bin_edges(np.arange(11.0), 4)
    array([2.5, 5. , 7.5])
    >>> bin_edges(np.full(5, 3.0)).tolist() == [3.0, np.nextafter(3.0, 4.0)]
    True
    """
    if finite.size == 0:
        return np.empty(0)
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.unique(np.quantile(finite, np.arange(1, bins) / bins))
    edges = edges[np.isfinite(edges)] + 0.0
    if finite.min() == finite.max():
        return np.array([edges[0], np.nextafter(edges[0], np.inf)])
    return edges


def count_sorted(ordered: FloatArray, edges: FloatArray) -> Cells:
    """Counts of sorted values (no NaN; infinities are in the outer cells) in the 2m + 1 cells of ``edges``.

    Whichever are fewer, values or edges, are looked up in the other.

    >>> count_sorted(np.array([0.0, 1.0, 1.0, 1.5, 9.0]), np.array([1.0, 2.0])).full
    array([1, 2, 1, 0, 1])
    """
    if ordered.size < edges.size:
        at = np.searchsorted(edges, ordered)
        on = edges.take(at, mode="clip") == ordered
        return Cells.of_values(2 * at + on, 2 * edges.size + 1)
    bounds = np.empty(2 * edges.size + 2, np.int64)
    bounds[0], bounds[-1] = 0, ordered.size
    starts = np.searchsorted(ordered, edges)
    bounds[1:-1:2] = bounds[2:-1:2] = starts
    on = np.flatnonzero(ordered.take(starts, mode="clip") == edges)
    bounds[2 * on + 2] = np.searchsorted(ordered, edges[on], "right")
    return Cells(bounds[1:] - bounds[:-1])


def largest_open_cell(cells: IntArray) -> float:
    """Share of the reference in its fullest cell between two edges: D from counts is off by at most this."""
    total = int(cells.sum())
    return float(cells[2:-1:2].max() / total) if cells.size > 3 and total else 0.0
