"""Like with like: a window of a seasonal feature beside the reference's rows of the same hours.

For each score (location, spread, and one per cell: whether a value is in it) the window's mean is compared
with what the phases that it covers lead to expect. A window of n rows holds each phase by the time it covers
and by how many rows the reference has then: shares w. With means m and variances v of the phases, and N rows
of each,

    expected = sum w m        variance = tau^2 (sum w (v + m^2) - (sum w m)^2) / n + tau^2 sum w^2 v / N

Windows that are pooled add up, each with the phases of its own. tau^2 is the design effect of what remains of
the reference once each phase's mean is taken away. Kolmogorov-Smirnov has no such form and is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlflow_sentinel_plugin.detect.effects import season_effects
from mlflow_sentinel_plugin.detect.evidence import Evidence
from mlflow_sentinel_plugin.detect.phases import phase_shares
from mlflow_sentinel_plugin.detect.pooling import Pooled
from mlflow_sentinel_plugin.detect.tested import Tested
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.season import PHASES, SCORES, Season
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

_FIRST = 1
"""Test 0 of numeric features is Kolmogorov-Smirnov; then come location, spread and the cells."""
_MOST_UNKNOWN = 0.1
_LOCATION_EFFECT, _SPREAD_EFFECT = 0.4, 0.35
"""D of a normal feature whose location or spread score moves by 1, for small moves."""


@dataclass(frozen=True)
class _Expected:
    """Scales x features x scores; NaN where the phases are not known."""

    mean: FloatArray
    variance: FloatArray


def like_with_like(
    tested: Tested, pooled: Pooled, windows: Sequence[Evidence], features: Sequence[FeatureBaseline]
) -> tuple[Tested, BoolArray]:
    """The tests of seasonal features made anew where all pooled windows have known times, and where that is
    (scales x features).

    Args:
        windows: Oldest first; those without start and end have no phase.
        features: Those of ``tested``, in its order.
    """
    used = np.zeros(pooled.counts.shape[:2], np.bool_)
    at_grid = [windows[-1].precisions[i] is None for i in pooled.at.tolist()]
    p, z, effect = tested.p, tested.z, tested.effect
    for period in PHASES:
        some = [i for i, f in enumerate(features) if at_grid[i] and f.season and f.season.period == period]
        if not some:
            continue
        rows = np.array(some)
        again, known = _tested(pooled, windows, [features[i] for i in some], rows, period, tested.z.shape[2])
        p, z, effect = p.copy(), z.copy(), effect.copy()
        where = known[..., None]
        p[:, rows] = np.where(where, again.p, p[:, rows])
        z[:, rows] = np.where(where, again.z, z[:, rows])
        effect[:, rows] = np.where(known, again.effect, effect[:, rows])
        used[:, rows] = known
    return (replace(tested, p=p, z=z, effect=effect) if used.any() else tested), used


def _tested(
    pooled: Pooled,
    windows: Sequence[Evidence],
    features: Sequence[FeatureBaseline],
    rows: IntArray,
    period: str,
    tests: int,
) -> tuple[Tested, BoolArray]:
    seasons = [f.season for f in features if f.season is not None]
    most = tests - _FIRST
    known_means, known_variances, overall = _stacked(seasons, most)
    expected = _expected(pooled, windows, seasons, rows, period, known_means, known_variances, overall)
    counts = pooled.counts[:, rows]
    n = counts.sum(axis=-1)
    observed = _observed(counts, n, features, most)
    moved = observed - expected.mean
    known = np.isfinite(moved).all(axis=-1) & (expected.variance[..., 0] > 0)
    moved = np.where(known[..., None], moved, 0.0)
    sure = np.where(known[..., None] & (expected.variance > 0), expected.variance, np.inf)
    value = moved.copy()
    half = 0.5 / np.maximum(n, 1.0)[..., None]
    cells = value[..., SCORES:]
    cells[:] = np.copysign(np.maximum(np.abs(cells) - half, 0.0), cells)
    effects = season_effects(seasons, n.astype(np.int64))
    raw = value / np.sqrt(sure)
    skewness = _skewness(features, expected.mean, n, most)
    z = effects.z(raw)
    p = np.ones((*n.shape, tests))
    p[..., _FIRST:] = effects.p(z, np.where(known[..., None], skewness, 0.0))
    signed = np.concatenate([np.zeros((*n.shape, _FIRST)), z], axis=-1)
    size = np.maximum(
        np.maximum(_LOCATION_EFFECT * np.abs(moved[..., 0]), _SPREAD_EFFECT * np.abs(moved[..., 1])),
        np.abs(moved[..., SCORES:]).max(axis=-1, initial=0.0),
    )
    return Tested(rows, (), p, np.empty(0), signed, np.minimum(size, 1.0)), known


def _stacked(seasons: Sequence[Season], most: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means and variances, features x phases x scores, and the mean over all phases, features x scores."""
    phases = seasons[0].rows.size
    means, variances = np.zeros((2, len(seasons), phases, most))
    for i, season in enumerate(seasons):
        width = SCORES + season.cells.shape[1]
        shares = season.cells / np.maximum(season.rows, 1)[:, None]
        means[i, :, :width] = np.concatenate([season.means, shares], axis=1)
        variances[i, :, :width] = np.concatenate([season.variances, shares * (1 - shares)], axis=1)
    rows = np.stack([season.rows for season in seasons])
    overall = np.einsum("fp,fpt->ft", rows, means) / np.maximum(rows.sum(axis=1), 1)[:, None]
    return means, variances, overall


