"""Which hours of a season's period a window covers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mlflow_sentinel_plugin.profile.season import PHASES, phase_of
from mlflow_sentinel_plugin.profile.types import FloatArray

_HOUR_MS = 3_600_000
_LONGEST = 24 * 366
"""Hours of a window; a longer one holds every phase alike."""


@lru_cache(maxsize=1024)
def phase_shares(start_ms: int, end_ms: int, period: str) -> FloatArray:
    """The share of the time from ``start_ms`` to ``end_ms`` in each phase.

    >>> phase_shares(1_800_000, 7_200_000, "hour of day")[:3].round(2).tolist()
    [0.33, 0.67, 0.0]
    """
    first, last = start_ms // _HOUR_MS, max(end_ms - 1, start_ms) // _HOUR_MS
    hours = np.arange(first, min(last, first + _LONGEST) + 1)
    begins = hours * _HOUR_MS
    covered = np.minimum(begins + _HOUR_MS, max(end_ms, start_ms + 1)) - np.maximum(begins, start_ms)
    shares = np.bincount(phase_of(hours, period), covered, PHASES[period])
    return np.asarray(shares / shares.sum())
