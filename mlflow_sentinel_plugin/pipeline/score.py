"""Score: a closed window gets its verdict, event and alerts in one transaction."""

from __future__ import annotations

import logging
from typing import cast

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert import outbox
from mlflow_sentinel_plugin.alert.decide import Finding, findings_of_window
from mlflow_sentinel_plugin.alert.message import Subject
from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.result import WindowResult
from mlflow_sentinel_plugin.entities import WindowState
from mlflow_sentinel_plugin.errors import Conflict, LeaseLost, Unavailable
from mlflow_sentinel_plugin.pipeline import publish
from mlflow_sentinel_plugin.pipeline.backoff import Backoff
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.pipeline.judging import detector_of, signals_of, verdict_of
from mlflow_sentinel_plugin.pipeline.past import Past, profile_of
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.store import baselines, events, lease, monitors, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window

_log = logging.getLogger("mlflow_sentinel.score")


class Scorer:
    """Judges closed windows; for the leader alone, in one thread."""

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        cache: BaselineCache,
        past: Past,
        alerting: outbox.Alerting,
    ) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._cache = cache
        self._past = past
        self._alerting = alerting
        self._backoff = Backoff(clock)

    def score(self, epoch: int) -> bool:
        """Judge some of the windows that are due, each monitor's in order of their start.

        Returns:
            Whether any was judged.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        with self._db.read() as session:
            due = windows.due(session, without=self._backoff.waiting())
        worked, failed = False, set()
        for window, monitor in due:
            if monitor.id in failed:
                continue
            if self._try_window(window, monitor, epoch):
                worked = True
            else:
                failed.add(monitor.id)
        return worked

    def _try_window(self, window: Window, monitor: Monitor, epoch: int) -> bool:
        try:
            self._score_window(window, monitor, epoch)
        except (LeaseLost, Unavailable):
            raise
        except Conflict as error:
            _log.info("scoring a window of monitor %s starts over: %s", monitor.name, error)
            return False
        except Exception:
            self._backoff.failed(monitor.id)
            _log.exception("window %s of monitor %s cannot be scored now", window.id, monitor.name)
            return False
        self._backoff.succeeded(monitor.id)
        return True

    def _score_window(self, window: Window, monitor: Monitor, epoch: int) -> None:
        settings = settings_of(self._config, monitor)
        baseline = self._cache.get(window.baseline_id)
        detector = detector_of(settings, baseline, self._past.of(window, baseline))
        profile = profile_of(window.id, window.profile, baseline)
        result = detector.check(profile, start=window.start_ms, end=window.end_ms)
        with self._db.write() as session:
            lease.fence(session, epoch)
            current = monitors.lock(session, monitor.id)
            if current is None or current.paused:
                raise Conflict(f"monitor {monitor.name} was paused or deleted", code="monitor_changed")
            self._record(session, current, window, result, settings, detector)

    def _record(
        self,
        session: Session,
        monitor: Monitor,
        seen: Window,
        result: WindowResult,
        settings: ResolvedSettings,
        detector: Detector,
    ) -> None:
        now = self._clock()
        previous = cast("WindowState | None", seen.state if seen.scored_version else None)
        newest = windows.is_newest(session, seen)
        window = windows.record_verdict(session, seen, verdict_of(result, detector), now)
        features = [signal.name for signal in result.signals]
        event = events.record(session, window, monitor, features=features, summary=result.summary, now=now)
        publish.window(session, window, previous, now)
        if event is not None:
            publish.drift(session, event, now)
        if newest and window.baseline_id == monitor.baseline_id:
            _follow(session, monitor, window, now)
        findings = findings_of_window(
            result.state,
            monitor=monitor.name,
            severity=result.severity,
            summary=result.summary,
            features=signals_of(result, settings),
            event_id=event.id if event else None,
            at_ms=window.end_ms,
            previous_state=previous,
        )
        quiet = monitor.resumed_at is not None and (window.closed_at or 0) <= monitor.resumed_at
        telling = [one for one in findings if not quiet and (newest or _tells_of_the_past(one))]
        subject = _subject(session, monitor, window)
        publish.alerts(session, outbox.record(session, self._alerting, subject, telling, now), now)


def _follow(session: Session, monitor: Monitor, window: Window, now: int) -> None:
    """The monitor is in the state of its newest window, unless it is silent."""
    if monitor.no_data_at is not None:
        return
    if (monitor.state, monitor.severity) != (window.state, window.severity):
        monitor.state, monitor.severity = window.state, window.severity
        publish.monitor(session, monitor, now)


def _tells_of_the_past(finding: Finding) -> bool:
    """An older window that comes late may raise an alert; that it is clean says nothing of today."""
    return finding.active or finding.previous is not None


def _subject(session: Session, monitor: Monitor, window: Window) -> Subject:
    baseline = baselines.get(session, window.baseline_id, workspace=window.workspace)
    return Subject(
        workspace=window.workspace,
        monitor_id=monitor.id,
        monitor=monitor.name,
        experiment_id=monitor.experiment_id,
        model=monitor.model,
        window_start=window.start_ms,
        window_end=window.end_ms,
        rows=window.rows,
        baseline_id=window.baseline_id,
        baseline_run_id=baseline.source.get("run_id"),
    )
