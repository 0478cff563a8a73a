"""One feature of a window beside its reference, both on the same bins, levels and precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from mlflow_sentinel_plugin.detect.metrics.base import Counts
from mlflow_sentinel_plugin.detect.metrics.ks_test import ks_distance
from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.types import FloatArray

OTHER, UNSEEN = "(other)", "(unseen)"

_REFERENCES: WeakKeyDictionary[Layout, Counts] = WeakKeyDictionary()
"""The reference's side is the same for every window."""


@dataclass(frozen=True)
class Samples:
    """The finite values of a numeric feature on either side, sorted, where the rows are at hand."""

    reference: FloatArray
    current: FloatArray


@dataclass(frozen=True)
class Pair:
    """What metrics and tests see.

    Attributes:
        feature, counts: The baseline's column, and the window's counts of it.
        reference, current: Both sides, see :class:`Counts`.
        edges: Bin edges; levels for categorical and boolean features.
        layout: What numeric features are compared on; ``None`` for levels.
        precision: The coarser precision both are compared at, if the window came in one.
    """

    feature: FeatureBaseline
    counts: FeatureCounts
    reference: Counts
    current: Counts
    edges: FloatArray | Sequence[str]
    layout: Layout | None = None
    precision: str | None = None

    @property
    def n_reference(self) -> int:
        """Reference rows with a value."""
        return self.reference.total

    @property
    def n_current(self) -> int:
        """Window rows with a value."""
        return self.current.total

    @cached_property
    def distance(self) -> float | None:
        """D (numeric) or total variation (levels), 0..1; ``None`` if a side is empty or it is a date."""
        if not self.n_reference or not self.n_current or self.feature.kind == "datetime":
            return None
        if self.layout is not None:
            return ks_distance(self.reference, self.current)
        return float(np.abs(self.reference.shares - self.current.shares).sum() / 2)

    @property
    def missing_share(self) -> float:
        return self.current.missing / self.current.rows if self.current.rows else 0.0

    @property
    def unusable(self) -> tuple[int, int]:
        """Rows without a usable value, malformed ones included: of the reference, of the window."""
        return self.reference.missing + self.feature.malformed, self.current.missing + self.counts.malformed

    @property
    def unusable_moved(self) -> float:
        """Change of the share of rows without a usable value, -1..1."""
        before, now = self.unusable
        return now / max(self.current.rows, 1) - before / max(self.reference.rows, 1)

    @property
    def unseen_share(self) -> float | None:
        """Unseen levels, or values beyond the reference's range, over present values."""
        if not self.n_current:
            return None
        if self.layout is None:
            return None if self.current.unseen is None else self.current.unseen / self.n_current
        sides = [side for side in (self.current.below, self.current.above) if side is not None]
        return sum(sides) / self.n_current if sides else None

    @property
    def effect(self) -> float:
        """0..1: the larger of :attr:`distance` and the change of the share without a usable value."""
        return max(self.distance or 0.0, abs(self.unusable_moved))


def pair(feature: FeatureBaseline, counts: FeatureCounts, rows: int, samples: Samples | None = None) -> Pair:
    """A feature's counts in a window of ``rows`` rows beside its reference."""
    if feature.has_levels:
        return _levels(feature, counts, rows)
    precision = feature.coarsest(counts.coarse)
    layout = feature.coarse_layout(precision) if precision else feature.layout
    reference, current = _reference(feature, layout), _window(feature, layout, counts, rows, precision)
    if samples is not None:
        reference, current = reference.with_sample(samples.reference), current.with_sample(samples.current)
    return Pair(feature, counts, reference, current, layout.bins, layout, precision)


def prepare(feature: FeatureBaseline) -> None:
    """Work out the reference's side before the first window comes."""
    if not feature.has_levels:
        _reference(feature, feature.layout)


def _reference(feature: FeatureBaseline, layout: Layout) -> Counts:
    if layout not in _REFERENCES:
        _REFERENCES[layout] = Counts(
            Cells(layout.reference).sums(layout.bin_bounds),
            cells=layout.reference,
            grid=layout.edges,
            rows=feature.rows,
            missing=feature.missing,
            infinite=int(layout.reference[[0, -1]].sum()) if layout.edges.size else 0,
            sd=feature.summary.get("sd"),
        ).warmed()
    return _REFERENCES[layout]


def _window(
    feature: FeatureBaseline, layout: Layout, counts: FeatureCounts, rows: int, precision: str | None
) -> Counts:
    cells = Cells(counts.coarse[precision]) if precision else counts.counted
    below, above = cells.ends
    return Counts(
        cells.sums(layout.bin_bounds),
        cells=cells,
        grid=layout.edges,
        rows=rows,
        missing=counts.missing + counts.absent,
        below=below if layout.bounded[0] else None,
        above=above if layout.bounded[1] and not feature.clock else None,
        infinite=counts.infinite,
        low=counts.low,
        high=counts.high,
    )


def _levels(feature: FeatureBaseline, counts: FeatureCounts, rows: int) -> Pair:
    names = dict(sorted(counts.names.items()))
    unnamed = counts.unseen - sum(names.values())
    added = [*names.values(), *([unnamed] if unnamed else [])]
    labels = [*feature.levels, *([OTHER] if feature.capped else []), *names, *([UNSEEN] if unnamed else [])]
    reference = Counts(
        np.append(feature.counts, np.zeros(len(added), np.int64)),
        rows=feature.rows,
        missing=feature.missing,
        unseen=0,
        singletons=feature.singletons,
        doubletons=feature.doubletons,
    )
    current = Counts(
        np.append(counts.cells, np.array(added, np.int64)),
        rows=rows,
        missing=counts.missing + counts.absent,
        unseen=None if feature.capped else counts.unseen,
    )
    return Pair(feature, counts, reference, current, labels)
