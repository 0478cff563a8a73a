"""What the engine costs beside a plain loop over scipy and numpy that computes the same scores.

    python tests/benchmarks/engine.py [--only NAME ...] [--scale 0.1] [--json]

Four workloads, each with ``psi``, ``ks_test`` and ``js_divergence`` for every column:

- ``large``: one window of 100,000 rows, 20 numeric and 5 text columns; reference of 1,000,000 rows
- ``wide``: one window of 10,000 rows, 500 numeric columns; reference of 100,000 rows
- ``batches``: one window of 1,000,000 rows in 1000 batches, 20 numeric columns; reference of 1,000,000
- ``many``: 500 windows of 2000 rows, 20 numeric columns; reference of 100,000 rows

Contenders, each in a process of its own: ``loop`` calls scipy and numpy on the samples; ``tuned`` is that
loop with all that depends on the reference alone computed once; ``ours`` counts on a baseline learned before,
and ``calibrated`` is ours with the default rule's tests on top. Peers (``evidently``) run if installed. CPU
seconds are those of all threads; memory is the peak over what the inputs and the set-up hold; the error is
the largest difference of D from ``scipy.stats.ks_2samp``.

Two more runs say whether memory stays flat: ``flat`` folds 10, 100 and 1000 batches, ``parquet`` profiles a
file of 10,000,000 rows. Linux only: memory is read from ``/proc``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats
from scipy.spatial.distance import jensenshannon

METRICS = ("psi", "ks_test", "js_divergence")
ZERO_SHARE = 1e-4
CONTENDERS = ("loop", "tuned", "ours", "calibrated", "evidently")
Columns = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """Sizes, and how many times less CPU than the loop is wanted."""

    numeric: int
    texts: int
    reference: int
    rows: int
    windows: int = 1
    batches: int = 1
    wanted: int = 0

    def scaled(self, factor: float) -> Workload:
        """The same with fewer rows."""
        sizes = (max(1000, round(n * factor)) for n in (self.reference, self.rows))
        return Workload(self.numeric, self.texts, *sizes, self.windows, self.batches, self.wanted)


WORKLOADS = {
    "large": Workload(20, 5, 1_000_000, 100_000, wanted=50),
    "wide": Workload(500, 0, 100_000, 10_000, wanted=50),
    "batches": Workload(20, 0, 1_000_000, 1_000_000, batches=1000, wanted=6),
    "many": Workload(20, 0, 100_000, 2000, windows=500, wanted=60),
}


def columns(load: Workload, rows: int, seed: int, shift: float = 0.0) -> Columns:
    """Normal, skewed, tied and zero-inflated numbers; texts of 5, 20, 80 ... levels."""
    r = np.random.default_rng(seed)
    draws: list[Callable[[], Any]] = [
        lambda: r.normal(shift, 1, rows),
        lambda: r.lognormal(shift, 1, rows),
        lambda: r.poisson(4 + shift, rows).astype(float),
        lambda: np.where(r.random(rows) < 0.4, 0.0, r.exponential(1 + shift, rows)),
    ]
    found: Columns = {f"n{i}": draws[i % len(draws)]() for i in range(load.numeric)}
    for i in range(load.texts):
        levels = np.array([f"level {k}" for k in range(5 * 4**i)], object)
        found[f"t{i}"] = levels[np.minimum(r.geometric(3 / levels.size, rows) - 1, levels.size - 1)]
    return found


def windows(load: Workload) -> Iterator[Columns]:
    return (columns(load, load.rows, 1000 + i, 0.02) for i in range(load.windows))


def numeric_scores(reference: Any, window: Any) -> tuple[float, float, float]:
    """psi, D and js of two samples, as one would write it."""
    inner = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    bins = np.concatenate([[-np.inf], inner, [np.inf]])
    p, q = (np.histogram(x, bins)[0] / x.size for x in (reference, window))
    return _psi(p, q), float(stats.ks_2samp(reference, window, method="asymp").statistic), _js(p, q)


def text_scores(reference: Any, window: Any) -> tuple[float, float]:
    """psi and js of two samples of texts."""
    both = pd.concat([pd.Series(reference).value_counts(), pd.Series(window).value_counts()], axis=1).fillna(
        0
    )
    p, q = (both.iloc[:, i].to_numpy() / len(x) for i, x in enumerate((reference, window)))
    return _psi(p, q), _js(p, q)


def _psi(p: Any, q: Any) -> float:
    p, q = (np.where(x == 0, ZERO_SHARE, x) for x in (p, q))
    return float(((q - p) * np.log(q / p)).sum())


def _js(p: Any, q: Any) -> float:
    return float(jensenshannon(p, q, base=2) ** 2)


@dataclass
class Run:
    """What a contender took, and its D per window and numeric column."""

    cpu: float
    peak_mb: float
    distances: list[list[float]]
    setup_cpu: float = 0.0


class Measured:
    """CPU seconds of blocks, and peak memory from here on over what is held now."""

    def __init__(self) -> None:
        self.cpu = 0.0
        Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
        self._before = _memory_mb("VmRSS")

    def __enter__(self) -> None:
        self._start = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._start

    def run(self, distances: list[list[float]], setup_cpu: float = 0.0) -> Run:
        return Run(self.cpu, max(0.0, _memory_mb("VmHWM") - self._before), distances, setup_cpu)


def _memory_mb(what: str) -> float:
    """``VmRSS``: memory held now; ``VmHWM``: at most so far."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[what].split()[0]) / 1024


