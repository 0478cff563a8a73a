"""Count a live column on its baseline's grid or levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute as pc

from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.convert import (
    Numbers,
    Texts,
    booleans,
    datetimes,
    lengths,
    numbers,
    texts,
)
from mlflow_sentinel_plugin.profile.counts import FeatureCounts, few_names
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.grid import count_sorted
from mlflow_sentinel_plugin.profile.precision import alive, snap
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

_NOT_COUNTED: IntArray = np.zeros(0, np.int64)


def count_column(feature: FeatureBaseline, column: Any) -> FeatureCounts:
    """Counts of an Arrow array of live values; never raises on a value."""
    if feature.kind == "categorical":
        return _count_levels(feature, to_texts(feature, column))
    converted = to_numbers(feature, column)
    if feature.kind == "boolean":
        present = converted.values[~np.isnan(converted.values)]
        cells = np.bincount(present.astype(np.int64), minlength=2)
        return FeatureCounts(Cells(cells), missing=converted.missing, malformed=converted.malformed)
    return _count_numbers(feature, converted)


def to_numbers(feature: FeatureBaseline, column: Any) -> Numbers:
    """A numeric, boolean, datetime or text column's values as numbers, one per row, NaN for none."""
    if feature.kind == "numeric":
        return numbers(column, truth=feature.source == "boolean")
    converters: dict[str, Callable[[Any], Numbers]] = {
        "boolean": booleans,
        "datetime": datetimes,
        "text": lengths,
    }
    return converters[feature.kind](column)


def to_texts(feature: FeatureBaseline, column: Any) -> Texts:
    """A categorical column's values as levels, one per row, null for none."""
    true, false = feature.truth_spelling
    return texts(column, numeric=feature.source == "number", true=true, false=false)


def _count_levels(feature: FeatureBaseline, converted: Texts) -> FeatureCounts:
    values = converted.values.drop_null()
    at = pc.index_in(values, value_set=feature.level_set)
    cells = np.bincount(at.drop_null().to_numpy(), minlength=feature.counts.size).astype(np.int64)
    unseen, names = at.null_count, {}
    if feature.capped:
        cells[-1] += unseen
        unseen = 0
    elif unseen:
        found = pc.value_counts(values.filter(pc.is_null(at)))
        pairs = zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)
        names = few_names(dict(pairs))
    return FeatureCounts(Cells(cells), converted.missing, unseen, converted.malformed, names=names)


def _count_numbers(feature: FeatureBaseline, converted: Numbers) -> FeatureCounts:
    ordered = np.sort(converted.values)  # NaN last
    ordered = ordered[: ordered.size - converted.missing - converted.malformed]
    ordered, finer = snap(ordered, feature.precision, feature.snap_fully)
    finite = _finite(ordered)
    return FeatureCounts(
        count_sorted(ordered, feature.edges),
        missing=converted.missing,
        malformed=converted.malformed,
        infinite=ordered.size - finite.size,
        finer=finer,
        low=float(finite[0]) if finite.size else None,
        high=float(finite[-1]) if finite.size else None,
        coarse=_count_coarse(feature, ordered, finite),
    )


def _finite(ordered: FloatArray) -> FloatArray:
    """Sorted values without the infinities at their ends."""
    if ordered.size == 0 or (ordered[0] != -np.inf and ordered[-1] != np.inf):
        return ordered
    return ordered[np.isfinite(ordered)]


def _count_coarse(feature: FeatureBaseline, ordered: FloatArray, finite: FloatArray) -> dict[str, IntArray]:
    if ordered.size == 0:
        return {}
    return {
        name: count_sorted(ordered, feature.coarse_layout(name).edges).full
        if name in feature.coarser
        else _NOT_COUNTED
        for name in alive(finite, feature.coarser + feature.too_coarse)
    }
