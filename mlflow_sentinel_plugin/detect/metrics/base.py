"""The contract of a metric.

A metric is a callable ``(reference, current, edges_or_levels, kind) -> MetricValue``, larger = further apart.

- ``reference`` and ``current`` are :class:`Counts`: arrays of equal length. Numeric features (also dates and
  lengths of texts): counts of the k + 1 bins between the k ``edges``, ``[a, b)``, the outer two open.
  Categorical and boolean features: counts of the ``levels``, the union of both sides.
- ``kind`` is the feature's kind.

Plain integer arrays do for a metric that needs no more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


@dataclass(frozen=True)
class MetricValue:
    """A metric's answer; ``value`` is ``None`` with a reason where it cannot be computed, never NaN."""

    value: float | None
    p_value: float | None = None
    reason: str | None = None


Metric: TypeAlias = Callable[[Any, Any, Any, str], MetricValue]


class Counts(np.ndarray[Any, np.dtype[np.int64]]):
    """Counts per bin or level, as an array, with what else is known of that side.

    Attributes:
        cells: Counts on the full grid (see :mod:`mlflow_sentinel_plugin.profile.grid`); levels: as the array.
        rows, missing: Rows; those without a value, or without the column.
        below, above: Numeric: values under the reference's smallest and over its largest.
            ``None`` where nothing can be said of that side.
        unseen: Values of levels the reference lacks; ``None`` where not all of its levels are kept.
        singletons, doubletons: Levels seen once, and twice, on this side (reference only).
    """

    cells: IntArray
    rows: int
    missing: int
    below: int | None
    above: int | None
    unseen: int | None
    singletons: int
    doubletons: int

    def __new__(
        cls,
        counts: ArrayLike,
        *,
        cells: IntArray | None = None,
        rows: int | None = None,
        missing: int = 0,
        below: int | None = None,
        above: int | None = None,
        unseen: int | None = None,
        singletons: int = 0,
        doubletons: int = 0,
    ) -> Counts:
        array = np.asarray(counts, np.int64).view(cls)
        array.cells = np.asarray(counts, np.int64) if cells is None else cells
        array.rows = int(array.sum()) + missing if rows is None else rows
        array.missing, array.unseen = missing, unseen
        array.below, array.above = below, above
        array.singletons, array.doubletons = singletons, doubletons
        return array


def shares(counts: Any) -> FloatArray:
    """Counts over their sum; zeros where there are none."""
    plain = np.asarray(counts, np.float64)
    total = plain.sum()
    return plain / total if total else plain


def empty(reference: Any, current: Any) -> MetricValue | None:
    """``empty`` if either side holds no value, else ``None``."""
    nothing = np.asarray(reference).sum() == 0 or np.asarray(current).sum() == 0
    return MetricValue(None, reason="empty") if nothing else None


def not_compared(kind: str) -> MetricValue | None:
    """``datetime`` for dates, which are watched for range and missing values only."""
    return MetricValue(None, reason="datetime") if kind == "datetime" else None
