"""Tests of the values of numeric features: Kolmogorov-Smirnov, location, spread, and cells for the shape.

All work on the segments of :class:`mlflow_sentinel_plugin.profile.layout.Layout`, on several features and
scales at once. D on them is at most the largest segment's mass (about 1/256) under that of the full grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import kolmogorov

from mlflow_sentinel_plugin.detect.effects import Effects
from mlflow_sentinel_plugin.detect.linear import count_statistics, normal_scores, rank_statistics
from mlflow_sentinel_plugin.detect.pooling import Pooled
from mlflow_sentinel_plugin.detect.tails import SMALLEST_P
from mlflow_sentinel_plugin.detect.tested import Tested
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

_PART = 0.25


def numeric_tests(
    pooled: Pooled, reference: FloatArray, layouts: Sequence[Layout], effects: Effects
) -> Tested:
    """Tests 0: Kolmogorov-Smirnov; 1: location; 2: spread; from 3 on: one cell each.

    Args:
        reference: Counts to compare with, scales (or 1) x features x segments.
        layouts: Per feature.
    """
    window = pooled.counts
    n, before = window.sum(axis=-1), reference.sum(axis=-1)
    total = n + before
    both = window + reference
    below, below_before = _below(window), _below(reference)
    gaps = below / np.maximum(n, 1.0)[..., None] - below_before / np.maximum(before, 1.0)[..., None]
    distance = np.abs(gaps, out=gaps).max(axis=-1)
    located, spread = rank_statistics(normal_scores(both, total), window, both, n, total)
    starts, stops, weights = _ranges(layouts)
    inside = _between(below, starts, stops)
    cells = count_statistics(
        inside, inside + _between(below_before, starts, stops), n[..., None], total[..., None]
    )
    z, skewness = (
        np.concatenate([one[..., None], two[..., None], three], axis=-1)
        for one, two, three in zip(located, spread, cells, strict=True)
    )
    z = effects.z(z)
    p = np.concatenate(
        [_kolmogorov_p(distance, n, before, effects)[..., None], effects.p(z, skewness)], axis=-1
    )
    signed = np.concatenate([np.zeros((*n.shape, 1)), z], axis=-1)
    reasons = ("shape", "location", "spread", *["shape"] * starts.shape[1])
    return Tested(pooled.at, reasons, p, weights, signed, distance)


def _below(counts: FloatArray) -> FloatArray:
    """Counts below the start of each segment, and in total."""
    below = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.cumsum(counts, axis=-1, out=below[..., 1:])
    return below


def _ranges(layouts: Sequence[Layout]) -> tuple[IntArray, IntArray, FloatArray]:
    """First and last bounds of each feature's cells (features x cells, padded), and all tests' weights."""
    most = max((layout.range_bounds.shape[0] for layout in layouts), default=0)
    bounds = np.zeros((2, len(layouts), most), np.int64)
    weights = np.zeros((len(layouts), 3 + most))
    weights[:, :3] = _PART
    for i, layout in enumerate(layouts):
        cells = layout.range_bounds.shape[0]
        bounds[:, i, :cells] = layout.range_bounds.T
        weights[i, 3 : 3 + cells] = _PART / max(cells, 1)
    return bounds[0], bounds[1], weights


def _between(below: FloatArray, starts: IntArray, stops: IntArray) -> FloatArray:
    row = np.arange(starts.shape[0])[:, None]
    return np.asarray(below[:, row, stops] - below[:, row, starts])


def _kolmogorov_p(distance: FloatArray, n: FloatArray, before: FloatArray, effects: Effects) -> FloatArray:
    """The limit law with Stephens' correction for small samples: within 20 % of the exact p at 50 values."""
    en = np.sqrt(n * before / np.maximum(n + before, 1.0))
    argument = (en + 0.12 + 0.11 / np.maximum(en, 0.1)) * distance
    return effects.student(np.maximum(kolmogorov(effects.z(argument)), SMALLEST_P))
