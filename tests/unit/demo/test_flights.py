"""The data is what its README says, and the storm is in it, untouched."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from mlflow_sentinel_plugin.demo.flights import FEATURES, TIMESTAMP, live_days, load_flights, training_rows


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    return load_flights()


def test_flights_are_in_time_order(flights: pd.DataFrame) -> None:
    assert flights[TIMESTAMP].is_monotonic_increasing
    assert len(flights) == 59_464


def test_training_is_january_by_new_york_time(flights: pd.DataFrame) -> None:
    training = training_rows(flights)
    assert (training["day"].min(), training["day"].max()) == (date(2013, 1, 1), date(2013, 1, 31))
    assert len(training) == 27_004


def test_every_day_from_february_to_8_march_is_replayed_once(flights: pd.DataFrame) -> None:
    days = [day for day, _ in live_days(flights)]
    assert days == [moment.date() for moment in pd.date_range("2013-02-01", "2013-03-08")]
    assert len(training_rows(flights)) + sum(len(rows) for _, rows in live_days(flights)) == len(flights)


def test_most_flights_of_the_blizzard_never_left(flights: pd.DataFrame) -> None:
    cancelled = flights["dep_delay"].isna().groupby(flights["day"]).mean()
    assert cancelled[date(2013, 2, 8)] == pytest.approx(472 / 930)
    assert cancelled[date(2013, 2, 9)] == pytest.approx(393 / 684)


def test_a_flight_that_never_arrived_counts_as_late(flights: pd.DataFrame) -> None:
    assert flights.loc[flights["arr_delay"].isna(), "late"].all()
    assert not flights.loc[flights["arr_delay"] == 15, "late"].any()


def test_only_delays_and_weather_have_gaps(flights: pd.DataFrame) -> None:
    gaps = flights[list(FEATURES)].isna().any()
    assert set(gaps[gaps].index) == {"dep_delay", "temp", "wind_speed", "visib", "precip"}
