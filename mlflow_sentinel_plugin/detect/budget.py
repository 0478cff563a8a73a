"""One error budget for all features of a window."""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray


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
