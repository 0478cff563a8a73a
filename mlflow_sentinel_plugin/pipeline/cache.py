"""Baselines that were read lately: they never change, and reading one takes a while."""

from __future__ import annotations

import threading
from collections import OrderedDict

from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import baselines
from mlflow_sentinel_plugin.store.engine import Database

MAX_BYTES = 32 * 2**20
"""Stored bytes of all baselines kept; in memory they take a few times as much."""


class BaselineCache:
    """Loads baselines by id and keeps those used last. Safe to share between threads."""

    def __init__(self, db: Database, max_bytes: int = MAX_BYTES) -> None:
        self._db = db
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Baseline, int]] = OrderedDict()

    def get(self, baseline_id: str) -> Baseline:
        """The baseline of that id.

        Raises:
            NotFound: there is none.
            CorruptData: its bytes are damaged.
        """
        with self._lock:
            if baseline_id in self._kept:
                self._kept.move_to_end(baseline_id)
                return self._kept[baseline_id][0]
        with self._db.read() as session:
            data = baselines.load(session, baseline_id)
        baseline = Baseline.from_bytes(data)
        self._keep(baseline_id, baseline, len(data))
        return baseline

    def _keep(self, baseline_id: str, baseline: Baseline, size: int) -> None:
        with self._lock:
            self._kept[baseline_id] = (baseline, size)
            while len(self._kept) > 1 and sum(kept for _, kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
