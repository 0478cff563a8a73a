"""Whether a column follows the hour of the day or the day of the week, and what it is like at each.

Learned from the reference's rows and their times, in UTC: where clocks are changed, local habits move by an
hour against it. A period is believed only on evidence: means of whole hours (for the day of the week, of
whole days) must differ between its phases by far more than within them, over two cycles or more. Of several
believed periods the one that predicts the mean of an hour best is kept, and the hour of the week where both
the hour and the day matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from mlflow_sentinel_plugin.profile.blocks import Blocks, make_blocks
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

HOUR_OF_DAY, DAY_OF_WEEK, HOUR_OF_WEEK = "hour of day", "day of week", "hour of week"
PHASES = {HOUR_OF_DAY: 24, DAY_OF_WEEK: 7, HOUR_OF_WEEK: 168}
SCORES = 2
FEWEST_CYCLES = 2
"""A phase seen in fewer hours (or days) is not known."""

_HOURS = {HOUR_OF_DAY: 24, DAY_OF_WEEK: 168, HOUR_OF_WEEK: 168}
_SLOT_HOURS = {HOUR_OF_DAY: 1, DAY_OF_WEEK: 24, HOUR_OF_WEEK: 1}
_HOUR = 3600.0
_MONDAY = 72
"""1970-01-01 00:00 was the 73rd hour of a week that begins on Monday."""
_BELIEVED = 1e-4
_MOST_UNKNOWN = 0.1


@dataclass(frozen=True)
class Season:
    """What a column is like at each phase of its period.

    Attributes:
        period: One of :data:`PHASES`.
        rows: Per phase, reference rows with a value; 0 for a phase that is not known.
        slots: Per phase, hours (days, for the day of the week) with rows.
        means, variances: Phases x 2: of the layout's location and spread scores over the phase's rows.
        cells: Phases x cells: rows in each of the layout's ranges.
        blocks: How what remains, less the phase's mean and over its sd, wanders over the rows.
    """

    period: str
    rows: IntArray
    slots: IntArray
    means: FloatArray
    variances: FloatArray
    cells: IntArray
    blocks: Blocks | None

    @property
    def cycle_share(self) -> float:
        """The share of a phase's rows that one cycle has: 1 / cycles, about."""
        known = self.slots > 0
        return float((1 / np.maximum(self.slots[known], 1)).mean()) if known.any() else 1.0

    @property
    def slot_rows(self) -> float:
        """Mean rows of an hour (or day)."""
        return float(self.rows.sum() / max(int(self.slots.sum()), 1))


