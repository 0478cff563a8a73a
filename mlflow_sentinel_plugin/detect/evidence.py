"""What a window leaves behind for the windows after it: its counts, as coarse as the tests need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlflow_sentinel_plugin.detect.schema import schema_state
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.types import IntArray

FACTS = ("rows", "values", "unusable", "malformed", "unseen")


@dataclass(frozen=True, eq=False)
class Evidence:
    """One window's counts of every counted feature of the baseline, in its order; it adds up with others.

    Attributes:
        start, end: The window's bounds in ms, where known.
        vectors: Per feature, counts per segment of its layout, or per level.
        precisions: Per feature, the coarser precision its counts are at, if any.
        facts: ``FACTS`` x features: rows; usable values; rows without one, and those of them with a
            malformed value; values of unseen levels. All 0 for a column that was gone or of another kind.
    """

    start: int | None
    end: int | None
    vectors: tuple[IntArray, ...]
    precisions: tuple[str | None, ...]
    facts: IntArray

    @property
    def nbytes(self) -> int:
        """Memory held, about."""
        return self.facts.nbytes + sum(vector.nbytes for vector in self.vectors)


def evidence_of(profile: Profile, start: int | None = None, end: int | None = None) -> Evidence:
    """The evidence of a window's profile, full or reduced."""
    found = [_of_feature(f, profile.features[n], profile.rows) for n, f in profile.baseline.counted.items()]
    facts = np.array([facts for _, _, facts in found], np.int64).reshape(-1, len(FACTS))
    return Evidence(start, end, tuple(v for v, _, _ in found), tuple(p for _, p, _ in found), facts.T)


def layouts_of(baseline: Baseline, precisions: tuple[str | None, ...]) -> Iterator[Layout | None]:
    """The layout each feature's vector is on; ``None`` for levels."""
    for feature, precision in zip(baseline.counted.values(), precisions, strict=True):
        if feature.has_levels:
            yield None
        else:
            yield feature.coarse_layout(precision) if precision else feature.layout


def _of_feature(
    feature: FeatureBaseline, counts: FeatureCounts, rows: int
) -> tuple[IntArray, str | None, tuple[int, ...]]:
    precision = None if feature.has_levels else feature.coarsest(counts.coarse)
    layout = feature.coarse_layout(precision) if precision else feature.layout
    if schema_state(feature, counts, rows) is not None:
        size = feature.counts.size if feature.has_levels else layout.segments.size - 1
        return np.zeros(size, np.int32), precision, (0,) * len(FACTS)
    if feature.has_levels:
        vector = counts.cells
    else:
        vector = (Cells(counts.coarse[precision]) if precision else counts.counted).sums(layout.segments)
    unusable = counts.missing + counts.absent + counts.malformed
    facts = rows, int(vector.sum()) + counts.unseen, unusable, counts.malformed, counts.unseen
    return vector.astype(np.int32), precision, facts
