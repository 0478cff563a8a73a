"""The rule ``calibrated``: significance opens the gate, effect size decides, one budget covers everything.

Each feature is asked three questions at up to four time scales: whether its values are distributed otherwise
(.8 of the budget), whether more or fewer are missing (.1), whether there are values never seen (.1). All its
p-values become one by a weighted harmonic mean; features are flagged by Benjamini-Hochberg. While nothing
changes, about 3 of 1000 windows have any flagged feature.

A question without meaning for a feature keeps its weight with p = 1: the budget never depends on the data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.budget import rejected
from mlflow_sentinel_plugin.detect.effects import Effects, effects_of
from mlflow_sentinel_plugin.detect.episode import has_ended
from mlflow_sentinel_plugin.detect.evidence import Evidence, layouts_of
from mlflow_sentinel_plugin.detect.finding import Finding
from mlflow_sentinel_plugin.detect.history import History, Lead
from mlflow_sentinel_plugin.detect.level_tests import level_tests
from mlflow_sentinel_plugin.detect.like_with_like import like_with_like
from mlflow_sentinel_plugin.detect.numeric_tests import numeric_tests
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.detect.pooling import Pooled, chunks, pool
from mlflow_sentinel_plugin.detect.reasons import LATELY, Facts, Kept, explain
from mlflow_sentinel_plugin.detect.scales import pooled_windows, scale_weights
from mlflow_sentinel_plugin.detect.side_tests import Side, missing_test, unseen_test
from mlflow_sentinel_plugin.detect.tested import Tested
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

ALPHA = 0.003
EFFECT_FLOOR = 0.02
DISTRIBUTION, MISSING, UNSEEN = 0.8, 0.1, 0.1
MISSING_LEAD, UNSEEN_LEAD = -1, -2
"""What stands for these questions in :class:`Lead`, where values' tests have their number."""

_OF_VALUES = ("location", "spread", "shape", "levels")
_WORTH_SAYING = 2.0
_VISIBLE = 0.1


@dataclass(frozen=True)
class _Part:
    """All answers on some features; arrays are scales x features.

    Attributes:
        found: What the values' tests add to 1 / p.
        enough, counted: Whether there are values enough for that, and whether the effect is large enough too.
        weights, windows: Of the scales; windows that they pool.
        seasonal: Where values are compared with those of the same hours.
    """

    features: Sequence[FeatureBaseline]
    pooled: Pooled
    values: Tested
    found: FloatArray
    enough: BoolArray
    counted: BoolArray
    missing: Side
    unseen: Side
    effects: Effects
    weights: FloatArray
    windows: IntArray
    seasonal: BoolArray

    @cached_property
    def inverse(self) -> FloatArray:
        """1 / p of each scale."""
        return self._inverse(self.counted)

    @cached_property
    def p_values(self) -> FloatArray:
        """Per feature, all scales together."""
        return _p(self.weights, self.inverse)

    @cached_property
    def without_floor(self) -> FloatArray:
        """The same if no effect were too small."""
        return _p(self.weights, self._inverse(self.enough))

    def _inverse(self, counted: BoolArray) -> FloatArray:
        values = np.where(counted, self.found, DISTRIBUTION)
        return np.asarray(values + MISSING / self.missing.p + UNSEEN / self.unseen.p)


def judge_calibrated(
    pairs: Sequence[Pair],
    min_rows: int,
    baseline: Baseline,
    evidence: Evidence,
    history: History,
    *,
    timed: bool = True,
) -> list[Finding]:
    """One finding per pair.

    Args:
        evidence: The window's own counts.
        history: The windows before it.
        timed: Whether the windows' bounds are times of their rows.
    """
    places = {name: i for i, name in enumerate(baseline.counted)}
    at = np.array([places[pair.feature.name] for pair in pairs], np.int64)
    windows = [*(past for past, _ in history.windows), evidence]
    if not timed:
        windows = [replace(window, start=None, end=None) for window in windows]
    reach = history.reach(list(places))
    parts = _parts(baseline, windows, reach, at, min_rows)
    judged = {int(i): _Judged(part, row, history) for part in parts for row, i in enumerate(part.pooled.at)}
    flagged = rejected(np.array([judged[i].p_value for i in at]), ALPHA)
    return [
        judged[i].finding(pair, bool(drifted))
        for i, pair, drifted in zip(at.tolist(), pairs, flagged, strict=True)
    ]


