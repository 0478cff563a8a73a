"""Tests beside those of the values: missing ones, and ones that the reference never had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_sentinel_plugin.detect.effects import Effects
from mlflow_sentinel_plugin.detect.linear import count_statistics
from mlflow_sentinel_plugin.detect.metrics.unseen_rate import beyond_range_p, unseen_levels_p
from mlflow_sentinel_plugin.detect.tails import SMALLEST_P
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

MISSING_FLOOR = 0.02
UNSEEN_FLOOR = 0.005


@dataclass(frozen=True)
class Side:
    """One p and z per scale and feature, and the window's share that they speak of."""

    p: FloatArray
    z: FloatArray
    share: FloatArray


def missing_test(
    unusable: IntArray, rows: IntArray, features: Sequence[FeatureBaseline], effects: Effects
) -> Side:
    """The count of rows without a usable value; p is 1 unless their share moved by .02.

    Args:
        unusable, rows: Scales x features.
    """
    before = np.array([f.missing + f.malformed for f in features])
    reference = np.array([f.rows for f in features])
    share = unusable / np.maximum(rows, 1)
    z, skewness = count_statistics(unusable, unusable + before, rows, rows + reference)
    z = effects.z(z)
    moved = (np.abs(share - before / np.maximum(reference, 1)) >= MISSING_FLOOR) & (rows > 0)
    return Side(np.where(moved, effects.p(z, skewness), 1.0), z, share)


def unseen_test(
    outside: IntArray, n: IntArray, features: Sequence[FeatureBaseline], effects: Effects
) -> Side:
    """Values of unseen levels, or beyond the reference's range; p is 1 unless they are .005 of all.

    Args:
        outside: 2 x scales x features: values below and above the range; those of unseen levels, and 0.
        n: Usable values, scales x features.
    """
    reference = np.array([f.present for f in features])
    share = outside.sum(axis=0) / np.maximum(n, 1)
    most = outside.max(axis=0)
    z = effects.z(count_statistics(most, most, n, n + reference)[0])
    p = np.ones(n.shape)
    for scale, i in zip(*np.nonzero(share >= UNSEEN_FLOOR), strict=True):
        if reference[i]:
            found = _unseen_p(features[i], int(most[scale, i]), int(n[scale, i]))
            p[scale, i] = max(found, SMALLEST_P) ** (1 / effects.factor[scale, i])
    return Side(p, z, share)


def _unseen_p(feature: FeatureBaseline, outside: int, n: int) -> float:
    if feature.has_levels:
        return unseen_levels_p(outside, n, feature.present, feature.singletons, feature.doubletons)
    return beyond_range_p(outside, n, feature.present)
