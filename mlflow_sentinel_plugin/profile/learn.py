"""Learn one column of a baseline from the reference."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.profile.blocks import (
    Blocks,
    group_scores,
    is_grouped,
    is_sorted,
    make_blocks,
    rank_scores,
)
from mlflow_sentinel_plugin.profile.count import to_numbers, to_texts
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.grid import bin_edges, count_sorted, evenly, largest_open_cell, make_edges
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.precision import MAX_MERGED, candidates, reference_precision
from mlflow_sentinel_plugin.profile.season import Season, learn_season
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
TOP_LEVELS = 20
_DATETIME_GRID = 512
_SAMPLE = 8192
"""Order statistics that a rounding's effect is judged by."""


@dataclass(frozen=True)
class Plan:
    """How finely to learn: grid edges, kept levels and base blocks a column may have; see :mod:`.budget`.

    ``order`` sorts the rows by time (``None``: they are in time order as they are); ``ordered`` is false
    where the rows have no time order at all. ``seconds`` are the rows' times, sorted, where they are known.
    ``season_phases`` and ``season_blocks`` bound what is kept of a season.
    """

    grid_size: int
    level_cap: int
    block_count: int
    ordered: bool = True
    order: IntArray | None = None
    window_rows: int | None = None
    seconds: FloatArray | None = None
    season_phases: int = 0
    season_blocks: int = 0


def learn(blank: FeatureBaseline, column: Any, plan: Plan) -> FeatureBaseline:
    """``blank`` (name, kind, role, source, rows) filled from the reference column, an Arrow array."""
    if not blank.counted:
        return replace(blank, missing=column.null_count)
    if blank.kind == "categorical":
        return _learn_levels(blank, column, plan)
    converted = to_numbers(blank, column)
    known = replace(blank, missing=converted.missing, malformed=converted.malformed)
    if blank.kind == "boolean":
        return _learn_truth(known, converted.values, plan)
    return _learn_numbers(known, converted.values, plan)


def _learn_numbers(blank: FeatureBaseline, values: FloatArray, plan: Plan) -> FeatureBaseline:
    ordered = np.sort(values)[: blank.present]  # NaN last
    finite = ordered[np.isfinite(ordered)] + 0.0
    distinct, share = _values_and_shares(finite)
    grid_size = min(plan.grid_size, _DATETIME_GRID) if blank.kind == "datetime" else plan.grid_size
    bins = bin_edges(finite)
    edges = np.union1d(make_edges(finite, distinct, grid_size), bins)
    counts = count_sorted(ordered, edges).full
    own = reference_precision(distinct)
    coarser, too_coarse = candidates(*_values_and_shares(evenly(finite, _SAMPLE)), finite.size, own)
    bound = largest_open_cell(counts)
    location, missing = _numeric_blocks(values, plan)
    return replace(
        blank,
        edges=edges,
        bins=bins,
        counts=counts,
        distinct=distinct.size,
        precision=own,
        snap_fully=bool(share.size and share.max() <= MAX_MERGED),
        coarser=coarser,
        too_coarse=too_coarse,
        clock=blank.kind == "datetime" and _only_grows(values),
        bound=bound,
        summary=number_summary(blank.kind, finite, bound),
        blocks=location,
        missing_blocks=missing,
        season=_season(values, Layout(edges, counts, bins), plan) if blank.kind == "numeric" else None,
    )


def _season(values: FloatArray, layout: Layout, plan: Plan) -> Season | None:
    if plan.order is None or plan.seconds is None or not plan.season_phases:
        return None
    return learn_season(
        values[plan.order], plan.seconds, layout, plan.season_phases, plan.season_blocks, plan.window_rows
    )


