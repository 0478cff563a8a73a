"""What a large Parquet file costs as a log source: from the file through the inbox into windows.

    python tests/benchmarks/parquet_source.py [--rows 1000000 10000000] [--numeric 8] [--json]

Each size runs in a process of its own, on an SQLite database in a temporary folder: the leader's two jobs,
reading and folding, take turns as they do in a server. CPU seconds are those of all threads and without the
set-up; memory is the peak over what the process holds before it reads. Linux only.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.store import migrate, monitors
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.lease import Lease

GROUP_ROWS = 1 << 17
START_MS = 1_767_225_600_000
DAY_MS = 86_400_000


def piece(rows: int, numeric: int, seed: int, *, start: int = 0, of: int = 1) -> pa.Table:
    """Rows of numbers, a text and an event time that walks through one day."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"n{n}": random.normal(n, 1, rows) for n in range(numeric)}
    columns["city"] = random.choice(["Ulm", "Bonn", "Kiel", "Köln"], rows)
    at = START_MS + (start + np.arange(rows)) * DAY_MS // of
    return pa.table({**columns, "at": pa.array(at, pa.timestamp("ms"))})


def write(path: Path, rows: int, numeric: int) -> None:
    """The file, one row group at a time."""
    with pq.ParquetWriter(path, piece(1, numeric, 0).schema) as writer:
        for start in range(0, rows, GROUP_ROWS):
            count = min(GROUP_ROWS, rows - start)
            writer.write_table(piece(count, numeric, start, start=start, of=rows))


def measure(rows: int, numeric: int) -> dict[str, Any]:
    """Read and fold one file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "x.parquet", rows, numeric)
        source = {"monitor": "m", "path": f"{folder}/*.parquet", "timestamp_column": "at"}
        config = Config.model_validate({"ingest": {"sources": {"x": source}}})
        db = Database.open(f"sqlite:///{folder}/sentinel.db")
        migrate.upgrade(db)
        pipeline = Pipeline(db, config, lambda: START_MS + DAY_MS)
        epoch = Lease(db, "benchmark", ttl_ms=3_600_000).try_acquire()
        assert epoch is not None
        pipeline.register_baseline("m", piece(50_000, numeric, 1).drop_columns(["at"]))
        reader = pipeline.log_reader(TrackingSource())
        held, cpu, wall = _peak_mb(), time.process_time(), time.monotonic()
        busy = True
        while busy:
            busy = reader.read(epoch)
            while pipeline.fold(epoch):
                busy = True
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        with db.read() as session:
            accepted = monitors.get(session, "m").rows_accepted
        db.close()
        assert accepted == rows, f"{accepted} of {rows} rows were counted"
        return {
            "rows": rows,
            "file_mb": round((folder / "x.parquet").stat().st_size / 2**20),
            "cpu_s": round(cpu, 1),
            "wall_s": round(wall, 1),
            "rows_per_cpu_s": round(rows / cpu),
            "held_mb": round(held),
            "peak_over_it_mb": round(_peak_mb() - held),
        }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--numeric", type=int, default=8, help="numeric columns")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--here", action="store_true", help="in this process; for one size")
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(options.rows[0], options.numeric)))
        return
    for rows in options.rows:
        arguments = ["--here", "--rows", str(rows), "--numeric", str(options.numeric)]
        done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True)
        found = json.loads(done.stdout)
        print(json.dumps(found) if options.json else "  ".join(f"{k} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
