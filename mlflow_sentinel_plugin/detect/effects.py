"""The design effects of several features at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from mlflow_sentinel_plugin.detect.design_effect import design_effect, season_effect
from mlflow_sentinel_plugin.detect.tails import SMALLEST_P, two_sided
from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.season import Season
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


@dataclass(frozen=True)
class Effects:
    """Factors (1 or more) and degrees of freedom (infinite: nothing was estimated), scales x features."""

    factor: FloatArray
    df: FloatArray

    def z(self, z: FloatArray) -> FloatArray:
        """Standardised statistics (scales x features x tests, or scales x features) under dependence."""
        return np.asarray(z / self._like(z, np.sqrt(self.factor)))

    def p(self, z: FloatArray, skewness: FloatArray) -> FloatArray:
        """Two-sided p of such statistics as they are under dependence, see :meth:`z`."""
        return self.student(two_sided(z, skewness * self._like(z, np.sqrt(self.factor))))

    def student(self, p: FloatArray) -> FloatArray:
        """p of the same z under Student's t where the scale was estimated."""
        df = np.broadcast_to(self._like(p, self.df), p.shape)
        at = np.isfinite(df) & (p < 1)
        if not at.any():
            return p
        z = ndtri(np.clip(p[at], SMALLEST_P, 1.0) / 2)
        adjusted = p.copy()
        adjusted[at] = np.clip(2 * stdtr(df[at], z), SMALLEST_P, 1.0)
        return np.asarray(adjusted)

    @staticmethod
    def _like(values: FloatArray, factor: FloatArray) -> FloatArray:
        """``factor`` with an axis for the tests where ``values`` have one."""
        return factor[..., None] if values.ndim > factor.ndim else factor


def effects_of(blocks: Sequence[Blocks | None], n: IntArray) -> Effects:
    """The design effects of ``n`` rows (scales x features)."""
    factor, df = np.ones(n.shape), np.full(n.shape, np.inf)
    for i, each in enumerate(blocks):
        if each is None or not each.dependent:
            continue
        for scale in range(n.shape[0]):
            found = design_effect(each, int(n[scale, i]))
            factor[scale, i] = found.factor
            df[scale, i] = np.inf if found.df is None else max(found.df, 1)
    return Effects(factor, df)


def season_effects(seasons: Sequence[Season], n: IntArray) -> Effects:
    """The design effects of ``n`` rows (scales x features) beside their phases' means."""
    factor, df = np.ones(n.shape), np.full(n.shape, np.inf)
    for i, season in enumerate(seasons):
        for scale in range(n.shape[0]):
            found = season_effect(season, int(n[scale, i]))
            factor[scale, i] = found.factor
            df[scale, i] = np.inf if found.df is None else max(found.df, 1)
    return Effects(factor, df)
