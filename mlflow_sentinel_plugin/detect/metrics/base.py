"""The contract of a metric.

A metric is a callable ``(reference, current, edges_or_levels, kind) -> MetricValue``, larger = further apart.

- ``reference`` and ``current`` are :class:`Counts`: arrays of equal length. Numeric features (also dates and
  lengths of texts): counts of the k + 1 bins between the k ``edges``, ``[a, b)``, the outer two open.
  Categorical and boolean features: counts of the ``levels``, the union of both sides.
- ``kind`` is the feature's kind.
- An attribute ``version`` (default 1) is stored with each result; raise it when the same counts give another
  value. See :func:`versioned`.

Plain integer arrays do for a metric that needs no more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.grid import largest_open_cell
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


@dataclass(frozen=True)
class MetricValue:
    """A metric's answer; ``value`` is ``None`` with a reason where it cannot be computed, never NaN.

    Attributes:
        bound: The value is off by at most this, as counts say less than the rows do (0: exact).
    """

    value: float | None
    p_value: float | None = None
    reason: str | None = None
    bound: float = 0.0


Metric: TypeAlias = Callable[[Any, Any, Any, str], MetricValue]
_M = TypeVar("_M", bound=Callable[..., MetricValue])


def versioned(version: int) -> Callable[[_M], _M]:
    """Mark a metric with the version of its definition."""

    def mark(metric: _M) -> _M:
        metric.version = version  # type: ignore[attr-defined]
        return metric

    return mark


def version_of(metric: Metric) -> int:
    """The version of a metric's definition."""
    return int(getattr(metric, "version", 1))


class Counts(np.ndarray[Any, np.dtype[np.int64]]):
    """Counts per bin or level, as an array, with what else is known of that side.

    Attributes:
        counted: Counts on the full grid (:mod:`mlflow_sentinel_plugin.profile.grid`); levels: as the array.
        total: All counts together.
        grid: Numeric: the m edges that the 2m + 1 cells are of.
        rows, missing: Rows; those without a value, or without the column.
        below, above: Numeric: values under the reference's smallest and over its largest.
            ``None`` where nothing can be said of that side.
        infinite: Numeric: infinite values among the cells.
        low, high: Numeric: the smallest and largest finite value.
        sd: Numeric, reference only: its standard deviation.
        sample: Numeric: the finite values themselves, sorted, where they are at hand.
        compared: A side and D between it and this one, as computed before.
        unseen: Values of levels the reference lacks; ``None`` where not all of its levels are kept.
        singletons, doubletons: Levels seen once, and twice, on this side (reference only).
    """

    counted: Cells
    total: int
    grid: FloatArray | None
    rows: int
    missing: int
    below: int | None
    above: int | None
    infinite: int
    low: float | None
    high: float | None
    sd: float | None
    sample: FloatArray | None
    compared: tuple[Counts, float] | None
    unseen: int | None
    singletons: int
    doubletons: int

    def __new__(
        cls,
        counts: ArrayLike,
        *,
        cells: Cells | ArrayLike | None = None,
        grid: FloatArray | None = None,
        rows: int | None = None,
        missing: int = 0,
        below: int | None = None,
        above: int | None = None,
        infinite: int = 0,
        low: float | None = None,
        high: float | None = None,
        sd: float | None = None,
        sample: FloatArray | None = None,
        unseen: int | None = None,
        singletons: int = 0,
        doubletons: int = 0,
    ) -> Counts:
        plain = np.asarray(counts, np.int64)
        array = plain.view(cls)
        given = plain if cells is None else cells
        array.counted = given if isinstance(given, Cells) else Cells(np.asarray(given, np.int64))
        array.total = array.counted.total
        array.rows = array.total + missing if rows is None else rows
        array.grid, array.sample, array.sd, array.compared = grid, sample, sd, None
        array.missing, array.unseen, array.infinite = missing, unseen, infinite
        array.below, array.above = below, above
        array.low, array.high = low, high
        array.singletons, array.doubletons = singletons, doubletons
        return array

    def with_sample(self, sample: FloatArray) -> Counts:
        """The same counts with the finite values themselves, sorted."""
        twin = np.asarray(self).view(Counts)
        vars(twin).update(vars(self), sample=sample, compared=None)
        return twin

    def warmed(self) -> Counts:
        """With what is worked out on first use."""
        _ = self.shares, self.distribution, self.largest_open_cell
        return self

    @property
    def cells(self) -> IntArray:
        """Counts on the full grid."""
        return self.counted.full

    @cached_property
    def shares(self) -> FloatArray:
        """Counts over their total; zeros where there are none."""
        return np.asarray(self) / max(self.total, 1)

    @cached_property
    def distribution(self) -> FloatArray:
        """The distribution function before the first cell (0), and at the end of each."""
        below = np.zeros(self.counted.size + 1, np.int64)
        np.cumsum(self.cells, out=below[1:])
        return below / max(self.total, 1)

    @cached_property
    def largest_open_cell(self) -> float:
        """Numeric: share of the fullest cell between two edges."""
        return largest_open_cell(self.cells)


def as_counts(counts: Any) -> Counts:
    """``counts`` if it is :class:`Counts`, else a plain array of counts as such."""
    return counts if isinstance(counts, Counts) else Counts(counts)


def empty(reference: Counts, current: Counts) -> MetricValue | None:
    """``empty`` if either side holds no value, else ``None``."""
    return None if reference.total and current.total else MetricValue(None, reason="empty")


def not_compared(kind: str) -> MetricValue | None:
    """``datetime`` for dates, which are watched for range and missing values only."""
    return MetricValue(None, reason="datetime") if kind == "datetime" else None


def not_a_number(kind: str) -> MetricValue | None:
    """``not_numeric`` for levels, which have no order; ``datetime`` for dates."""
    levels = kind in ("categorical", "boolean")
    return MetricValue(None, reason="not_numeric") if levels else not_compared(kind)
