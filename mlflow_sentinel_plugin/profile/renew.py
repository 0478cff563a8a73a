"""A baseline from windows' counts: what was live becomes the reference, on the grid it was counted on.

Counts of cells and levels, missing and malformed values are exact. What counts do not hold is lost: where
inside a cell a value lay (``bound`` says how much D may be off for it), how the rows followed one another
(no design effect is measured), and the names of new levels beyond those that a profile keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.learn import level_summary, number_summary
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

COARSE = 0.1
"""A feature with so large a share of its values in one cell is worth telling of."""
_POINTS = 8192


def renewed(profile: Profile, source: Mapping[str, Any]) -> Baseline:
    """The baseline whose reference are the rows of ``profile``.

    Raises:
        InvalidInput: it has no rows.
    """
    if profile.rows == 0:
        raise InvalidInput("these windows hold no rows", code="no_rows")
    features = {
        name: _feature(feature, profile.features[name], profile.rows)
        if name in profile.features
        else replace(feature, rows=profile.rows, missing=0, malformed=0)
        for name, feature in profile.baseline.features.items()
    }
    return Baseline(profile.rows, features, dict(source))


def coarse_features(baseline: Baseline) -> list[str]:
    """Features whose distances may be off by more than :data:`COARSE`: train data would see more."""
    return [name for name, feature in baseline.counted.items() if feature.bound > COARSE]


def _feature(feature: FeatureBaseline, counts: FeatureCounts, rows: int) -> FeatureBaseline:
    known = replace(
        feature,
        rows=rows,
        missing=counts.missing + counts.absent,
        malformed=counts.malformed,
        blocks=None,
        missing_blocks=None,
        season=None,
    )
    if feature.kind == "categorical":
        return _levels(known, counts)
    if feature.kind == "boolean":
        return replace(
            known,
            counts=counts.cells,
            distinct=int((counts.cells > 0).sum()),
            summary=level_summary(feature.levels, counts.cells),
        )
    return _numbers(known, counts)


def _levels(feature: FeatureBaseline, counts: FeatureCounts) -> FeatureBaseline:
    """The levels seen, most frequent first; new ones without a name are others."""
    named = dict(zip(feature.levels, counts.cells.tolist(), strict=False))
    others = int(counts.cells[-1]) if feature.capped else 0
    others += counts.unseen - sum(counts.names.values())
    named = {level: count for level, count in {**named, **counts.names}.items() if count}
    levels = tuple(sorted(named, key=lambda level: (-named[level], level)))
    found = np.array([*(named[level] for level in levels), *([others] if others else [])], np.int64)
    seen = list(named.values())
    return replace(
        feature,
        levels=levels,
        capped=others > 0,
        counts=found,
        distinct=len(levels),
        singletons=seen.count(1),
        doubletons=seen.count(2),
        summary=level_summary(levels, found),
    )


def _numbers(feature: FeatureBaseline, counts: FeatureCounts) -> FeatureBaseline:
    cells = counts.cells
    total = int(cells.sum())
    bound = float(cells[::2].max() / total) if total else 0.0
    summary = number_summary(feature.kind, _points(feature, counts, cells), bound) if total else {}
    return replace(feature, counts=cells, distinct=int((cells > 0).sum()), bound=bound, summary=summary)


def _points(feature: FeatureBaseline, counts: FeatureCounts, cells: IntArray) -> FloatArray:
    """About the sorted values: those on edges exactly, others in the middle of their cell."""
    edges = feature.edges
    low = edges[0] if counts.low is None else min(counts.low, edges[0])
    high = edges[-1] if counts.high is None else max(counts.high, edges[-1])
    at = np.empty(cells.size)
    at[1::2] = edges
    at[2:-1:2] = edges[:-1] / 2 + edges[1:] / 2
    at[0], at[-1] = low / 2 + edges[0] / 2, high / 2 + edges[-1] / 2
    held = np.flatnonzero(cells)
    ranks = np.linspace(0, int(cells.sum()) - 1, min(_POINTS, int(cells.sum()))).astype(np.int64)
    points = at[held][np.searchsorted(np.cumsum(cells[held]), ranks, side="right")]
    points[0] = points[0] if counts.low is None else counts.low
    points[-1] = points[-1] if counts.high is None else counts.high
    return points
