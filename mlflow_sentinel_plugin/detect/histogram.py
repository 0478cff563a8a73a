"""Both distributions of a feature on the same bins, for a chart."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.pair import OTHER, Pair, pair
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.layout import Layout, group_sums
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

TOP_LEVELS = 20
_INNER_EDGES = 19
_FEW_VALUES = 20
_FEWEST_EDGES = 3
_SHOWN_RANGE = (0.01, 0.99)


def histogram(baseline: Baseline, profile: Profile, feature: str) -> dict[str, Any]:
    """The reference's and the window's distribution of ``feature`` on the same display bins; strict JSON.

    Numeric features (dates in seconds since 1970, texts in characters): about 20 bins ``[low, high)`` of
    equal width, snapped to the grid, the outer two open (``None``); one bin per value where the reference has
    at most 20. Categorical: the 20 most frequent levels, the other ones together. Shares are of present
    values; unseen levels are in none of the bins.

    Returns:
        ``feature``, ``kind``, ``bins`` (``label, low, high, reference, current``), ``n_reference``,
        ``n_current``, ``missing`` (``reference, current``, shares of rows), ``unseen`` (share of present
        values).

    Raises:
        InvalidInput: the baseline does not have this column, or does not count it.
    """
    known = _known(baseline, feature)
    both = pair(known, profile.features[feature], profile.rows)
    return {
        "feature": feature,
        "kind": known.kind,
        "bins": _number_bins(both, both.layout) if both.layout is not None else _level_bins(both),
        "n_reference": both.n_reference,
        "n_current": both.n_current,
        "missing": {
            "reference": known.missing / known.rows,
            "current": both.missing_share if profile.rows else None,
        },
        "unseen": both.unseen_share,
    }


def _known(baseline: Baseline, name: str) -> FeatureBaseline:
    if name in baseline.counted:
        return baseline.counted[name]
    if name in baseline.features:
        raise InvalidInput(f"column {name!r} is not watched, so it has no distribution")
    near = difflib.get_close_matches(name, list(baseline.counted), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"columns: {', '.join(list(baseline.counted)[:20])}"
    raise InvalidInput(f"the baseline has no column {name!r}", hint=hint)


def _number_bins(both: Pair, layout: Layout) -> list[dict[str, Any]]:
    edges = _display_edges(layout)
    starts = np.concatenate([[0], 2 * np.searchsorted(layout.edges, edges) + 1]).astype(np.int64)
    lows = [None, *edges.tolist()]
    highs = [*edges.tolist(), None]
    single = _single_valued(layout, starts)
    names = [_label(both, low, high, one) for low, high, one in zip(lows, highs, single, strict=True)]
    return _bins(
        names, lows, highs, group_sums(both.reference.cells, starts), group_sums(both.current.cells, starts)
    )


def _display_edges(layout: Layout) -> FloatArray:
    """Edges of the grid that make readable bins; none if the reference has no value."""
    if not layout.edges.size:
        return layout.edges
    total = int(layout.cumulative[-1])
    held = layout.edges[layout.reference[1::2] > 0]
    if held.size <= _FEW_VALUES and int(layout.reference[1::2].sum()) == total:
        return held
    ends = np.searchsorted(layout.cumulative, np.array(_SHOWN_RANGE) * total)
    low, high = layout.edges[np.clip(ends // 2, 0, layout.edges.size - 1)]
    at = np.linspace(0.0, 1.0, _INNER_EDGES)
    wanted = (1 - at) * low + at * high  # high - low may be too large for a float
    snapped = np.unique(layout.edges[np.searchsorted(layout.edges, wanted).clip(0, layout.edges.size - 1)])
    return snapped if snapped.size >= _FEWEST_EDGES else layout.bins


def _single_valued(layout: Layout, starts: IntArray) -> list[bool]:
    """Whether the reference has no value in a bin but its lower edge."""
    held = group_sums(layout.reference, starts)
    first = layout.reference[starts]
    return [bool(i and held[i] == first[i]) for i in range(starts.size)]


def _label(both: Pair, low: float | None, high: float | None, single: bool) -> str:
    show = _day if both.feature.kind == "datetime" else _number
    if low is None:
        return "all" if high is None else f"< {show(high)}"
    if single and high is not None:
        return show(low)
    return f"≥ {show(low)}" if high is None else f"{show(low)} to {show(high)}"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _day(seconds: float) -> str:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return _number(seconds)


def _level_bins(both: Pair) -> list[dict[str, Any]]:
    names = list(both.feature.levels[:TOP_LEVELS])
    known = both.feature.counts.size
    reference, current = np.asarray(both.reference)[:known], np.asarray(both.current)[:known]
    if known > len(names):
        names.append(OTHER)
        reference, current = _fold(reference), _fold(current)
    blank: list[float | None] = [None] * len(names)
    scale = (both.n_reference, both.n_current)
    return _bins(names, blank, blank, reference, current, scale)


def _fold(counts: IntArray) -> IntArray:
    return np.append(counts[:TOP_LEVELS], counts[TOP_LEVELS:].sum())


def _bins(
    names: list[str],
    lows: list[float | None],
    highs: list[float | None],
    reference: IntArray,
    current: IntArray,
    totals: tuple[int, int] | None = None,
) -> list[dict[str, Any]]:
    n, m = totals or (int(reference.sum()), int(current.sum()))
    p, q = reference / max(n, 1), current / max(m, 1)
    rows = zip(names, lows, highs, p.tolist(), q.tolist(), strict=True)
    return [
        {"label": label, "low": low, "high": high, "reference": a, "current": b}
        for label, low, high, a, b in rows
    ]