def phase_of(hours: IntArray, period: str) -> IntArray:
    """The phase of hours since 1970.

    >>> phase_of(np.array([0, 25]), DAY_OF_WEEK).tolist(), phase_of(np.array([25]), HOUR_OF_DAY).tolist()
    ([3, 4], [1])
    """
    if period == HOUR_OF_DAY:
        return np.asarray(hours % 24)
    of_week = (hours + _MONDAY) % 168
    return np.asarray(of_week if period == HOUR_OF_WEEK else of_week // 24)


def learn_season(
    values: FloatArray,
    seconds: FloatArray,
    layout: Layout,
    most_phases: int,
    block_count: int,
    window_rows: int | None,
) -> Season | None:
    """The column's season, or ``None`` where there is no evidence of one.

    Args:
        values: In time order; NaN where missing.
        seconds: Since 1970, of each; NaN where unknown.
        most_phases: Longer periods are not looked for.
        block_count: At most this many base blocks.
    """
    usable = ~np.isnan(values) & np.isfinite(seconds)
    if not usable.any() or not layout.edges.size:
        return None
    segments = layout.segments_of(values[usable])
    scores = layout.scores[:, segments]
    hours = np.floor(seconds[usable] / _HOUR).astype(np.int64)
    period = _believed(scores, hours, most_phases)
    if period is None:
        return None
    return _described(period, scores, hours, segments, layout, usable, block_count, window_rows)


def _believed(scores: FloatArray, hours: IntArray, most_phases: int) -> str | None:
    """The believed period with the least prediction variance; of hour and day both, the hour of the week."""
    candidates = [p for p, phases in PHASES.items() if phases <= most_phases and _seen_often(hours, p)]
    believed = [
        period
        for period in candidates
        if _analysed(scores, hours, period, _SLOT_HOURS[period])[0] < _BELIEVED / len(candidates)
    ]
    if HOUR_OF_WEEK in candidates and {HOUR_OF_DAY, DAY_OF_WEEK} <= set(believed):
        return HOUR_OF_WEEK
    return min(believed, key=lambda period: _analysed(scores, hours, period, 1)[1], default=None)


def _seen_often(hours: IntArray, period: str) -> bool:
    """Whether the rows span two cycles, and nearly all are of phases with two hours or days."""
    if int(hours.max() - hours.min()) + 1 < FEWEST_CYCLES * _HOURS[period]:
        return False
    phases, rows, slots = _slots(hours, period, _SLOT_HOURS[period])
    known = slots >= FEWEST_CYCLES
    return int(known.sum()) > 1 and rows[~known].sum() <= _MOST_UNKNOWN * phases.size


def _slots(hours: IntArray, period: str, slot_hours: int) -> tuple[IntArray, IntArray, IntArray]:
    """The phase of each row, and per phase its rows and its slots with rows."""
    phases = phase_of(hours, period)
    each = np.unique(hours // slot_hours) * slot_hours
    rows = np.bincount(phases, minlength=PHASES[period])
    slots = np.bincount(phase_of(each, period), minlength=PHASES[period])
    return phases, rows, slots


def _analysed(scores: FloatArray, hours: IntArray, period: str, slot_hours: int) -> tuple[float, float]:
    """One-way analysis of variance of slots' means, weighted by rows.

    Neighbours that are alike tell less: degrees of freedom are those of as many independent slots.

    Returns:
        p that phases are alike (of both scores, Bonferroni); the mean square within times 1 + 1 / cycles.
    """
    slots, at = np.unique(hours // slot_hours, return_inverse=True)
    phases = phase_of(slots * slot_hours, period)
    rows = np.bincount(at).astype(np.float64)
    of_phase = np.bincount(phases, rows, PHASES[period])
    groups = int((of_phase > 0).sum())
    rest = slots.size - groups
    if rest < 1 or groups < 2:
        return 1.0, np.inf
    p_values, errors = [], []
    for score in scores:
        means = np.bincount(at, score) / rows
        middle = np.bincount(phases, rows * means, PHASES[period]) / np.maximum(of_phase, 1)
        within = float((rows * (means - middle[phases]) ** 2).sum()) / rest
        between = float((of_phase * (middle - score.mean()) ** 2).sum()) / (groups - 1)
        part = _independent_share(np.sqrt(rows) * (means - middle[phases]), PHASES[period] // 2)
        df, df_rest = max(1.0, part * (groups - 1)), max(1.0, part * rest)
        p_values.append(float(fdtrc(df, df_rest, between / within)) if within > 0 else 1.0)
        errors.append(within * (1 + groups / slots.size))
    return min(1.0, SCORES * min(p_values)), float(np.mean(errors))


def _independent_share(series: FloatArray, lags: int) -> float:
    """How many independent values tell as much of a variance as a series does, as a share of its length.

    1 / (1 + 2 sum r^2) with the autocorrelations r, less what chance makes of their squares (Bartlett 1946).
    """
    total = float(series @ series)
    if total == 0:
        return 1.0
    lags = min(lags, series.size - 1)
    r = np.array([float(series[k:] @ series[:-k]) / total for k in range(1, lags + 1)])
    return float(1 / (1 + 2 * max(0.0, float((r**2 - 1 / series.size).sum()))))


def _described(
    period: str,
    scores: FloatArray,
    hours: IntArray,
    segments: IntArray,
    layout: Layout,
    usable: BoolArray,
    block_count: int,
    window_rows: int | None,
) -> Season:
    phases, rows, slots = _slots(hours, period, _SLOT_HOURS[period])
    known = slots >= FEWEST_CYCLES
    count = PHASES[period]
    n = np.maximum(rows, 1)
    means = np.stack([np.bincount(phases, score, count) / n for score in scores], axis=1)
    squares = np.stack([np.bincount(phases, score**2, count) / n for score in scores], axis=1)
    variances = np.maximum(squares - means**2, 0.0) * (n / np.maximum(n - 1, 1))[:, None]
    width = layout.segments.size - 1
    held = np.bincount(phases * width + segments, minlength=count * width).reshape(count, width)
    below = np.concatenate([np.zeros((count, 1), np.int64), np.cumsum(held, axis=1)], axis=1)
    cells = below[:, layout.range_bounds[:, 1]] - below[:, layout.range_bounds[:, 0]]
    sd = np.sqrt(np.where(variances > 0, variances, 1.0))
    rest = (scores - means[phases].T) / sd[phases].T
    blocks = make_blocks(rest, usable, np.empty(0), block_count, window_rows)
    return Season(
        period,
        np.where(known, rows, 0),
        np.where(known, slots, 0),
        _stored(means * known[:, None]),
        _stored(variances * known[:, None]),
        cells * known[:, None],
        blocks,
    )


def _stored(values: FloatArray) -> FloatArray:
    """As they are read back."""
    return values.astype(np.float32).astype(np.float64)
