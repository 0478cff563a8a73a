"""Counts of several windows and features as stacked arrays, for tests that work on all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_sentinel_plugin.detect.evidence import FACTS, Evidence
from mlflow_sentinel_plugin.detect.scales import SCALES, pooled_windows
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

_CHUNK = 16_000
"""Counts per scale in one stack: its arrays then stay in the processor's cache."""
_PADDING = 1.5


@dataclass(frozen=True)
class Pooled:
    """Windows pooled at each scale.

    Attributes:
        at: Positions of the features.
        counts: Scales x features x width, zero beyond a feature's own width.
        facts: Scales x ``FACTS`` x features.
        values: Usable values of each window, newest first, x features.
        last: Scales x features: the oldest window pooled, counted back from the newest, which is 0.
    """

    at: IntArray
    counts: FloatArray
    facts: IntArray
    values: IntArray
    last: IntArray

    def fact(self, name: str) -> IntArray:
        """One of ``FACTS``, scales x features."""
        return np.asarray(self.facts[:, FACTS.index(name)])


def chunks(positions: IntArray, widths: IntArray) -> Iterator[IntArray]:
    """``positions`` in groups of about equal width that are not too large.

    >>> [c.tolist() for c in chunks(np.array([0, 1, 2]), np.array([3, 200, 4]))]
    [[0, 2], [1]]
    """
    ordered = positions[np.argsort(widths[positions], kind="stable")]
    start = 0
    for stop in range(1, ordered.size + 1):
        if stop < ordered.size:
            width = widths[ordered[stop]]
            narrow = width <= _PADDING * widths[ordered[start]] + 2
            if narrow and width * (stop + 1 - start) <= _CHUNK:
                continue
        yield ordered[start:stop]
        start = stop


def pool(windows: Sequence[Evidence], reach: IntArray, at: IntArray) -> Pooled:
    """The newest of ``windows`` (oldest first) alone and with those before it, at each scale.

    A window whose counts of a feature are at another precision than the newest one's adds nothing to it.

    Args:
        reach: Per feature, how many windows may be pooled, 1 or more.
        at: Positions of the features to pool.
    """
    newest = windows[-1]
    width = max((newest.vectors[i].size for i in at), default=0)
    stacked = np.zeros((len(windows), at.size, width))
    facts = np.zeros((len(windows), len(FACTS), at.size), np.int64)
    for back, window in enumerate(reversed(windows)):
        facts[back] = window.facts[:, at]
        for row, i in enumerate(at.tolist()):
            if window.precisions[i] == newest.precisions[i]:
                vector = window.vectors[i]
                stacked[back, row, : vector.size] = vector
            else:
                facts[back, :, row] = 0
    scales = 1 + int(np.searchsorted(SCALES, len(windows)))
    last = pooled_windows(np.minimum(reach[at], len(windows)))[:scales] - 1
    column = np.arange(at.size)
    for back in range(1, len(windows)):
        stacked[back] += stacked[back - 1]
    summed = np.cumsum(facts, axis=0)[last, :, column].transpose(0, 2, 1)
    return Pooled(at, stacked[last, column], summed, facts[:, FACTS.index("values")], last)
