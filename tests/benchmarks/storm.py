"""1,000 monitors drift in one tick, and recover: messages of each receiver, time and memory.

Run: ``python tests/benchmarks/storm.py [monitors]``
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from mlflow_sentinel_plugin.alert import digest
from mlflow_sentinel_plugin.alert.decide import FeatureFinding, Finding
from mlflow_sentinel_plugin.alert.deliver import deliver_due
from mlflow_sentinel_plugin.alert.message import Message, Subject
from mlflow_sentinel_plugin.alert.outbox import GROUP_MS, Alerting, record
from mlflow_sentinel_plugin.alert.sink import Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


class Counting(Sink):
    """Counts what it is sent."""

    def __init__(self, name: str) -> None:
        super().__init__(name, SinkSettings())
        self.sent: list[str] = []

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        """Keep the title."""
        self.sent.append(message.title)


def main(count: int) -> None:
    """Print a line for each phase."""
    features = tuple(FeatureFinding(f"feature {n}", "psi", 0.5, 0.2, "moved", 500) for n in range(20))
    drift = Finding("", "drift", True, "high", "20 features moved", features)
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(f"sqlite:///{Path(folder) / 'storm.db'}")
        migrate.upgrade(db)
        sinks = [Counting(name) for name in ("chat", "ops", "pager")]
        every = Sinks({sink.name: sink for sink in sinks})
        alerting = Alerting(sinks=every.names, group_ms=GROUP_MS)
        for label, finding in (
            ("drift", drift),
            ("clean", replace(drift, active=False)),
            ("clean", replace(drift, active=False)),
        ):
            begun = time.monotonic()
            for number in range(count):
                name = f"monitor {number}"
                with db.write() as session:
                    subject = Subject("default", f"{number:032}", name, "0")
                    record(session, alerting, subject, [finding], now_ms())
            recorded = time.monotonic()
            with db.write() as session:
                digest.release(session, None, now_ms())
            released = time.monotonic()
            while deliver_due(db, every, now_ms, "storm"):
                pass
            sent = {sink.name: len(sink.sent) for sink in sinks}
            print(
                f"{label}: {count} recorded in {recorded - begun:.1f} s, "
                f"grouped in {released - recorded:.2f} s, "
                f"sent so far {sent}, peak memory {_peak_mb():.0f} MB"
            )
        print("chat got:", *sinks[0].sent, sep="\n  ")
        db.close()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