def run_loop(load: Workload) -> Run:
    reference = columns(load, load.reference, 0)
    found, clock = [], Measured()
    for window in windows(load):
        with clock:
            scores = {
                name: (numeric_scores if name[0] == "n" else text_scores)(reference[name], values)
                for name, values in window.items()
            }
        found.append([scores[name][1] for name in scores if name[0] == "n"])
    return clock.run(found)


def run_tuned(load: Workload) -> Run:
    reference = columns(load, load.reference, 0)
    ready = {name: _prepared(values) for name, values in reference.items()}
    found, clock = [], Measured()
    for window in windows(load):
        with clock:
            found.append([d for n, v in window.items() if (d := _tuned(ready[n], v)) is not None])
    return clock.run(found)


def _prepared(reference: Any) -> Any:
    if reference.dtype == object:
        return pd.Series(reference).value_counts(normalize=True)
    inner = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    bins = np.concatenate([[-np.inf], inner, [np.inf]])
    return np.sort(reference), bins, np.histogram(reference, bins)[0] / reference.size


def _tuned(ready: Any, window: Any) -> float | None:
    if isinstance(ready, pd.Series):
        both = pd.concat([ready, pd.Series(window).value_counts(normalize=True)], axis=1).fillna(0)
        p, q = both.iloc[:, 0].to_numpy(), both.iloc[:, 1].to_numpy()
        _psi(p, q), _js(p, q)
        return None
    ordered, bins, p = ready
    window = np.sort(window)
    q = np.diff(np.searchsorted(window, bins)) / window.size
    _psi(p, q), _js(p, q)
    at, n = np.arange(window.size), window.size
    above = np.searchsorted(ordered, window, "right") / ordered.size - (at + 1) / n
    below = at / n - np.searchsorted(ordered, window, "left") / ordered.size
    last = np.append(window[1:] != window[:-1], True)
    first = np.append(True, window[1:] != window[:-1])
    d = max(np.abs(above[last]).max(), np.abs(below[first]).max())
    stats.kstwobign.sf(d * np.sqrt(n * ordered.size / (n + ordered.size)))
    return float(d)


def run_ours(load: Workload, rule: str = "thresholds") -> Run:
    from mlflow_sentinel_plugin import Baseline, Detector

    start = time.process_time()
    baseline = Baseline.from_data(_table(columns(load, load.reference, 0)))
    detector = Detector(baseline, rule=rule, metrics=METRICS)
    setup, found, clock = time.process_time() - start, [], Measured()
    for window in windows(load):
        batches = _batches(_table(window), load.batches)
        with clock:
            result = detector.check(baseline.profile(batches))
        found.append([result.features[n].metrics["ks_test"].value or 0.0 for n in window if n[0] == "n"])
    return clock.run(found, setup)


def run_calibrated(load: Workload) -> Run:
    return run_ours(load, "calibrated")


def run_evidently(load: Workload) -> Run:
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    reference = Dataset.from_pandas(pd.DataFrame(columns(load, load.reference, 0)))
    clock = Measured()
    for window in windows(load):
        with clock:
            current = Dataset.from_pandas(pd.DataFrame(window))
            for method in ("psi", "ks", "jensenshannon"):
                Report([DataDriftPreset(num_method=method)]).run(current, reference)
    return clock.run([])


def _table(data: Columns) -> pa.Table:
    return pa.table(data)


