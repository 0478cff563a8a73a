"""Whether a window's columns are still those of the baseline."""

from __future__ import annotations

from mlflow_sentinel_plugin.entities import FeatureState
from mlflow_sentinel_plugin.profile.counts import FeatureCounts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.kinds import OPTIONAL_ROLES

_MOST = 0.5


def schema_state(
    feature: FeatureBaseline, counts: FeatureCounts, rows: int
) -> tuple[FeatureState, str] | None:
    """State and reason of a column that is gone or of another kind; ``None`` if it is as it was.

    Gone: over half of the rows came without it. Another kind: over half of its values are malformed.
    A target may be absent; it is then ``ignored``.
    """
    if rows and counts.absent > _MOST * rows:
        if feature.role in OPTIONAL_ROLES:
            return "ignored", f"no {feature.role} in this window"
        return "column_gone", f"absent from {counts.absent} of {rows} rows"
    if counts.malformed and not _was_malformed(feature):
        values = counts.present + counts.malformed
        if counts.malformed > _MOST * values:
            return "kind_changed", f"{counts.malformed} of {values} values are not {feature.kind}"
    return None


def _was_malformed(feature: FeatureBaseline) -> bool:
    """The reference itself held mostly malformed values, so nothing changed."""
    return feature.malformed > _MOST * (feature.rows - feature.missing)