def _values_and_shares(ordered: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distinct ones of sorted values, and the share of each."""
    if ordered.size == 0:
        return ordered, ordered
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return ordered[starts], np.diff(starts, append=ordered.size) / ordered.size


def _learn_truth(blank: FeatureBaseline, values: FloatArray, plan: Plan) -> FeatureBaseline:
    present = ~np.isnan(values)
    codes = np.where(present, values, 0).astype(np.int64)
    counts = np.bincount(codes[present], minlength=2).astype(np.int64)
    levels = ("false", "true")
    blocks, missing = _level_blocks(codes, present, 2, plan)
    summary = level_summary(levels, counts)
    distinct = int((counts > 0).sum())
    return replace(
        blank,
        levels=levels,
        counts=counts,
        distinct=distinct,
        summary=summary,
        blocks=blocks,
        missing_blocks=missing,
    )


def _learn_levels(blank: FeatureBaseline, column: Any, plan: Plan) -> FeatureBaseline:
    converted = to_texts(replace(blank, levels=_truth_levels(column)), column)
    encoded = converted.values.dictionary_encode()
    present = encoded.indices.is_valid().to_numpy(zero_copy_only=False)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    names = encoded.dictionary.to_pylist()
    count = np.bincount(codes[present], minlength=len(names)).astype(np.int64)
    ranked = sorted(range(len(names)), key=lambda i: (-count[i], names[i]))
    kept, rest = ranked[: plan.level_cap], ranked[plan.level_cap :]
    levels = tuple(names[i] for i in kept)
    counts = np.array([*count[kept], *([count[rest].sum()] if rest else [])], np.int64)
    rank = np.empty(len(names), np.int64)
    rank[ranked] = np.arange(len(names))
    blocks, missing = _level_blocks(rank[codes] if names else codes, present, len(names), plan)
    seen = Counter(count.tolist())
    return replace(
        blank,
        missing=converted.missing,
        malformed=converted.malformed,
        levels=levels,
        capped=bool(rest),
        counts=counts,
        distinct=len(names),
        singletons=seen[1],
        doubletons=seen[2],
        summary=level_summary(levels, counts),
        blocks=blocks,
        missing_blocks=missing,
    )


def _truth_levels(column: Any) -> tuple[str, ...]:
    """The spellings of booleans in a text column, which decide how live booleans are written."""
    if not pa.types.is_large_string(column.type):
        return ()
    spelled = pa.array(["True", "False"], pa.large_string())
    return tuple(text for text in spelled.to_pylist() if pc.any(pc.equal(column, text)).as_py())


def _numeric_blocks(values: FloatArray, plan: Plan) -> tuple[Blocks | None, Blocks | None]:
    values = values if plan.order is None else values[plan.order]
    present = ~np.isnan(values)
    if not plan.ordered or not present.any():
        return None, None
    blocks = None
    if not is_sorted(values[present]):
        scores = rank_scores(values[present])
        blocks = make_blocks(scores, present, np.empty(0), plan.block_count, plan.window_rows)
    return blocks, _missing_blocks(present, plan)


def _level_blocks(
    codes: IntArray, present: BoolArray, levels: int, plan: Plan
) -> tuple[Blocks | None, Blocks | None]:
    if plan.order is not None:
        codes, present = codes[plan.order], present[plan.order]
    if not plan.ordered or not present.any():
        return None, None
    blocks = None
    if not is_grouped(codes[present]):
        scores, weights = group_scores(codes[present], levels)
        blocks = make_blocks(scores, present, weights, plan.block_count, plan.window_rows)
    return blocks, _missing_blocks(present, plan)


def _missing_blocks(present: BoolArray, plan: Plan) -> Blocks | None:
    everywhere = np.ones(present.size, np.bool_)
    scores, weights = group_scores((~present).astype(np.int64), 2)
    return make_blocks(scores, everywhere, weights, plan.block_count, plan.window_rows)


def _only_grows(values: FloatArray) -> bool:
    present = values[~np.isnan(values)]
    return is_sorted(present) and bool(present[-1] > present[0])


def number_summary(kind: str, finite: FloatArray, bound: float) -> dict[str, Any]:
    """JSON-ready figures of sorted finite values."""
    if finite.size == 0:
        return {}
    mean, sd = _mean_and_sd(finite)
    figures = {"min": finite.min(), "max": finite.max(), "mean": mean, "sd": sd}
    with np.errstate(over="ignore", invalid="ignore"):
        quantiles = np.quantile(finite, QUANTILES)
    show = _time_text if kind == "datetime" else _number
    summary: dict[str, Any] = {
        name: show(value) for name, value in figures.items() if kind != "datetime" or name != "sd"
    }
    summary["quantiles"] = {str(q): show(value) for q, value in zip(QUANTILES, quantiles, strict=True)}
    summary["ks_bound"] = bound
    return summary


def _mean_and_sd(finite: FloatArray) -> tuple[float, float]:
    """Of sorted values, divided by a power of two (no square overflows or vanishes) and less their median."""
    exponent = int(np.frexp(np.abs(finite[[0, -1]]).max())[1])
    near_one = np.ldexp(finite, -exponent)
    median = near_one[near_one.size // 2]
    around = near_one - median
    with np.errstate(over="ignore"):
        return float(np.ldexp(median + around.mean(), exponent)), float(np.ldexp(around.std(), exponent))


def level_summary(levels: tuple[str, ...], counts: IntArray) -> dict[str, Any]:
    """JSON-ready shares of the most frequent levels."""
    total = max(int(counts.sum()), 1)
    top = zip(levels[:TOP_LEVELS], counts[:TOP_LEVELS].tolist(), strict=True)
    return {"levels": [{"level": name, "count": count, "share": count / total} for name, count in top]}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _time_text(seconds: float) -> str | None:
    try:
        return dt.datetime.fromtimestamp(float(seconds), dt.timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
