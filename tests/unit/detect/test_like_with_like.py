"""A feature with a season is compared with the reference's rows of the same hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.phases import phase_shares
from mlflow_sentinel_plugin.detect.result import WindowResult
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.season import DAY_OF_WEEK, HOUR_OF_DAY

HOUR = 3_600_000
MONDAY = 1_767_571_200_000
DAYS = 14
PER_HOUR = 40


def rows(first_hour: int, hours: int, seed: int, move: float = 0.0) -> dict[str, NDArray[Any]]:
    """``temperature`` swings by 2 sd within a day, ``still`` does not."""
    r = np.random.default_rng(seed)
    at = np.sort(r.uniform(first_hour, first_hour + hours, hours * PER_HOUR))
    return {
        "temperature": r.normal(size=at.size) + 2 * np.sin(2 * np.pi * at / 24) + move,
        "still": r.normal(size=at.size),
        "at": np.array(MONDAY + at * HOUR, "datetime64[ms]"),
    }


BASELINE = Baseline.from_data(rows(0, DAYS * 24, 1), timestamp="at")


def judged(
    first_hour: int, hours: int, seed: int, move: float = 0.0, detector: Detector | None = None
) -> WindowResult:
    profile = BASELINE.profile(rows(first_hour, hours, seed, move))
    start = MONDAY + first_hour * HOUR
    return (detector or Detector(BASELINE)).check(profile, start=start, end=start + hours * HOUR)


def names(result: WindowResult) -> list[str]:
    return [signal.name for signal in result.signals]


@pytest.mark.parametrize("hour", [6, 12, 18])
def test_an_hour_that_is_like_that_hour_of_other_days_is_no_drift(hour: int) -> None:
    assert names(judged(DAYS * 24 + hour, 2, 2)) == []


def test_a_whole_week_of_still_hours_raises_no_alarm() -> None:
    detector = Detector(BASELINE)

    found = [names(judged(DAYS * 24 + 2 * i, 2, 100 + i, detector=detector)) for i in range(84)]

    assert found == [[]] * 84


def test_noon_that_is_as_midnight_is_is_drift_though_the_reference_holds_such_values() -> None:
    at_noon = judged(DAYS * 24 + 6, 2, 3, move=-2.0)

    assert names(at_noon) == ["temperature"]
    assert "the same hours of the reference's other weeks" in at_noon.features["temperature"].text


def test_half_an_sd_is_found_within_the_hours_that_it_moves() -> None:
    detector = Detector(BASELINE)

    found = [names(judged(DAYS * 24 + 2 * i, 2, 200 + i, 0.5, detector)) for i in range(4)]

    assert found[-1] == ["temperature"]


def test_windows_without_times_are_compared_with_the_whole_reference() -> None:
    profile = BASELINE.profile(rows(DAYS * 24 + 6, 2, 3, move=-2.0))

    assert names(Detector(BASELINE).check(profile)) == []


def test_bounds_that_are_arrivals_tell_no_hour() -> None:
    assert names(judged(DAYS * 24 + 6, 2, 3, move=-2.0, detector=Detector(BASELINE, timed=False))) == []


def test_a_window_judged_after_a_restart_gets_the_same_verdict() -> None:
    first = Detector(BASELINE)
    for i in range(5):
        judged(DAYS * 24 + i, 1, 300 + i, 0.4, first)
    second = Detector(BASELINE, state=first.state())

    one, two = (judged(DAYS * 24 + 5, 1, 305, 0.4, detector) for detector in (first, second))

    assert one.to_dict() == two.to_dict()


def test_a_feature_without_a_season_is_judged_as_before() -> None:
    timed, untimed = judged(DAYS * 24, 2, 4), Detector(BASELINE).check(BASELINE.profile(rows(336, 2, 4)))

    assert timed.features["still"].p_value == untimed.features["still"].p_value


def test_a_baseline_read_from_bytes_judges_as_the_one_written() -> None:
    again = Baseline.from_bytes(BASELINE.to_bytes())
    start = MONDAY + (DAYS * 24 + 6) * HOUR
    current = rows(DAYS * 24 + 6, 2, 5, -1.0)

    one, two = (
        Detector(b).check(b.profile(current), start=start, end=start + 2 * HOUR) for b in (BASELINE, again)
    )

    assert one.to_dict() == two.to_dict()


def test_a_window_over_several_hours_holds_each_by_the_time_it_covers() -> None:
    shares = phase_shares(MONDAY + 3 * HOUR // 2, MONDAY + 3 * HOUR, HOUR_OF_DAY)

    assert shares[:4].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 0])


def test_monday_is_the_first_day_of_the_week() -> None:
    assert phase_shares(MONDAY, MONDAY + 24 * HOUR, DAY_OF_WEEK).tolist() == [1, 0, 0, 0, 0, 0, 0]
