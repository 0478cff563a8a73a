"""A baseline from bytes that anybody may have written: an artifact of a run, or the body of a post.

The checksum says that the bytes are whole, not that they make sense. What does not could break the jobs that
count and judge live rows much later, so it is refused here.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np

from mlflow_sentinel_plugin.errors import CorruptData, TooLarge
from mlflow_sentinel_plugin.profile.baseline import MAGIC, Baseline
from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.budget import MAX_BYTES
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.kinds import KINDS, ROLES, Source
from mlflow_sentinel_plugin.profile.season import PHASES, Season

MEDIA_TYPE = "application/vnd.mlflow-sentinel.baseline"
MAX_COLUMNS = 5_000
MAX_NAME = 500
MAX_SUMMARY = 65_536
"""Characters of a feature's summary as JSON."""

_SOURCES: tuple[str, ...] = get_args(Source)
_COUNTS = ("missing", "malformed", "distinct", "singletons", "doubletons")
_FLAGS = ("capped", "snap_fully", "clock")
_PRECISION = re.compile(r"float32|decimals:[0-6]|digits:[3-7]")
_FIGURES = {"min", "max", "mean", "sd", "ks_bound"}


def is_baseline(path: Path) -> bool:
    """Whether a file begins as a baseline's bytes do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_baseline(data: bytes) -> Baseline:
    """The baseline, if everything in it fits together.

    Raises:
        TooLarge: more than 8 MB.
        CorruptData: damaged, of another version, or not what :meth:`Baseline.to_bytes` writes.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the baseline takes {len(data)} bytes", hint=f"at most {MAX_BYTES} are read")
    try:
        baseline = Baseline.from_bytes(data)
        _check_baseline(baseline)
    except CorruptData:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, MemoryError) as error:
        raise CorruptData(f"this baseline cannot be read: {error}") from error
    return baseline


def _check_baseline(baseline: Baseline) -> None:
    _need(_is_count(baseline.rows) and baseline.rows > 0, "it has no rows")
    _need(0 < len(baseline.features) <= MAX_COLUMNS, f"it has {len(baseline.features)} columns")
    _strict_json(baseline.source)
    for feature in baseline.features.values():
        try:
            _check_feature(feature, baseline.rows)
        except ValueError as error:
            raise CorruptData(f"column {str(feature.name)[:60]!r} of the baseline: {error}") from error


def _check_feature(feature: FeatureBaseline, rows: int) -> None:
    _need(_is_name(feature.name), "its name is no text of 1 to 500 characters")
    _need(feature.kind in KINDS and feature.role in ROLES and feature.source in _SOURCES, "unknown words")
    _need(feature.rows == rows, "it has another number of rows")
    for field in _COUNTS:
        _need(_is_count(getattr(feature, field)), f"{field} is no count")
    for field in _FLAGS:
        _need(isinstance(getattr(feature, field), bool), f"{field} is not true or false")
    _need(feature.present >= 0, "more values are missing than there are rows")
    _need(isinstance(feature.bound, float) and 0 <= feature.bound <= 1, "its bound is not in 0..1")
    precisions = (*feature.coarser, *feature.too_coarse, *filter(None, [feature.precision]))
    _need(all(_PRECISION.fullmatch(name) for name in precisions), "an unknown precision")
    _check_summary(feature.summary)
    if not feature.counted:
        return
    (_check_levels if feature.has_levels else _check_grid)(feature)
    for blocks in (feature.blocks, feature.missing_blocks):
        if blocks is not None:
            _check_blocks(blocks, rows)
    if feature.season is not None:
        _need(not feature.has_levels, "levels have no season")
        _check_season(feature.season, feature)


def _check_levels(feature: FeatureBaseline) -> None:
    levels = feature.levels
    _need(all(isinstance(level, str) for level in levels), "a level is no text")
    _need(len(set(levels)) == len(levels), "a level is there twice")
    _need(feature.kind != "boolean" or levels == ("false", "true"), "a boolean has other levels")
    _check_counts(feature, len(levels) + feature.capped)


def _check_grid(feature: FeatureBaseline) -> None:
    edges, bins = feature.edges, feature.bins
    _need(edges.dtype == bins.dtype == np.float64, "its edges are no numbers")
    _need(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), "its edges do not grow")
    _need(bool(np.isin(bins, edges).all() and (np.diff(bins) > 0).all()), "its bins are not on its edges")
    _check_counts(feature, 2 * edges.size + 1)


def _check_counts(feature: FeatureBaseline, size: int) -> None:
    counts = feature.counts
    _need(counts.size == size and bool((counts >= 0).all()), "its counts do not fit its cells")
    _need(int(counts.sum()) == feature.present, "its counts do not add up to its rows")


def _check_blocks(blocks: Blocks, rows: int) -> None:
    present, sums, weights = blocks.present, blocks.sums, blocks.weights
    fits = (
        blocks.rows == rows
        and _is_count(blocks.size)
        and 0 < blocks.size <= rows
        and present.size * blocks.size <= rows
        and sums.shape[1] == present.size
        and bool(((present >= 0) & (present <= blocks.size)).all())
        and bool(np.isfinite(sums).all() and np.isfinite(weights).all())
        and weights.size in (0, sums.shape[0])
        and isinstance(blocks.gate_p, (int, float))
        and math.isfinite(blocks.gate_p)
    )
    _need(fits, "its blocks do not fit its rows")


def _check_season(season: Season, feature: FeatureBaseline) -> None:
    phases, cells = PHASES[season.period], feature.layout.range_bounds.shape[0]
    fits = (
        season.rows.size == season.slots.size == phases
        and season.cells.shape == (phases, cells)
        and int(season.rows.sum()) <= feature.present
        and bool((season.cells <= season.rows[:, None]).all() and (season.cells >= 0).all())
        and bool(((season.rows > 0) == (season.slots > 0)).all() and (season.slots <= season.rows).all())
        and bool(np.isfinite(season.means).all() and np.isfinite(season.variances).all())
        and bool((season.variances >= 0).all())
    )
    _need(fits, "its season does not fit its rows")
    if season.blocks is not None:
        _need(season.blocks.sums.shape[0] == 2, "its season does not have two scores")
        _check_blocks(season.blocks, feature.rows)


def _check_summary(summary: Any) -> None:
    """What pages show: figures, quantiles, or the most frequent levels."""
    _need(
        isinstance(summary, dict) and len(_strict_json(summary)) <= MAX_SUMMARY, "its summary is no summary"
    )
    _need(set(summary) <= {*_FIGURES, "quantiles", "levels"}, "its summary holds unknown figures")
    figures = [value for name, value in summary.items() if name in _FIGURES]
    quantiles = summary.get("quantiles", {})
    _need(isinstance(quantiles, dict), "its quantiles are no figures")
    _need(all(_is_figure(value) for value in (*figures, *quantiles.values())), "its figures are no figures")
    for level in summary.get("levels", ()):
        _need(
            isinstance(level, dict)
            and set(level) == {"level", "count", "share"}
            and isinstance(level["level"], str)
            and _is_figure(level["count"])
            and _is_figure(level["share"]),
            "its most frequent levels are none",
        )


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float, str)) and not isinstance(value, bool))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_NAME and "\x00" not in name and bool(name.encode())


def _strict_json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _need(fits: bool, otherwise: str) -> None:
    if not fits:
        raise ValueError(otherwise)
