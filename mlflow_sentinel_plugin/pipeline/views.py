"""Answers computed on read from stored counts; nothing here changes anything."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.detect.api import WindowResult, compare, histogram
from mlflow_sentinel_plugin.entities import Kind, MonitorSettings, Rule
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.pipeline.judging import detector_of
from mlflow_sentinel_plugin.pipeline.past import Past
from mlflow_sentinel_plugin.pipeline.settings import no_baseline, settings_of, spec_of
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.store import windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window

MAX_KEPT = 64
"""Provisional verdicts remembered: pages ask again every few seconds."""


class Views:
    """Provisional verdicts, distributions and comparisons; any worker, any thread."""

    def __init__(self, db: Database, config: Config, cache: BaselineCache, past: Past) -> None:
        self._db = db
        self._config = config
        self._cache = cache
        self._past = past
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int], WindowResult] = OrderedDict()

    def provisional(self, monitor: Monitor) -> tuple[Window, WindowResult] | None:
        """The open window and what would be said if it closed now; ``None`` while it holds no rows.

        Raises:
            CorruptData: the stored counts are damaged.
        """
        if monitor.baseline_id is None:
            return None
        spec = spec_of(settings_of(self._config, monitor))
        with self._db.read() as session:
            window = windows.newest_open(session, monitor.id, monitor.baseline_id, spec)
        if window is None:
            return None
        key = (window.id, window.data_version, monitor.updated_at)
        with self._lock:
            known = self._kept.get(key)
        return window, known or self._keep(key, self._judged(monitor, window))

    def distribution(
        self, monitor: Monitor, feature: str, window_id: str | None = None
    ) -> tuple[Window, dict[str, Any]]:
        """A feature's reference and window on the same bins, see ``detect.histogram``.

        Args:
            window_id: Default the newest window with data, open or closed.

        Raises:
            Conflict: the monitor has no baseline yet.
            InvalidInput: the baseline does not watch this column.
            NotFound: no such window of this monitor, or its full counts are no longer kept.
        """
        window = self._profiled(monitor, window_id)
        baseline = self._cache.get(window.baseline_id)
        return window, histogram(baseline, Profile.from_bytes(window.profile or b"", baseline), feature)

    def evaluate(
        self,
        current: pa.Table,
        *,
        reference: pa.Table | None = None,
        monitor: Monitor | None = None,
        rule: Rule | None = None,
        kinds: Mapping[str, Kind] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> WindowResult:
        """Compare rows with others, or with the active baseline of a monitor under its settings.

        Args:
            reference: The rows to compare with; without it those of ``monitor``'s baseline.
            rule, metrics: Instead of the monitor's, or of the defaults.
            kinds: Of ``reference``'s columns; a monitor's baseline has its own.

        Raises:
            Conflict: the monitor has no baseline yet.
            InvalidInput: neither or both are given, or names that do not exist.
        """
        if (reference is None) == (monitor is None):
            raise InvalidInput(
                "rows are compared with a reference or with a monitor's baseline",
                hint="give exactly one of reference and monitor",
            )
        if monitor is not None:
            return self._evaluate_live(monitor, current, rule, metrics)
        settings = self._config.resolve(MonitorSettings())
        return compare(
            reference,
            current,
            kinds=kinds,
            rule=rule or settings.rule,
            metrics=metrics,
            thresholds=settings.thresholds,
            min_rows=settings.min_rows,
        )

    def _evaluate_live(
        self, monitor: Monitor, current: pa.Table, rule: Rule | None, metrics: Sequence[str] | None
    ) -> WindowResult:
        settings = settings_of(self._config, monitor)
        changes = {"rule": rule or settings.rule, "algorithms": list(metrics or settings.algorithms)}
        baseline = self._active(monitor)
        return detector_of(settings.model_copy(update=changes), baseline).check(baseline.profile(current))

    def _judged(self, monitor: Monitor, window: Window) -> WindowResult:
        baseline = self._cache.get(window.baseline_id)
        profile = Profile.from_bytes(window.profile or b"", baseline)
        detector = detector_of(settings_of(self._config, monitor), baseline, self._past.of(window, baseline))
        return detector.check(profile, start=window.start_ms, end=window.end_ms)

    def _keep(self, key: tuple[str, int, int], result: WindowResult) -> WindowResult:
        with self._lock:
            self._kept[key] = result
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return result

    def _active(self, monitor: Monitor) -> Baseline:
        if monitor.baseline_id is None:
            raise no_baseline(monitor)
        return self._cache.get(monitor.baseline_id)

    def _profiled(self, monitor: Monitor, window_id: str | None) -> Window:
        with self._db.read() as session:
            if window_id is not None:
                window = windows.get(session, window_id, workspace=monitor.workspace, with_profile=True)
                return _usable(monitor, window)
            if monitor.baseline_id is None:
                raise no_baseline(monitor)
            newest = windows.newest_profiled(session, monitor.id, monitor.baseline_id)
        if newest is None:
            raise NotFound(
                f"the monitor {monitor.name!r} has no rows yet",
                hint=f"send some: POST /api/v1/predictions?monitor={monitor.name}",
                code="no_data",
            )
        return newest


def _usable(monitor: Monitor, window: Window) -> Window:
    if window.monitor_id != monitor.id:
        raise NotFound(f"{monitor.name!r} has no window {window.id!r}", code="window_not_found")
    if window.profile is None:
        raise NotFound(
            "the full counts of this window are no longer kept",
            hint="choose a newer window; see retention.profiles in the configuration",
            code="profile_pruned",
        )
    return window
