"""The rows themselves, for what counts give only up to a bound."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.detect.pair import Samples
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.count import to_numbers
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.profile import one_array
from mlflow_sentinel_plugin.profile.types import FloatArray


def samples_of(
    baseline: Baseline, reference: Iterable[pa.Table], current: Iterable[pa.Table]
) -> dict[str, Samples]:
    """The finite values of each numeric feature (texts: their lengths), sorted, of both sides."""
    before, now = list(reference), list(current)
    return {
        name: Samples(_sorted(feature, before), _sorted(feature, now))
        for name, feature in baseline.counted.items()
        if not feature.has_levels
    }


def _sorted(feature: FeatureBaseline, tables: Iterable[pa.Table]) -> FloatArray:
    columns = [table[feature.name] for table in tables if feature.name in table.column_names]
    values = [to_numbers(feature, one_array(column)).values for column in columns]
    joined = np.concatenate([np.zeros(0), *values])
    return np.sort(joined[np.isfinite(joined)])
