"""One object for routes and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.alert.deliver import deliver_due
from mlflow_sentinel_plugin.alert.heartbeat import Heartbeat
from mlflow_sentinel_plugin.alert.outbox import Alerting
from mlflow_sentinel_plugin.alert.sinks import Sinks, build_sinks
from mlflow_sentinel_plugin.clock import Clock, now_ms
from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.detect.result import WindowResult
from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, Kind, MonitorSettings, Role, Rule
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline.accept import Accepted, Acceptor
from mlflow_sentinel_plugin.pipeline.baselines import Registered, Registrar
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.pipeline.close import Closer
from mlflow_sentinel_plugin.pipeline.diff import diff
from mlflow_sentinel_plugin.pipeline.discover import Finder
from mlflow_sentinel_plugin.pipeline.fold import Folder
from mlflow_sentinel_plugin.pipeline.grouping import Grouper
from mlflow_sentinel_plugin.pipeline.new_normal import NewNormal
from mlflow_sentinel_plugin.pipeline.past import Past
from mlflow_sentinel_plugin.pipeline.preview import Preview, Replay
from mlflow_sentinel_plugin.pipeline.prune import Pruned, prune
from mlflow_sentinel_plugin.pipeline.read_logs import LogReader
from mlflow_sentinel_plugin.pipeline.score import Scorer
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.pipeline.silence import Watcher
from mlflow_sentinel_plugin.pipeline.views import Views
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import models
from mlflow_sentinel_plugin.store.engine import Database


class Pipeline:
    """Everything that happens to rows. Methods that take an ``epoch`` are for the leader alone.

    Args:
        db: Sentinel's database.
        config: Defaults of monitors, alerting, retention.
        clock: Wall time in ms.

    Raises:
        ConfigError: a sink of an unknown kind or with a wrong setting.
    """

    def __init__(self, db: Database, config: Config, clock: Clock = now_ms) -> None:
        self.sinks: Sinks = build_sinks(config.alerting)
        self._db = db
        self._config = config
        self._clock = clock
        self._baselines = BaselineCache(db)
        self._registrar = Registrar(db, config, clock)
        self._new_normal = NewNormal(db, clock, self._baselines)
        self._acceptor = Acceptor(db, config, clock)
        self._folder = Folder(db, config, clock, self._baselines)
        self._closer = Closer(db, config, clock)
        self.alerting = Alerting.of(config, self.sinks)
        self._grouper = Grouper(db, clock, self.alerting)
        section = config.alerting
        self._heartbeat = Heartbeat(section.heartbeat_url, section.heartbeat_private, clock)
        self._watcher = Watcher(db, config, clock, self.alerting)
        past = Past(db)
        self._scorer = Scorer(db, config, clock, self._baselines, past, self.alerting)
        self._views = Views(db, config, self._baselines, past)
        self._preview = Preview(db, self._baselines, past, self.alerting.policy)

    # --- for routes --------------------------------------------------------------------------------------

    def now(self) -> int:
        """Its clock's time, ms since the epoch."""
        return self._clock()

    def settings(self, monitor: models.Monitor) -> ResolvedSettings:
        """A monitor's settings in force."""
        return settings_of(self._config, monitor)

    def register_baseline(
        self,
        monitor: str,
        table: pa.Table,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        experiment_id: str | None = None,
        roles: Mapping[str, Role] | None = None,
        kinds: Mapping[str, Kind] | None = None,
        untyped: bool = False,
        source: Mapping[str, Any] | None = None,
        activate: bool = False,
    ) -> Registered:
        """Learn and store a baseline, see :meth:`Registrar.register`."""
        return self._registrar.register(
            monitor,
            table,
            workspace=workspace,
            experiment_id=experiment_id,
            roles=roles,
            kinds=kinds,
            untyped=untyped,
            source=source,
            activate=activate,
        )

    def adopt_baseline(
        self,
        monitor: str,
        baseline: Baseline,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        experiment_id: str | None = None,
        source: Mapping[str, Any] | None = None,
        activate: bool = False,
    ) -> Registered:
        """Store a baseline that was learned elsewhere, see :meth:`Registrar.adopt`."""
        return self._registrar.adopt(
            monitor,
            baseline,
            workspace=workspace,
            experiment_id=experiment_id,
            source=source,
            activate=activate,
        )

    def diff_baselines(self, reference_id: str, current_id: str, monitor: models.Monitor) -> WindowResult:
        """How one baseline differs from another of the same monitor, see :func:`diff`."""
        reference, current = (self._baselines.get(one) for one in (reference_id, current_id))
        return diff(reference, current, self.settings(monitor))

    def baseline_of_windows(
        self, monitor: models.Monitor, first: str, last: str, *, activate: bool = False
    ) -> Registered:
        """Windows are the new normal, see :meth:`NewNormal.register`."""
        return self._new_normal.register(monitor, first, last, activate=activate)

    def activate_baseline(self, baseline_id: str) -> models.Baseline:
        """Switch a monitor to a baseline, see :meth:`Registrar.activate`."""
        return self._registrar.activate(baseline_id)

    def accept(
        self, monitor: models.Monitor, rows: Rows, *, key: str | None = None, digest: str = ""
    ) -> Accepted:
        """Store live rows, see :meth:`Acceptor.accept`."""
        return self._acceptor.accept(monitor, rows, key, digest)

    def provisional(self, monitor: models.Monitor) -> tuple[models.Window, WindowResult] | None:
        """The verdict on the open window so far, see :meth:`Views.provisional`."""
        return self._views.provisional(monitor)

    def distribution(
        self, monitor: models.Monitor, feature: str, window_id: str | None = None
    ) -> tuple[models.Window, dict[str, Any]]:
        """A feature's two distributions, see :meth:`Views.distribution`."""
        return self._views.distribution(monitor, feature, window_id)

    def evaluate(
        self,
        current: pa.Table,
        *,
        reference: pa.Table | None = None,
        monitor: models.Monitor | None = None,
        rule: Rule | None = None,
        kinds: Mapping[str, Kind] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> WindowResult:
        """Compare rows now, see :meth:`Views.evaluate`."""
        return self._views.evaluate(
            current, reference=reference, monitor=monitor, rule=rule, kinds=kinds, metrics=metrics
        )

    def log_reader(self, tracking: TrackingSource) -> LogReader:
        """What reads log files; for the leader alone."""
        alerting = Alerting.of(self._config, self.sinks)
        return LogReader(self._db, self._config, self._clock, self._acceptor, tracking, alerting)

    def finder(self, tracking: TrackingSource) -> Finder:
        """What registers the baselines of runs; for the leader alone."""
        return Finder(self._db, self._clock, tracking)

    def preview(self, monitor: models.Monitor, settings: Mapping[str, Any], windows: int) -> Replay:
        """A monitor's windows under other settings (as they would be stored), see :meth:`Preview.replay`."""
        wanted = self._config.resolve(MonitorSettings.model_validate(settings))
        return self._preview.replay(monitor, wanted, windows)

    # --- for the leader ----------------------------------------------------------------------------------

    def fold(self, epoch: int) -> bool:
        """Count accepted rows, see :meth:`Folder.fold`."""
        return self._folder.fold(epoch)

    def close_windows(self, epoch: int) -> bool:
        """Close complete windows, see :meth:`Closer.close_windows`."""
        return self._closer.close_windows(epoch)

    def score(self, epoch: int) -> bool:
        """Judge closed windows, see :meth:`Scorer.score`; when none is left, let their messages go."""
        if self._scorer.score(epoch):
            self._grouper.go_on(epoch)
            return True
        return self._grouper.end(epoch)

    def watch(self, epoch: int) -> bool:
        """Notice silence and its end, see :meth:`Watcher.watch`."""
        return self._watcher.watch(epoch)

    def deliver(self, worker: str) -> bool:
        """Send waiting messages, see :func:`deliver_due`."""
        return deliver_due(self._db, self.sinks, self._clock, worker)

    def beat(self) -> bool:
        """Tell that the background work is well, see :meth:`Heartbeat.beat`."""
        return self._heartbeat.beat()

    def prune(self, epoch: int) -> Pruned:
        """Forget what is old, see :func:`prune`."""
        return prune(self._db, self._config, self._clock, self._baselines, epoch)
