"""Why a feature was flagged, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kept = Literal["independent", "wanders", "season"]

LATELY = 4
"""Windows that "seen in 3 of the last 4 windows" speaks of."""
_FAR = 1e-6


@dataclass(frozen=True)
class Facts:
    """What the leading tests saw.

    Attributes:
        reason: The reason's code.
        effect: D, total variation, or the share of rows or values that the reason speaks of; 0..1.
        reference: That share in the reference, where there is one.
        n, n_reference: Rows (or values) on either side.
        windows: Windows pooled.
        p_value: Of the feature.
        kept: What is known of the reference: rows independent of each other, or not, or compared with those
            of the same hours.
        flagged, known: In how many of the last windows it was flagged, of how many; this one included.
    """

    reason: str
    effect: float
    n: int
    n_reference: int
    windows: int
    p_value: float
    kept: Kept = "independent"
    levels: bool = False
    reference: float = 0.0
    flagged: int = 1
    known: int = 1


def explain(facts: Facts) -> str:
    """One phrase without the feature's name.

    >>> explain(Facts("location", 0.21, 500, 4000, 1, 1e-9, "wanders", flagged=3, known=4))
    "D = 0.21 (n = 500 against 4000), far beyond what sampling or the reference's own ups and downs explain; \
seen in 3 of the last 4 windows"
    >>> explain(Facts("missing", 0.052, 4000, 5000, 8, 1e-4, reference=0.01))
    'missing in 5.2 % of 4000 rows of the last 8 windows, 1 % of 5000 in the reference: \
beyond what sampling explains'
    """
    return _what(facts) + _lately(facts)


def _what(facts: Facts) -> str:
    beyond = f"{'far ' if facts.p_value < _FAR else ''}beyond what {_explained(facts.kept)}"
    span = "" if facts.windows == 1 else f" of the last {facts.windows} windows"
    share, before = _percent(facts.effect), _percent(facts.reference)
    n, reference = facts.n, facts.n_reference
    if facts.reason in ("missing", "malformed"):
        what = "missing" if facts.reason == "missing" else "missing or malformed"
        return f"{what} in {share} of {n} rows{span}, {before} of {reference} in the reference: {beyond}"
    if facts.reason == "unseen_levels":
        return (
            f"{share} of {n} values{span} have levels that none of the reference's {reference} has: {beyond}"
        )
    if facts.reason == "out_of_range":
        return f"{share} of {n} values{span} lie beyond all {reference} of the reference: {beyond}"
    name = "total variation" if facts.levels else "D"
    return f"{name} = {facts.effect:.2g} (n = {n}{span} against {reference}), {beyond}"


def _explained(kept: Kept) -> str:
    if kept == "season":
        return "sampling or the same hours of the reference's other weeks explain"
    return (
        "sampling or the reference's own ups and downs explain" if kept == "wanders" else "sampling explains"
    )


def _lately(facts: Facts) -> str:
    if facts.known == 1:
        return ""
    if facts.flagged == 1:
        return f"; the first in {facts.known} windows"
    return f"; seen in {facts.flagged} of the last {facts.known} windows"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
