"""What really happened, who says so, and what the demo must therefore have seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

FIRING = "drift.alert.firing"


@dataclass(frozen=True)
class Storm:
    """An event that outside sources document."""

    name: str
    first: date
    last: date
    facts: str
    sources: tuple[str, ...]
    expected: tuple[date, ...]
    """Days whose window must have drifted; the others from first to last may have."""

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


STORMS = (
    Storm(
        name="the blizzard of 8-9 February 2013 (Nemo)",
        first=date(2013, 2, 8),
        last=date(2013, 2, 9),
        facts=(
            "LaGuardia and Newark stopped all flights on Friday afternoon, JFK in the evening; they "
            "reopened on Saturday morning. Airlines cancelled more than 5,000 flights."
        ),
        sources=(
            "https://en.wikipedia.org/wiki/Early_February_2013_North_American_blizzard",
            "https://en.tengrinews.kz/disasters/Storm-stops-all-flights-in-and-out-of-New-York--16841/ (AFP)",
            "http://www.newstribune.com/news/2013/feb/09/flights-resume-nyc-airports-after-snowstorm/ (AP)",
        ),
        expected=(date(2013, 2, 8), date(2013, 2, 9)),
    ),
    Storm(
        name="the nor'easter of 6-8 March 2013",
        first=date(2013, 3, 6),
        last=date(2013, 3, 8),
        facts=(
            "It reached the East Coast on Wednesday and stalled off New England on Friday; New York expected "
            "snow by Friday morning."
        ),
        sources=("https://en.wikipedia.org/wiki/March_2013_nor%27easter",),
        expected=(date(2013, 3, 8),),
    ),
)

CAUSE_FEATURE = "dep_delay"
"""A cancelled flight has no departure delay: every storm must show here."""


@dataclass(frozen=True)
class Finding:
    """One drifted feature, in words."""

    feature: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What Sentinel said of one day."""

    day: date
    rows: int
    state: str
    severity: str | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(finding.feature for finding in self.findings)


def storm_of(day: date) -> Storm | None:
    return next((storm for storm in STORMS if storm.holds(day)), None)


def shortcomings(verdicts: Sequence[Verdict], days: Sequence[date]) -> list[str]:
    """What should have been found and was not, one sentence each; empty when the demo succeeded."""
    seen = {verdict.day for verdict in verdicts}
    problems = [f"no verdict for {day}" for day in days if day not in seen]
    return problems + [text for verdict in verdicts if (text := _surprise(verdict))]


def _surprise(verdict: Verdict) -> str | None:
    storm, day = storm_of(verdict.day), verdict.day
    if storm is None:
        return None if verdict.state == "ok" else f"{day} is {verdict.state}; a quiet day was expected"
    if day not in storm.expected:
        return None
    if verdict.state != "drift":
        return f"{day} is {verdict.state}; drift was expected"
    return None if CAUSE_FEATURE in verdict.features else f"{day} drifted, but not in {CAUSE_FEATURE}"
