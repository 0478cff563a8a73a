"""One error budget: p-values of many questions into one per feature, and of many features into one window."""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.detect.tails import SMALLEST_P
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray


def harmonic_mean_p(p_values: FloatArray, weights: FloatArray) -> float:
    """``1 / sum(w / p)`` with weights that add up to 1.

    At the small levels used here it holds its level under any dependence to within a few percent.
    Source: Wilson, The harmonic mean p-value, PNAS 116 (2019).

    >>> round(harmonic_mean_p(np.array([0.01, 1.0]), np.array([0.5, 0.5])), 4)
    0.0198
    """
    return float(1 / (weights / np.maximum(p_values, SMALLEST_P)).sum())


def rejected(p_values: FloatArray, alpha: float) -> BoolArray:
    """Benjamini-Hochberg: which hypotheses go at false discovery rate ``alpha``.

    If nothing has changed, the chance that any goes is at most ``alpha``.
    Source: Benjamini, Hochberg, J. R. Statist. Soc. B 57 (1995).

    >>> rejected(np.array([0.001, 0.9, 0.004]), 0.006).tolist()
    [True, False, True]
    """
    if p_values.size == 0:
        return np.zeros(0, np.bool_)
    ranked = np.sort(p_values)
    below = np.flatnonzero(ranked <= alpha * np.arange(1, ranked.size + 1) / ranked.size)
    if below.size == 0:
        return np.zeros(p_values.size, np.bool_)
    return np.asarray(p_values <= ranked[below[-1]])
