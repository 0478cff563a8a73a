"""The demo's data: flights out of New York in early 2013 (see ``data/README.md`` for source and licence)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib import resources

import pandas as pd

TIMEZONE = "America/New_York"
TIMESTAMP = "sched_dep"
TARGET = "late"
CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = ("hour", "distance", "dep_delay", "temp", "wind_speed", "visib", "precip")
FEATURES = (*CATEGORIES, *NUMBERS)
LATE_MINUTES = 15
TRAINING_ENDS = date(2013, 2, 1)


def load_flights() -> pd.DataFrame:
    """Every scheduled departure of 1 January to 8 March 2013, in time order.

    Adds ``late`` (more than 15 minutes late at its destination, or never there) and ``day`` (local date).
    """
    source = resources.files("mlflow_sentinel_plugin.demo") / "data" / "flights.parquet"
    with resources.as_file(source) as path:
        flights: pd.DataFrame = pd.read_parquet(path)
    flights[TARGET] = ~(flights["arr_delay"] <= LATE_MINUTES)
    flights["day"] = flights[TIMESTAMP].dt.tz_convert(TIMEZONE).dt.date
    return flights


def training_rows(flights: pd.DataFrame) -> pd.DataFrame:
    """January: what the model is trained on and what its baseline is made of."""
    january: pd.DataFrame = flights[flights["day"] < TRAINING_ENDS]
    return january


def live_days(flights: pd.DataFrame) -> Iterator[tuple[date, pd.DataFrame]]:
    """The days after January, in order, each with its flights."""
    live = flights[flights["day"] >= TRAINING_ENDS]
    for day, rows in live.groupby("day", sort=True):
        assert isinstance(day, date)
        yield day, rows