def _parts(
    baseline: Baseline, windows: Sequence[Evidence], reach: IntArray, at: IntArray, min_rows: int
) -> Iterator[_Part]:
    features = list(baseline.counted.values())
    layouts = list(layouts_of(baseline, windows[-1].precisions))
    widths = np.array([vector.size for vector in windows[-1].vectors])
    numeric = np.array([layout is not None for layout in layouts], np.bool_)
    for group in (at[numeric[at]], at[~numeric[at]]):
        for chunk in chunks(group, widths):
            pooled = pool(windows, reach, chunk)
            some = [features[i] for i in chunk]
            yield _part(some, [layouts[i] for i in chunk], pooled, windows, reach[chunk], min_rows)


def _part(
    features: Sequence[FeatureBaseline],
    layouts: Sequence[Layout | None],
    pooled: Pooled,
    windows: Sequence[Evidence],
    reach: IntArray,
    min_rows: int,
) -> _Part:
    n, rows = pooled.fact("values"), pooled.fact("rows")
    effects = effects_of([f.blocks for f in features], n)
    of_rows = effects_of([f.missing_blocks for f in features], rows)
    numeric = [layout for layout in layouts if layout is not None]
    seasonal = np.zeros(n.shape, np.bool_)
    outside = _beyond(pooled, features, numeric) if numeric else np.stack([pooled.fact("unseen"), 0 * n])
    if numeric:
        values = numeric_tests(pooled, _stacked([x.segment_reference for x in numeric]), numeric, effects)
        values, seasonal = like_with_like(values, pooled, windows, features)
    else:
        sizes = np.array([f.counts.size for f in features])
        values = level_tests(pooled, _stacked([f.counts for f in features]), sizes, effects)
        outside[:, :, [f.capped for f in features]] = 0
    comparable = np.array([f.kind != "datetime" and f.present > 0 for f in features])
    enough = (n >= min_rows) & comparable
    return _Part(
        features,
        pooled,
        values,
        found=DISTRIBUTION * values.evidence.sum(axis=-1),
        enough=enough,
        counted=enough & (values.effect >= EFFECT_FLOOR),
        missing=missing_test(
            pooled.fact("unusable"),
            np.where(rows >= min_rows, rows, 0),
            features,
            of_rows,
        ),
        unseen=unseen_test(np.where(n >= min_rows, outside, 0), n, features, effects),
        effects=effects,
        weights=scale_weights(reach)[: n.shape[0]],
        windows=pooled_windows(reach)[: n.shape[0]],
        seasonal=seasonal,
    )


def _p(weights: FloatArray, inverse: FloatArray) -> FloatArray:
    return np.asarray(np.minimum(1.0, 1 / (weights * inverse).sum(axis=0)))


def _stacked(vectors: Sequence[IntArray]) -> FloatArray:
    """1 x features x the widest, zero beyond a vector's own width."""
    stacked = np.zeros((1, len(vectors), max(vector.size for vector in vectors)))
    for row, vector in zip(stacked[0], vectors, strict=True):
        row[: vector.size] = vector
    return stacked


def _beyond(pooled: Pooled, features: Sequence[FeatureBaseline], layouts: Sequence[Layout]) -> IntArray:
    """Values below and above the reference's range, where it has an end: the outermost segments."""
    row = np.arange(len(layouts))
    last = np.array([layout.segments.size - 2 for layout in layouts])
    below = [layout.bounded[0] for layout in layouts]
    above = [x.bounded[1] and not f.clock for x, f in zip(layouts, features, strict=True)]
    ends = np.stack([pooled.counts[:, row, 0] * below, pooled.counts[:, row, last] * above])
    return ends.astype(np.int64)


