"""What makes the demo a success, and what it says otherwise."""

from __future__ import annotations

from datetime import date, timedelta

from mlflow_sentinel_plugin.demo.story import STORMS, Finding, Verdict, shortcomings, storm_of

DAYS = [date(2013, 2, 1) + timedelta(days=n) for n in range(36)]
EXPECTED = {day for storm in STORMS for day in storm.expected}
CANCELLED = (Finding("dep_delay", "51% missing (1.9% in training)"),)


def verdicts(**changed: Verdict) -> list[Verdict]:
    usual = [
        Verdict(day, 900, "drift", "high", CANCELLED) if day in EXPECTED else Verdict(day, 900, "ok")
        for day in DAYS
    ]
    return [changed.get(f"{verdict.day:%b%d}", verdict) for verdict in usual]


def test_quiet_days_and_storms_are_a_success() -> None:
    assert shortcomings(verdicts(), DAYS) == []


def test_a_quiet_storm_is_a_shortcoming() -> None:
    quiet = Verdict(date(2013, 2, 8), 930, "ok")
    assert shortcomings(verdicts(Feb08=quiet), DAYS) == ["2013-02-08 is ok; drift was expected"]


def test_a_storm_seen_only_elsewhere_is_a_shortcoming() -> None:
    rain = Verdict(date(2013, 2, 8), 930, "drift", "low", (Finding("precip", "KS distance 0.30"),))
    assert shortcomings(verdicts(Feb08=rain), DAYS) == ["2013-02-08 drifted, but not in dep_delay"]


def test_a_false_alarm_is_a_shortcoming() -> None:
    alarm = Verdict(date(2013, 2, 20), 900, "drift", "high", CANCELLED)
    assert shortcomings(verdicts(Feb20=alarm), DAYS) == ["2013-02-20 is drift; a quiet day was expected"]


def test_a_storms_milder_days_may_go_either_way() -> None:
    mild = Verdict(date(2013, 3, 6), 900, "drift", "low", (Finding("wind_speed", "KS distance 0.60"),))
    assert shortcomings(verdicts(Mar06=mild), DAYS) == []


def test_more_than_ten_quiet_days_come_before_the_last_storm() -> None:
    quiet = [day for day in DAYS if storm_of(day) is None]
    assert len([day for day in quiet if date(2013, 2, 9) < day < date(2013, 3, 6)]) == 24


def test_a_day_without_a_verdict_is_named_once() -> None:
    seen = [verdict for verdict in verdicts() if verdict.day != date(2013, 2, 9)]
    assert shortcomings(seen, DAYS) == ["no verdict for 2013-02-09"]


def test_each_storm_names_a_source_and_holds_its_expected_days() -> None:
    for storm in STORMS:
        assert storm.sources
        assert all(storm_of(day) is storm for day in storm.expected)
    assert storm_of(date(2013, 2, 7)) is None