def _batches(table: pa.Table, count: int) -> Any:
    size = -(-table.num_rows // count)
    return table if count == 1 else [table.slice(i, size) for i in range(0, table.num_rows, size)]


def run_flat(_: Workload) -> dict[str, float]:
    """Peak memory above the baseline of 10 and of 1000 batches of 10,000 rows, made as they are read."""
    from mlflow_sentinel_plugin import Baseline

    load = WORKLOADS["many"]
    baseline = Baseline.from_data(_table(columns(load, load.reference, 0)))
    peaks = {}
    for count in (10, 100, 1000):
        clock = Measured()
        with clock:
            baseline.profile(_table(columns(load, 10_000, i)) for i in range(count))
        peaks[f"{count} batches, MB"] = clock.run([]).peak_mb
    return peaks


def run_parquet(load: Workload) -> dict[str, float]:
    """Memory and CPU of a file of 10,000,000 rows, above what imports and the baseline take."""
    from mlflow_sentinel_plugin import Baseline

    before = _memory_mb("VmRSS")
    baseline = Baseline.from_data(_table(columns(load, 100_000, 0)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        _write_parquet(load, path)
        file = pq.ParquetFile(path, pre_buffer=False)
        clock = Measured()
        with clock:
            profile = baseline.profile(file.iter_batches(65_536))
    return {
        "rows": float(profile.rows),
        "CPU seconds": clock.cpu,
        "MB above import": _memory_mb("VmHWM") - before,
        "of these while counting": clock.run([]).peak_mb,
    }


def _write_parquet(load: Workload, path: Path) -> None:
    """Written by another process, so that its memory does not count."""
    code = (
        "import sys, pyarrow.parquet as pq; sys.path.insert(0, sys.argv[1]); import engine\n"
        f"load = engine.Workload{(load.numeric, load.texts, 1, 1)}\n"
        "first = engine._table(engine.columns(load, 100_000, 1))\n"
        "with pq.ParquetWriter(sys.argv[2], first.schema) as out:\n"
        f"    for i in range({load.rows // 100_000}): out.write_table(first)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), str(path)], check=True)


RUNS: dict[str, Callable[[Workload], Run]] = {
    "loop": run_loop,
    "tuned": run_tuned,
    "ours": run_ours,
    "calibrated": run_calibrated,
    "evidently": run_evidently,
}


def measured(name: str, contender: str, scale: float) -> dict[str, Any]:
    """One contender on one workload, in a process of its own."""
    command = [sys.executable, __file__, "--child", name, contender, "--scale", str(scale)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(found.stdout))


def child(name: str, contender: str, scale: float) -> dict[str, Any]:
    if name == "flat":
        return run_flat(WORKLOADS["many"])
    if name == "parquet":
        return run_parquet(Workload(10, 2, 0, round(10_000_000 * scale)))
    return vars(RUNS[contender](WORKLOADS[name].scaled(scale)))


def compared(name: str, scale: float) -> dict[str, Any]:
    """All contenders on one workload; prints a line for each."""
    runs = {c: measured(name, c, scale) for c in CONTENDERS if c != "evidently" or find_spec(c)}
    exact = np.array(runs["loop"].pop("distances"))
    print(f"\n{name}: {WORKLOADS[name].scaled(scale)}")
    for contender, run in runs.items():
        distances = np.array(run.pop("distances", []))
        run["ks_error"] = float(np.abs(distances - exact).max()) if distances.size else 0.0
        run["times_less_cpu"] = runs["loop"]["cpu"] / run["cpu"]
        print(
            f"  {contender:<11}{run['cpu']:9.3f} s CPU {run['times_less_cpu']:8.1f} x less"
            f"{run['peak_mb']:9.0f} MB  D off by {run['ks_error']:.1e}  set-up {run['setup_cpu']:.2f} s"
        )
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, "flat", "parquet"])
    parser.add_argument("--scale", type=float, default=1.0, help="rows, as a share of the full size")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--child", nargs=2, metavar=("NAME", "CONTENDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(*given.child, given.scale)))
        return
    results = {}
    for name in given.only or [*WORKLOADS, "flat", "parquet"]:
        if name in WORKLOADS:
            results[name] = compared(name, given.scale)
        else:
            results[name] = measured(name, "ours", given.scale)
            print(f"\n{name}: " + ", ".join(f"{k} {v:,.1f}" for k, v in results[name].items()))
    if given.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
