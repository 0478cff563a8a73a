"""Tests of the levels of categorical features: chi-squared of homogeneity, and each level as a count."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from mlflow_sentinel_plugin.detect.effects import Effects
from mlflow_sentinel_plugin.detect.linear import count_statistics
from mlflow_sentinel_plugin.detect.pooling import Pooled
from mlflow_sentinel_plugin.detect.tails import SMALLEST_P
from mlflow_sentinel_plugin.detect.tested import Tested
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

_LEAST_EXPECTED = 5
_FEWEST_CELLS = 3


def level_tests(pooled: Pooled, reference: FloatArray, sizes: IntArray, effects: Effects) -> Tested:
    """Test 0: chi-squared; from 1 on: one level each.

    Args:
        reference: Counts to compare with, scales (or 1) x features x levels.
        sizes: Levels of each feature.
    """
    window, unseen = pooled.counts, pooled.fact("unseen")
    n = window.sum(axis=-1) + unseen
    before = reference.sum(axis=-1)
    total = n + before
    shares = reference / np.maximum(before, 1.0)[..., None]
    gaps = np.abs(window / np.maximum(n, 1.0)[..., None] - shares)
    effect = (gaps.sum(axis=-1) + unseen / np.maximum(n, 1)) / 2
    statistic, df = _chi_squared(reference, window, n, before)
    z, skewness = count_statistics(window, window + reference, n[..., None], total[..., None])
    z = effects.z(z)
    tested = df >= _FEWEST_CELLS - 1
    chi2_p = np.where(tested, chdtrc(np.maximum(df, 1), statistic / effects.factor), 1.0)
    p = np.concatenate(
        [effects.student(np.clip(chi2_p, SMALLEST_P, 1.0))[..., None], effects.p(z, skewness)], axis=-1
    )
    half = np.where(tested, 0.5, 0.0)[..., None]
    known = np.arange(window.shape[-1]) < sizes[:, None]
    each = (1 - half) * (shares + known / np.maximum(sizes, 1)[:, None]) / 2
    weights = np.concatenate([half, each], axis=-1)
    reasons = ("levels",) * p.shape[-1]
    return Tested(pooled.at, reasons, p, weights, np.concatenate([np.zeros_like(half), z], axis=-1), effect)


def _chi_squared(
    reference: FloatArray, window: FloatArray, n: FloatArray, before: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Statistic and df over levels expected at least 5 times in the window, the rest pooled.

    A rest expected under 5 times joins the rarest level kept. Unseen levels belong to the rest.
    """
    total = np.maximum(n + before, 1.0)
    share = (n / total)[..., None]
    held = n[..., None] * reference >= np.maximum(_LEAST_EXPECTED * before, 1.0)[..., None]
    a, b = np.where(held, reference, 0.0), np.where(held, window, 0.0)
    rest_a, rest_b = before - a.sum(axis=-1), n - b.sum(axis=-1)
    cells = held.sum(axis=-1)
    joins = (cells > 0) & ((n / total) * (rest_a + rest_b) < _LEAST_EXPECTED)
    rarest = np.argmin(np.where(held, reference, np.inf), axis=-1)[..., None]
    for side, rest in ((a, rest_a), (b, rest_b)):
        joined = np.take_along_axis(side, rarest, -1) + np.where(joins, rest, 0.0)[..., None]
        np.put_along_axis(side, rarest, joined, -1)
    both = a + b
    expected = share * both
    rest = np.where(joins, 0.0, rest_a + rest_b)
    rest_expected = (n / total) * rest
    apart = _squared_gap(rest_b, rest_expected, rest_expected > 0)
    statistic = (_squared_gap(b, expected, held).sum(axis=-1) + apart) * total / np.maximum(before, 1.0)
    return statistic, cells + (rest > 0) - 1.0


def _squared_gap(found: FloatArray, expected: FloatArray, where: BoolArray) -> FloatArray:
    return np.where(where, (found - expected) ** 2 / np.where(where, expected, 1.0), 0.0)