@dataclass(frozen=True)
class _Judged:
    """The answers on one feature."""

    part: _Part
    row: int
    history: History

    @property
    def name(self) -> str:
        return self.part.features[self.row].name

    @cached_property
    def fresh(self) -> bool:
        """Whether an episode ended with the last window, so that what was before is not used."""
        before = self.history.last_lead(self.name)
        if before is None:
            return False
        alone = min(1.0, 1 / float(self.part.inverse[0, self.row]))
        z, rows = self._statistic(before.statistic, 0)
        return has_ended(before, alone, z, rows)

    @cached_property
    def weights(self) -> FloatArray:
        """Of the scales."""
        known = self.part.weights[:, self.row]
        return np.eye(known.size)[0] if self.fresh else known

    @cached_property
    def p_value(self) -> float:
        if self.fresh:
            return min(1.0, 1 / float(self.part.inverse[0, self.row]))
        return float(self.part.p_values[self.row])

    def finding(self, pair: Pair, drifted: bool) -> Finding:
        """What is said of it."""
        if not drifted:
            return Finding(False, None, self.p_value, tuple(self._notes(pair)), fresh=self.fresh)
        question, scale = self._leading()
        reason = _named(question, pair)
        return Finding(
            True,
            reason,
            self.p_value,
            text=explain(self._facts(pair, reason, scale)),
            lead=self._lead(),
            fresh=self.fresh,
        )

    def _answers(self) -> Iterator[tuple[str, int, int, float]]:
        """Reason, statistic, scale, and what it adds to 1 / p, of each test."""
        part, row = self.part, self.row
        for scale in np.flatnonzero(self.weights).tolist():
            weight = float(self.weights[scale])
            yield "missing", MISSING_LEAD, scale, weight * MISSING / float(part.missing.p[scale, row])
            yield "unseen", UNSEEN_LEAD, scale, weight * UNSEEN / float(part.unseen.p[scale, row])
            if part.counted[scale, row]:
                adds = weight * DISTRIBUTION * part.values.evidence[scale, row]
                for statistic, (reason, each) in enumerate(
                    zip(part.values.reasons, adds.tolist(), strict=True)
                ):
                    yield reason, statistic, scale, each

    def _leading(self) -> tuple[str, int]:
        """The reason that adds most, and the scale at which it does."""
        adds: Counter[str] = Counter()
        scales: dict[str, Counter[int]] = defaultdict(Counter)
        for reason, _, scale, each in self._answers():
            adds[reason] += each  # type: ignore[assignment]
            scales[reason][scale] += each  # type: ignore[assignment]
        reason = max(adds, key=adds.__getitem__)
        return reason, max(scales[reason], key=scales[reason].__getitem__)

    def _lead(self) -> Lead | None:
        """The signed statistic that adds most."""
        signed = [
            (each, statistic, scale)
            for _, statistic, scale, each in self._answers()
            if self._statistic(statistic, scale)[0]
        ]
        if not signed:
            return None
        _, statistic, scale = max(signed)
        return Lead(statistic, *self._statistic(statistic, scale))

    def _statistic(self, statistic: int, scale: int) -> tuple[float, int]:
        """z of a statistic, and the rows it is over; 0 of one that does not exist (any more)."""
        part, at = self.part, (scale, self.row)
        if statistic == MISSING_LEAD:
            return float(part.missing.z[at]), int(part.pooled.fact("rows")[at])
        values = int(part.pooled.fact("values")[at])
        if statistic == UNSEEN_LEAD:
            return float(part.unseen.z[at]), values
        z = part.values.z[at]
        return (float(z[statistic]) if statistic < z.size else 0.0), values

    def _facts(self, pair: Pair, reason: str, scale: int) -> Facts:
        part, at = self.part, (scale, self.row)
        flagged, before_it = self.history.flagged_lately(self.name, LATELY - 1)
        known: dict[str, Any] = {
            "windows": 1 if self.fresh else int(part.windows[at]),
            "p_value": self.p_value,
            "kept": self._kept(reason, scale),
            "levels": pair.layout is None,
            "flagged": flagged + 1,
            "known": before_it + 1,
        }
        if reason in ("missing", "malformed"):
            share, before = float(part.missing.share[at]), pair.unusable[0] / max(pair.feature.rows, 1)
            rows = int(part.pooled.fact("rows")[at])
            return Facts(reason, share, rows, pair.feature.rows, reference=before, **known)
        n, reference = int(part.pooled.fact("values")[at]), pair.n_reference
        unseen = reason in ("unseen_levels", "out_of_range")
        effect = float(part.unseen.share[at] if unseen else part.values.effect[at])
        return Facts(reason, effect, n, reference, **known)

    def _kept(self, reason: str, scale: int) -> Kept:
        """What the reference is known to do that the tests of this reason allow for."""
        if reason in _OF_VALUES and self.part.seasonal[scale, self.row]:
            return "season"
        return "wanders" if self.part.effects.factor[scale, self.row] > 1 else "independent"

    def _notes(self, pair: Pair) -> Iterator[str]:
        """Why something that may look like drift was not flagged."""
        part = self.part
        if part.without_floor[self.row] <= ALPHA < self.p_value:
            yield f"significant, but the effect is under {EFFECT_FLOOR}"
        factor = float(part.effects.factor[0, self.row])
        if part.seasonal[0, self.row]:
            return
        if part.counted[0, self.row] and factor >= _WORTH_SAYING and (pair.distance or 0.0) >= _VISIBLE:
            yield (
                f"the reference itself wanders over its rows (design effect {factor:.0f}), so this change "
                "is not told from its ups and downs; if they are in no time order, say time_ordered=False"
            )


def _named(question: str, pair: Pair) -> str:
    """The reason's code."""
    if question == "unseen":
        return "unseen_levels" if pair.layout is None else "out_of_range"
    if question != "missing":
        return question
    before = pair.feature.malformed / max(pair.feature.rows, 1)
    malformed = pair.counts.malformed / max(pair.current.rows, 1) - before
    return "malformed" if abs(malformed) > abs(pair.unusable_moved) / 2 else "missing"
