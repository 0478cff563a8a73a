"""The report reads well and hides nothing."""

from __future__ import annotations

from datetime import date

import click

from mlflow_sentinel_plugin.demo.report import report, webhook_line
from mlflow_sentinel_plugin.demo.story import Finding, Verdict

THURSDAY, FRIDAY = date(2013, 2, 7), date(2013, 2, 8)


def plain(*verdicts: Verdict) -> list[str]:
    return [click.unstyle(line).strip() for line in report(verdicts)]


def test_quiet_days_fold_into_one_line() -> None:
    assert plain(Verdict(date(2013, 2, 6), 901, "ok"), Verdict(THURSDAY, 932, "ok")) == [
        "● Wed 6 Feb to Thu 7 Feb: 2 days ok (1,833 flights)"
    ]


def test_a_drifted_day_says_what_moved_and_what_happened() -> None:
    lines = plain(Verdict(FRIDAY, 930, "drift", "high", (Finding("dep_delay", "51% missing"),)))
    assert lines[0] == "▲ Fri 8 Feb: drift, high; dep_delay 51% missing"
    assert "blizzard" in lines[1]
    assert lines[2].startswith("Source: https://en.wikipedia.org/")


def test_a_cause_is_told_once_for_neighbouring_days() -> None:
    days = [Verdict(day, 900, "drift", "high") for day in (FRIDAY, date(2013, 2, 9))]
    assert sum("That was" in line for line in plain(*days)) == 1


def test_a_drifted_day_without_a_known_cause_is_shown_all_the_same() -> None:
    assert plain(Verdict(THURSDAY, 932, "drift", "low", (Finding("temp", "KS distance 0.40"),))) == [
        "▲ Thu 7 Feb: drift, low; temp KS distance 0.40"
    ]


def test_other_states_are_named_in_words() -> None:
    assert plain(Verdict(THURSDAY, 12, "insufficient_data")) == ["▲ Thu 7 Feb: insufficient data"]


def test_only_the_worst_features_are_spelled_out() -> None:
    moved = tuple(Finding(f"f{n}", "moved") for n in range(6))
    assert plain(Verdict(THURSDAY, 932, "drift", "low", moved))[0].endswith("f3 moved; 2 more")


def test_a_webhook_is_one_line() -> None:
    message = {"type": "drift.alert.firing", "data": {"severity": "high", "summary": "Drift in 1 column."}}
    assert webhook_line(message).strip() == "drift.alert.firing, high: Drift in 1 column."
