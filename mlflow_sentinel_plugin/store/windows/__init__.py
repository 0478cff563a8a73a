"""Windows: counts added by the folder, verdicts added by the scorer, series read by pages."""

from __future__ import annotations

from mlflow_sentinel_plugin.store.windows.counting import (
    Addition,
    add_rows,
    close,
    find,
    last,
    open_windows,
)
from mlflow_sentinel_plugin.store.windows.forgetting import drop_profiles, reduce_profile, reducible
from mlflow_sentinel_plugin.store.windows.heatmap import Heatmap, heatmap
from mlflow_sentinel_plugin.store.windows.reading import (
    before,
    by_ids,
    counts_of,
    get,
    list_page,
    newest_judged,
    newest_open,
    newest_profiled,
    newest_scored,
)
from mlflow_sentinel_plugin.store.windows.series import SeriesRow, recent, series, thinned
from mlflow_sentinel_plugin.store.windows.verdicts import (
    MAX_HISTORY,
    FeatureScore,
    Verdict,
    due,
    feature_key,
    is_newest,
    record_verdict,
)

__all__ = [
    "MAX_HISTORY",
    "Addition",
    "FeatureScore",
    "Heatmap",
    "SeriesRow",
    "Verdict",
    "add_rows",
    "before",
    "by_ids",
    "close",
    "counts_of",
    "drop_profiles",
    "due",
    "feature_key",
    "find",
    "get",
    "heatmap",
    "is_newest",
    "last",
    "list_page",
    "newest_judged",
    "newest_open",
    "newest_profiled",
    "newest_scored",
    "open_windows",
    "recent",
    "record_verdict",
    "reduce_profile",
    "reducible",
    "series",
    "thinned",
]
