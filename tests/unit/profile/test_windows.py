"""Where windows begin and end, and when they close."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_sentinel_plugin.clock import from_rfc3339, to_rfc3339
from mlflow_sentinel_plugin.entities import WindowSpec
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.windows import (
    MAX_MS,
    CountPiece,
    Progress,
    bounds,
    closes,
    cut,
    cut_by_count,
    spec_text,
)

MINUTE, HOUR = 60_000, 3_600_000
DAY, WEEK = 24 * HOUR, 7 * 24 * HOUR
ZONES = ["UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
CLOCK_CHANGES = [
    "2011-12-29T00",
    "2026-03-28T20",
    "2026-04-04T12",
    "2026-10-03T12",
    "2026-10-24T20",
    "2026-11-01T00",
]


def window(at: str, period_ms: int, zone: str) -> tuple[str, str]:
    found = bounds(from_rfc3339(at), period_ms, zone)
    return str(to_rfc3339(found.start_ms))[:16], str(to_rfc3339(found.end_ms))[:16]


@pytest.mark.parametrize(
    ("at", "period_ms", "zone", "start", "end"),
    [
        ("2026-11-25T05:30:00Z", HOUR, "UTC", "2026-11-25T05:00", "2026-11-25T06:00"),
        ("2026-11-25T06:00:00Z", HOUR, "UTC", "2026-11-25T06:00", "2026-11-25T07:00"),
        ("2026-11-25T05:29:59.999Z", 15 * MINUTE, "UTC", "2026-11-25T05:15", "2026-11-25T05:30"),
        ("2026-11-25T05:40:00Z", HOUR, "Asia/Kolkata", "2026-11-25T05:30", "2026-11-25T06:30"),
        ("2026-07-01T22:30:00Z", DAY, "Europe/Berlin", "2026-07-01T22:00", "2026-07-02T22:00"),
        ("2026-11-25T05:30:00Z", WEEK, "UTC", "2026-11-23T00:00", "2026-11-30T00:00"),
        ("1970-01-01T00:00:00Z", WEEK, "UTC", "1969-12-29T00:00", "1970-01-05T00:00"),
    ],
)
def test_a_period_window_is_aligned_in_the_time_zone(
    at: str, period_ms: int, zone: str, start: str, end: str
) -> None:
    assert window(at, period_ms, zone) == (start, end)


@pytest.mark.parametrize(
    ("at", "zone", "start", "end"),
    [
        ("2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00"),
        # midnight itself is skipped, comes twice, and belongs to a day that never was
        ("2018-11-04T05:30:00Z", "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T02:00"),
        ("2026-11-01T05:30:00Z", "America/Havana", "2026-11-01T04:00", "2026-11-02T05:00"),
        ("2011-12-30T11:00:00Z", "Pacific/Apia", "2011-12-30T10:00", "2011-12-31T10:00"),
    ],
)
def test_a_day_is_the_local_day_when_the_clock_is_changed(at: str, zone: str, start: str, end: str) -> None:
    assert window(at, DAY, zone) == (start, end)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        ("2026-03-29T01:30:00Z", "2026-03-28T23:00", "2026-03-29T04:00"),
        ("2026-10-25T01:30:00Z", "2026-10-24T22:00", "2026-10-25T05:00"),
    ],
)
def test_six_hours_keep_to_the_wall_clock_when_it_is_changed(at: str, start: str, end: str) -> None:
    assert window(at, 6 * HOUR, "Europe/Berlin") == (start, end)


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    first = window("2026-10-25T00:30:00Z", HOUR, "Europe/Berlin")
    second = window("2026-10-25T01:30:00Z", HOUR, "Europe/Berlin")

    assert first == ("2026-10-25T00:00", "2026-10-25T01:00")
    assert second == ("2026-10-25T01:00", "2026-10-25T02:00")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "period_ms", [MINUTE, 7 * MINUTE, 45 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 36 * HOUR]
)
def test_windows_follow_one_another_without_gap_or_overlap(zone: str, period_ms: int) -> None:
    for text in CLOCK_CHANGES:
        at = from_rfc3339(text + ":00:00Z")
        until = at + 6 * HOUR
        while at < until:
            found = bounds(at, period_ms, zone)
            assert found.start_ms <= at < found.end_ms
            middle = (found.start_ms + found.end_ms) // 2
            for inside in (found.start_ms, middle, found.end_ms - 1):
                assert bounds(inside, period_ms, zone) == found
            at = found.end_ms
            assert bounds(at, period_ms, zone).start_ms == at


@pytest.mark.parametrize("at_ms", [-1, MAX_MS, 10**18])
def test_a_time_out_of_range_is_refused(at_ms: int) -> None:
    with pytest.raises(InvalidInput, match="out of range"):
        bounds(at_ms, HOUR, "UTC")


def test_a_window_that_ends_after_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidInput, match="after the year 9999"):
        bounds(0, 10_000 * 366 * DAY, "UTC")


def test_cutting_gives_each_row_to_the_window_that_holds_its_time() -> None:
    times = np.array([2 * HOUR + 1, 5, HOUR, 7, 2 * HOUR], dtype=np.int64)

    pieces = cut(times, HOUR, "UTC")

    assert [(p.bounds.start_ms, p.indices.tolist()) for p in pieces] == [
        (0, [1, 3]),
        (HOUR, [2]),
        (2 * HOUR, [0, 4]),
    ]


def test_cutting_nothing_gives_nothing() -> None:
    assert cut(np.array([], dtype=np.int64), HOUR, "UTC") == []


def test_cutting_by_count_fills_the_open_window_first() -> None:
    assert list(cut_by_count(rows=7, full_at=3, ordinal=4, filled=1)) == [
        CountPiece(4, 0, 2),
        CountPiece(5, 2, 5),
        CountPiece(6, 5, 7),
    ]


def test_cutting_by_count_leaves_a_full_window_alone() -> None:
    assert list(cut_by_count(rows=2, full_at=3, ordinal=4, filled=3)) == [CountPiece(5, 0, 2)]


@pytest.mark.parametrize(
    ("progress", "now_ms", "expected"),
    [
        # a row at least `lateness` newer than the end
        (
            Progress(rows=9, end_ms=HOUR, last_arrival_ms=10 * HOUR, watermark_ms=HOUR + 5 * MINUTE),
            10 * HOUR,
            True,
        ),
        (
            Progress(rows=9, end_ms=HOUR, last_arrival_ms=10 * HOUR, watermark_ms=HOUR + 299_999),
            10 * HOUR,
            False,
        ),
        # quiet for `lateness` since the last arrival, or since the end
        (
            Progress(rows=9, end_ms=HOUR, last_arrival_ms=10 * HOUR, watermark_ms=0),
            10 * HOUR + 5 * MINUTE,
            True,
        ),
        (
            Progress(rows=9, end_ms=HOUR, last_arrival_ms=10 * HOUR, watermark_ms=0),
            10 * HOUR + 299_999,
            False,
        ),
        (Progress(rows=9, end_ms=HOUR, last_arrival_ms=0), HOUR + 5 * MINUTE, True),
        (Progress(rows=9, end_ms=HOUR, last_arrival_ms=0), HOUR + 299_999, False),
        # by count: when full, however long ago
        (Progress(rows=9, end_ms=0, last_arrival_ms=0, full_at=10), WEEK, False),
        (Progress(rows=10, end_ms=0, last_arrival_ms=0, full_at=10), 0, True),
    ],
)
def test_a_window_closes_when_complete(progress: Progress, now_ms: int, expected: bool) -> None:
    assert closes(progress, lateness_ms=5 * MINUTE, now_ms=now_ms) is expected


def test_the_cut_is_written_as_its_setting_and_zone() -> None:
    assert spec_text(WindowSpec(period="1h"), "Europe/Berlin") == "1h Europe/Berlin"
    assert spec_text(WindowSpec(rows=500), "Europe/Berlin") == "500 rows"