def _expected(
    pooled: Pooled,
    windows: Sequence[Evidence],
    seasons: Sequence[Season],
    rows: IntArray,
    period: str,
    means: FloatArray,
    variances: FloatArray,
    overall: FloatArray,
) -> _Expected:
    shares = _shares(windows, seasons, period)
    n = pooled.values[:, rows].astype(np.float64)
    shares[n == 0] = 0.0
    each = np.einsum("bfp,fpt->bft", shares, means)
    within = np.einsum("bfp,fpt->bft", shares, variances + means**2) - each**2
    # A cell that a phase never had may still come: its share is at least that of all phases for the variance.
    q = np.maximum(each[..., SCORES:], overall[:, SCORES:])
    within[..., SCORES:] = q * (1 - q)
    column = np.arange(rows.size)
    last = pooled.last[:, rows]

    def summed(values: FloatArray) -> FloatArray:
        return np.asarray(np.cumsum(values, axis=0)[last, column])

    total = np.maximum(summed(n), 1.0)
    mixed = summed(n[..., None] * shares) / total[..., None]
    reference = np.stack([season.rows for season in seasons])
    of_reference = np.where(reference > 0, 1 / np.maximum(reference, 1), 0.0)
    spread = summed(n[..., None] * within) / (total**2)[..., None]
    spread += np.einsum("sfp,fpt->sft", mixed**2 * of_reference, variances)
    return _Expected(summed(n[..., None] * each) / total[..., None], spread)


def _shares(windows: Sequence[Evidence], seasons: Sequence[Season], period: str) -> FloatArray:
    """The share of rows to expect in each phase, windows (newest first) x features x phases; NaN: unknown."""
    traffic = np.stack([season.rows / np.maximum(season.slots, 1) for season in seasons])
    time = np.stack(
        [
            np.full(PHASES[period], np.nan)
            if window.start is None or window.end is None
            else phase_shares(window.start, window.end, period)
            for window in reversed(windows)
        ]
    )
    unknown = np.einsum("bp,fp->bf", time, traffic == 0)
    shares = time[:, None, :] * traffic
    total = shares.sum(axis=2)
    known = (unknown <= _MOST_UNKNOWN) & (total > 0)
    shares /= np.where(known, total, np.nan)[..., None]
    return np.asarray(shares)


def _observed(
    counts: FloatArray, n: FloatArray, features: Sequence[FeatureBaseline], most: int
) -> FloatArray:
    """Mean scores of the pooled windows, scales x features x scores."""
    observed = np.zeros((*n.shape, most))
    for i, feature in enumerate(features):
        layout = feature.layout
        own = counts[:, i, : layout.segments.size - 1]
        observed[:, i, :SCORES] = own @ layout.scores.T
        below = np.concatenate([np.zeros((own.shape[0], 1)), np.cumsum(own, axis=1)], axis=1)
        first, last = layout.range_bounds.T
        observed[:, i, SCORES : SCORES + first.size] = below[:, last] - below[:, first]
    return np.asarray(observed / np.maximum(n, 1.0)[..., None])


def _skewness(
    features: Sequence[FeatureBaseline], expected: FloatArray, n: FloatArray, most: int
) -> FloatArray:
    """Skewness of the mean scores of n rows."""
    skewness = np.zeros((*n.shape, most))
    skewness[..., :SCORES] = np.stack([feature.layout.skewness for feature in features])
    q = np.clip(expected[..., SCORES:], 1e-3, 1 - 1e-3)
    skewness[..., SCORES:] = (1 - 2 * q) / np.sqrt(q * (1 - q))
    return np.asarray(skewness / np.sqrt(np.maximum(n, 1.0))[..., None])
