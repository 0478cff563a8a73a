"""What a window holds of one feature: counts that add up exactly, in any order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.types import IntArray

MAX_NAMES = 64


@dataclass(frozen=True)
class FeatureCounts:
    """Counts of one feature.

    Attributes:
        counted: Per cell of the grid, or per level (last: the others, where the levels are capped).
        missing: Null, NaN or empty.
        unseen: Values whose level the reference does not have.
        malformed: Values that are not of the feature's kind.
        absent: Rows of batches that lacked the column.
        infinite: Values among the counted ones that are infinite.
        finer: Values that had more digits than the reference and were rounded.
        low, high: The smallest and the largest finite value (numeric, datetime, text).
        coarse: Counts at each coarser precision that all values so far are at (none at too coarse ones).
        names: Some unseen levels with their counts: those with the smallest hashes, so they add exactly.
    """

    counted: Cells
    missing: int = 0
    unseen: int = 0
    malformed: int = 0
    absent: int = 0
    infinite: int = 0
    finer: int = 0
    low: float | None = None
    high: float | None = None
    coarse: Mapping[str, IntArray] = field(default_factory=dict)
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> IntArray:
        """The counts of all cells or levels."""
        return self.counted.full

    @property
    def present(self) -> int:
        """Usable values, unseen levels included."""
        return self.counted.total + self.unseen

    def __add__(self, other: FeatureCounts) -> FeatureCounts:
        return FeatureCounts(
            self.counted + other.counted,
            self.missing + other.missing,
            self.unseen + other.unseen,
            self.malformed + other.malformed,
            self.absent + other.absent,
            self.infinite + other.infinite,
            self.finer + other.finer,
            min((v for v in (self.low, other.low) if v is not None), default=None),
            max((v for v in (self.high, other.high) if v is not None), default=None),
            _add_coarse(self, other),
            few_names({n: self.names.get(n, 0) + other.names.get(n, 0) for n in {*self.names, *other.names}}),
        )


def no_counts(feature: FeatureBaseline, absent: int = 0) -> FeatureCounts:
    """Counts of no value; ``absent`` rows came without the column."""
    return FeatureCounts(Cells.of_values(np.zeros(0, np.int64), feature.counts.size), absent=absent)


def few_names(names: Mapping[str, int]) -> dict[str, int]:
    """The at most 64 names with the smallest hashes, in that order."""
    ranked = sorted(names, key=lambda name: (zlib.crc32(name.encode()), name))
    return {name: names[name] for name in ranked[:MAX_NAMES]}


def _add_coarse(one: FeatureCounts, two: FeatureCounts) -> Mapping[str, IntArray]:
    if not one.counted.total:
        return two.coarse
    if not two.counted.total:
        return one.coarse
    return {name: cells + two.coarse[name] for name, cells in one.coarse.items() if name in two.coarse}
