"""Coarser counts of a window that is long over: what verdicts are made of stays exact, the rest goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.profile import Profile


def reduced(profile: Profile) -> Profile:
    """The profile with what each of a feature's segments holds in the segment's last cell.

    Exact as before: the counts of bins and of segments, hence PSI, Jensen-Shannon divergence and the verdicts
    of the rule ``calibrated``; missing, unseen and malformed values; extremes. D on the full grid may be off
    by the reference's share of a segment, about 1/256. Names of unseen levels go.
    """
    features = {
        name: _reduced(profile.baseline.counted[name], counts) for name, counts in profile.features.items()
    }
    return replace(profile, features=features, reduced=True)


def _reduced(feature: FeatureBaseline, counts: FeatureCounts) -> FeatureCounts:
    if feature.has_levels:
        return replace(counts, names={})
    coarse = {
        name: _at_ends(Cells(cells), feature.coarse_layout(name)).full if cells.size else cells
        for name, cells in counts.coarse.items()
    }
    return replace(counts, counted=_at_ends(counts.counted, feature.layout), coarse=coarse, names={})


def _at_ends(cells: Cells, layout: Layout) -> Cells:
    """Counts moved to the last cell of each segment."""
    sums = cells.sums(layout.segments)
    filled = np.flatnonzero(sums)
    below = np.append(0, np.cumsum(sums[filled]))
    return Cells.of_held(layout.segments[1:][filled] - 1, below, cells.size)
