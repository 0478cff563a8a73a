"""Tests of the values of several features at several scales, as the calibrated rule adds them up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


@dataclass(frozen=True)
class Tested:
    """p-values and where they come from.

    Attributes:
        at: Positions of the features.
        reasons: Per test, what it looks at: ``location``, ``spread``, ``shape``, ``levels``.
        p: Scales x features x tests.
        weights: The same shape or one that broadcasts to it; they add up to 1 over the tests.
        z: As ``p``; 0 for a test without a direction.
        effect: Scales x features: D or total variation, 0..1.
    """

    at: IntArray
    reasons: tuple[str, ...]
    p: FloatArray
    weights: FloatArray
    z: FloatArray
    effect: FloatArray

    @cached_property
    def evidence(self) -> FloatArray:
        """What each test adds to 1 / p of its question."""
        return np.asarray(self.weights / self.p)
