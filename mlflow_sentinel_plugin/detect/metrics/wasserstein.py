"""Wasserstein (earth mover's) distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import (
    Counts,
    MetricValue,
    as_counts,
    empty,
    not_a_number,
    versioned,
)
from mlflow_sentinel_plugin.profile.types import FloatArray


@versioned(1)
def wasserstein(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """``integral |F_reference(x) - F_window(x)| dx``: how far values have to move on average.

    Range 0 to infinity, in the feature's unit, so one threshold does not fit two features:
    ``wasserstein_scaled`` is in standard deviations. Exact where both samples are at hand (``compare``). From
    counts values are taken to lie evenly between neighbouring edges, and between the outermost edge and the
    window's smallest or largest value; ``bound`` says by how much that may be off. One far outlier is enough
    to make it large. Null with ``infinite`` if a side holds infinities.

    Source: Vallender, Theory Probab. Appl. 18 (1974), for the form on the line.

    >>> grid = np.array([0.0, 1.0, 3.0])       # cells: below 0, 0, (0, 1), 1, (1, 3), 3, above 3
    >>> side = lambda cells: Counts([sum(cells)], cells=np.array(cells), grid=grid)
    >>> wasserstein(side([0, 2, 0, 1, 0, 1, 0]), side([0, 1, 0, 1, 0, 2, 0]))  # a quarter goes from 0 to 3
    MetricValue(value=0.75, p_value=None, reason=None, bound=0.0)
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_a_number(kind) or empty(a, b) or _refused(a, b)
    if refused:
        return refused
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite result is refused by the caller
        if a.sample is not None and b.sample is not None:
            return MetricValue(_between_samples(a.sample, b.sample))
        return _between_counts(a, b)


def _refused(a: Counts, b: Counts) -> MetricValue | None:
    if a.infinite or b.infinite:
        return MetricValue(None, reason="infinite")
    return MetricValue(None, reason="not_counted") if a.grid is None or b.grid is None else None


def _between_samples(a: FloatArray, b: FloatArray) -> float:
    """Of two sorted samples."""
    both = np.sort(np.concatenate([a, b]))
    at = both[:-1]
    gap = np.searchsorted(a, at, "right") / a.size - np.searchsorted(b, at, "right") / b.size
    return float(np.abs(gap) @ np.diff(both))


def _between_counts(a: Counts, b: Counts) -> MetricValue:
    """On the grid: between two edges the gap of the distribution functions runs from one value to another."""
    grid = np.asarray(a.grid)
    gap = a.distribution - b.distribution
    width = np.diff(grid)
    inner = _area(gap[2:-2:2], gap[3:-1:2], width).sum()
    open_mass = (a.cells[2:-1:2] / a.total + b.cells[2:-1:2] / b.total) @ width
    outer = _beyond(a, grid) + _beyond(b, grid)
    return MetricValue(float(inner + outer), bound=float(open_mass / 2 + outer))


def _area(start: FloatArray, end: FloatArray, width: FloatArray) -> FloatArray:
    """``integral |line from start to end|`` over ``width``."""
    size = np.abs(start) + np.abs(end)
    crossing = (start**2 + end**2) / np.where(size > 0, size, 1.0)
    return np.asarray(width * np.where(start * end >= 0, size, crossing) / 2)


def _beyond(side: Counts, grid: FloatArray) -> float:
    """Half of (mass x width) of what lies outside the edges, taken to lie evenly there."""
    low = grid[0] if side.low is None else min(side.low, grid[0])
    high = grid[-1] if side.high is None else max(side.high, grid[-1])
    mass = np.array([side.cells[0], side.cells[-1]]) / side.total
    return float(mass @ np.array([grid[0] - low, high - grid[-1]]) / 2)
