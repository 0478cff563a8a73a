"""A baseline as a window of another one: its counts on the other's grid, so that two versions compare."""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.counts import FeatureCounts, few_names, no_counts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.precision import alive, snap
from mlflow_sentinel_plugin.profile.profile import MAX_EXTRA, Profile
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


def as_window(other: Baseline, grid: Baseline) -> Profile:
    """The rows of ``other`` as counts on the grid of ``grid``.

    What lies between two edges of ``other`` is counted in the middle between them: a share off by at most
    the bound that ``other`` says of its own counts. A column of another kind counts as malformed throughout,
    so that it is found to have changed.
    """
    features = {
        name: _counts(feature, other.features.get(name), other.rows) for name, feature in grid.counted.items()
    }
    extra = sorted(set(other.features) - set(grid.features))[:MAX_EXTRA]
    return Profile(grid, other.rows, features, tuple(extra))


def _counts(feature: FeatureBaseline, other: FeatureBaseline | None, rows: int) -> FeatureCounts:
    if other is None or not other.counted:
        return no_counts(feature, rows)
    if other.kind != feature.kind:
        empty = no_counts(feature)
        return FeatureCounts(empty.counted, missing=other.missing, malformed=other.present + other.malformed)
    return _of_levels(feature, other) if feature.has_levels else _of_numbers(feature, other)


def _of_levels(feature: FeatureBaseline, other: FeatureBaseline) -> FeatureCounts:
    at = {level: position for position, level in enumerate(feature.levels)}
    cells = np.zeros(feature.counts.size, np.int64)
    unseen: dict[str, int] = {}
    for level, count in zip(other.levels, other.counts.tolist(), strict=False):
        if level in at:
            cells[at[level]] += count
        elif count:
            unseen[level] = count
    rest = other.present - int(cells.sum())
    if feature.capped:
        cells[-1] += rest
        rest, unseen = 0, {}
    return FeatureCounts(Cells(cells), other.missing, rest, other.malformed, names=few_names(unseen))


def _of_numbers(feature: FeatureBaseline, other: FeatureBaseline) -> FeatureCounts:
    held = np.flatnonzero(other.counts)
    values, weights = _places(other.edges)[held], other.counts[held]
    snapped, _ = snap(values, feature.precision, feature.snap_fully)
    finite = values[np.isfinite(values)]
    coarse = {
        name: _weighed(snapped, weights, feature.coarse_layout(name).edges)
        if name in feature.coarser
        else np.zeros(0, np.int64)
        for name in alive(finite, feature.coarser + feature.too_coarse)
    }
    return FeatureCounts(
        Cells(_weighed(snapped, weights, feature.edges)),
        missing=other.missing,
        malformed=other.malformed,
        infinite=int(weights[~np.isfinite(values)].sum()),
        low=float(finite[0]) if finite.size else None,
        high=float(finite[-1]) if finite.size else None,
        coarse=coarse if held.size else {},
    )


def _places(edges: FloatArray) -> FloatArray:
    """A value in each of the 2m + 1 cells; only infinities lie beyond the outer edges of a reference."""
    places = np.empty(2 * edges.size + 1)
    places[0], places[-1] = -np.inf, np.inf
    places[1::2] = edges
    places[2:-1:2] = edges[:-1] / 2 + edges[1:] / 2
    return places


def _weighed(values: FloatArray, weights: IntArray, edges: FloatArray) -> IntArray:
    """Sums of the weights in the cells of ``edges``."""
    at = np.searchsorted(edges, values)
    on = edges.take(at, mode="clip") == values if edges.size else np.zeros(values.size, np.bool_)
    return np.bincount(2 * at + on, weights, 2 * edges.size + 1).astype(np.int64)
