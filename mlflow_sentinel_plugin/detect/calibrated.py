"""The rule ``calibrated``: significance opens the gate, effect size decides, one budget covers everything.

Each feature's tests (see :mod:`.questions`) become one p-value by a weighted harmonic mean; features are
flagged by Benjamini-Hochberg. While nothing changes, about 3 of 1000 windows have any flagged feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlflow_sentinel_plugin.detect.budget import harmonic_mean_p, rejected
from mlflow_sentinel_plugin.detect.design_effect import DesignEffect, design_effect
from mlflow_sentinel_plugin.detect.finding import Finding
from mlflow_sentinel_plugin.detect.metrics.base import MetricValue
from mlflow_sentinel_plugin.detect.pair import Pair
from mlflow_sentinel_plugin.detect.questions import (
    DISTRIBUTION,
    MISSING,
    UNSEEN,
    Answer,
    distribution,
    missing_p,
    unseen_p,
)
from mlflow_sentinel_plugin.profile.types import FloatArray

ALPHA = 0.003
EFFECT_FLOOR = 0.02
_WORTH_SAYING = 2.0
_VISIBLE = 0.1


@dataclass(frozen=True)
class _Tested:
    """All answers on a feature with weights that add up to 1, and why it may be quiet."""

    answers: list[Answer]
    notes: tuple[str, ...]

    @property
    def p_value(self) -> float:
        return harmonic_mean_p(*self._joined())

    @property
    def reason(self) -> str:
        """The sort of test that contributes most."""
        return max(self.answers, key=lambda a: float((a.weights / a.p_values).sum())).reason

    def _joined(self) -> tuple[FloatArray, FloatArray]:
        p = np.concatenate([a.p_values for a in self.answers])
        return p, np.concatenate([a.weights for a in self.answers])


def judge_calibrated(
    pairs: Sequence[Pair], metrics: Sequence[Mapping[str, MetricValue]], min_rows: int
) -> list[Finding]:
    """One finding per pair. ``metrics`` play no part: the tests read the counts themselves."""
    tested = [_test(pair, min_rows) for pair in pairs]
    p_values = np.array([t.p_value for t in tested])
    flagged = rejected(p_values, ALPHA)
    return [
        Finding(
            bool(drifted),
            t.reason if drifted else None,
            float(p),
            () if drifted else t.notes,
        )
        for t, p, drifted in zip(tested, p_values, flagged, strict=True)
    ]


def _test(pair: Pair, min_rows: int) -> _Tested:
    values = design_effect(pair.feature.blocks, pair.n_current)
    rows = design_effect(pair.feature.missing_blocks, pair.current.rows)
    found = distribution(pair, values) if pair.n_current >= min_rows else []
    counts = bool(found) and (pair.distance or 0.0) >= EFFECT_FLOOR
    usable = found if counts else []
    shares = [Answer(a.reason, a.p_values, DISTRIBUTION * a.weights) for a in usable]
    if not usable:
        shares = [Answer("distribution", np.ones(1), np.array([DISTRIBUTION]))]
    unseen = unseen_p(pair, values) if pair.n_current >= min_rows else 1.0
    shares.append(Answer(_missing_reason(pair), np.array([missing_p(pair, rows)]), np.array([MISSING])))
    shares.append(Answer(_unseen_reason(pair), np.array([unseen]), np.array([UNSEEN])))
    return _Tested(shares, tuple(_notes(pair, found, counts, values)))


def _notes(pair: Pair, found: list[Answer], counts: bool, effect: DesignEffect) -> Iterator[str]:
    """Why something that may look like drift was not flagged."""
    if found and not counts and _Tested(found, ()).p_value <= ALPHA:
        yield f"significant, but the effect is under {EFFECT_FLOOR}"
    if counts and effect.factor >= _WORTH_SAYING and (pair.distance or 0.0) >= _VISIBLE:
        yield (
            f"the reference itself wanders over its rows (design effect {effect.factor:.0f}), so this change "
            "is not told from its ups and downs; if they are in no time order, say time_ordered=False"
        )


def _missing_reason(pair: Pair) -> str:
    malformed = pair.counts.malformed / max(pair.current.rows, 1) - pair.feature.malformed / max(
        pair.feature.rows, 1
    )
    return "malformed" if abs(malformed) > abs(pair.unusable_moved) / 2 else "missing"


def _unseen_reason(pair: Pair) -> str:
    return "unseen_levels" if pair.layout is None else "out_of_range"
