"""What came before a window, read from the windows themselves: nothing that could go stale is stored.

A verdict depends on the seven windows before it. Their counts are kept in memory by version, so a leader
reads none again while it goes on; after a restart, or where late rows come to an old window, they are read.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping

from mlflow_sentinel_plugin.detect.evidence import Evidence, evidence_of
from mlflow_sentinel_plugin.detect.history import KEPT, History, Memory
from mlflow_sentinel_plugin.errors import CorruptData
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.store import windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Window

MAX_BYTES = 32 * 2**20
"""Counts of all windows kept; those of one of 25 features take about 30 kB."""

_log = logging.getLogger("mlflow_sentinel.score")


class Past:
    """Knows the history of any window. Safe to share between threads."""

    def __init__(self, db: Database, max_bytes: int = MAX_BYTES) -> None:
        self._db = db
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Evidence] = OrderedDict()
        self._size = 0

    def of(self, window: Window, baseline: Baseline) -> History:
        """What a detector needs to know to judge ``window``."""
        with self._db.read() as session:
            earlier = windows.before(session, window, KEPT)
        found = self._evidence(earlier, baseline)
        return History(tuple((found[each.id], Memory.from_json(each.memory)) for each in earlier))

    def _evidence(self, earlier: Collection[Window], baseline: Baseline) -> dict[str, Evidence]:
        with self._lock:
            known = {w.id: self._kept.get((w.id, w.data_version)) for w in earlier}
        missing = [window for window in earlier if known[window.id] is None]
        read = self._read(missing, baseline) if missing else {}
        return {window.id: known[window.id] or read[window.id] for window in earlier}

    def _read(self, missing: Collection[Window], baseline: Baseline) -> Mapping[str, Evidence]:
        with self._db.read() as session:
            counts = windows.counts_of(session, [window.id for window in missing])
        found = {}
        for window in missing:
            version, data = counts.get(window.id, (0, None))
            found[window.id] = evidence_of(
                profile_of(window.id, data, baseline), window.start_ms, window.end_ms
            )
            self._keep((window.id, version), found[window.id])
        return found

    def _keep(self, key: tuple[str, int], evidence: Evidence) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = evidence
                self._size += evidence.nbytes
            while self._size > self._max_bytes and len(self._kept) > KEPT:
                self._size -= self._kept.popitem(last=False)[1].nbytes


def profile_of(window_id: str, data: bytes | None, baseline: Baseline) -> Profile:
    """A window's counts; none if they are damaged or gone."""
    if data is None:
        return baseline.empty_profile()
    try:
        return Profile.from_bytes(data, baseline)
    except CorruptData as error:
        _log.error("window %s is judged without its rows: %s", window_id, error)
        return baseline.empty_profile()
