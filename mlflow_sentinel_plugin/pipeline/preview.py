"""What if: other settings replayed over a monitor's stored windows, before they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from mlflow_sentinel_plugin.alert.decide import (
    AlertState,
    Decision,
    Finding,
    Policy,
    decide,
    findings_of_window,
)
from mlflow_sentinel_plugin.config import ResolvedSettings
from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.result import WindowResult
from mlflow_sentinel_plugin.entities import Condition
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.pipeline.judging import detector_of
from mlflow_sentinel_plugin.pipeline.past import Past
from mlflow_sentinel_plugin.profile.baseline import Profile
from mlflow_sentinel_plugin.store import windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window

MAX_WINDOWS = 500
_MAX_FEATURE_WINDOWS = 20_000
"""Features times windows of one answer: some two seconds of a core."""
_READ_AT_ONCE = 16


@dataclass(frozen=True)
class Replayed:
    """A stored window under other settings.

    Attributes:
        alert: Whether it would have opened an alert.
        approximate: Its counts are coarse (``retention.profiles``): D may be off by about 1/256.
    """

    window: Window
    result: WindowResult
    alert: bool
    approximate: bool


@dataclass(frozen=True)
class Replay:
    """Windows in order of time; ``skipped`` had lost their counts to retention."""

    windows: Sequence[Replayed]
    skipped: int


class Preview:
    """Replays settings; any worker, any thread."""

    def __init__(self, db: Database, cache: BaselineCache, past: Past, policy: Policy) -> None:
        self._db = db
        self._cache = cache
        self._past = past
        self._policy = policy

    def replay(self, monitor: Monitor, settings: ResolvedSettings, count: int) -> Replay:
        """The newest judged windows under ``settings``, each after those before it, as it was judged live.

        Windows of an earlier baseline are compared with that one. What was found in the windows before the
        first one is taken as it is stored. Of very wide tables fewer windows are replayed.

        Args:
            count: At most so many windows, 1 to :data:`MAX_WINDOWS`.

        Raises:
            CorruptData: stored counts are damaged.
            InvalidInput: ``count``, or a metric or threshold that is not installed.
        """
        if not 1 <= count <= MAX_WINDOWS:
            raise InvalidInput(f"windows is {count}", hint=f"1 to {MAX_WINDOWS}")
        with self._db.read() as session:
            newest = windows.newest_judged(session, monitor.id, count)
        affordable = newest[len(newest) - self._affordable(newest) :]
        judged = list(self._judged(affordable, settings))
        alerts = _alerts(monitor, [result for _, result, _ in judged], self._policy)
        replayed = [
            Replayed(window, result, alert, approximate)
            for (window, result, approximate), alert in zip(judged, alerts, strict=True)
        ]
        return Replay(replayed, len(affordable) - len(replayed))

    def _affordable(self, newest: Sequence[Window]) -> int:
        if not newest:
            return 0
        features = len(self._cache.get(newest[-1].baseline_id).counted)
        return min(len(newest), max(1, _MAX_FEATURE_WINDOWS // max(features, 1)))

    def _judged(
        self, rows: Sequence[Window], settings: ResolvedSettings
    ) -> Iterator[tuple[Window, WindowResult, bool]]:
        for _, stretch in groupby(rows, key=lambda window: (window.baseline_id, window.spec)):
            alike = list(stretch)
            baseline = self._cache.get(alike[0].baseline_id)
            detector: Detector | None = None
            for window, data in self._with_counts(alike):
                if detector is None:
                    detector = detector_of(settings, baseline, self._past.of(window, baseline))
                profile = Profile.from_bytes(data, baseline)
                result = detector.check(profile, start=window.start_ms, end=window.end_ms)
                yield window, result, profile.reduced

    def _with_counts(self, rows: Sequence[Window]) -> Iterator[tuple[Window, bytes]]:
        """Those that still have their counts, a few in memory at a time."""
        for first in range(0, len(rows), _READ_AT_ONCE):
            some = rows[first : first + _READ_AT_ONCE]
            with self._db.read() as session:
                counts = windows.counts_of(session, [window.id for window in some])
            for window in some:
                _, data = counts.get(window.id, (0, None))
                if data is not None:
                    yield window, data


def _alerts(monitor: Monitor, results: Sequence[WindowResult], policy: Policy) -> list[bool]:
    """Per window, whether it would have opened an alert, by the rules that alerts live by."""
    open_alerts: dict[Condition, AlertState] = {}
    opened = []
    for result in results:
        each = [_opens(open_alerts, finding, policy) for finding in _findings(monitor, result)]
        opened.append(any(each))
    return opened


def _findings(monitor: Monitor, result: WindowResult) -> list[Finding]:
    return findings_of_window(
        result.state,
        monitor=monitor.name,
        severity=result.severity,
        summary=result.summary,
        features=(),
        event_id=None,
        at_ms=0,
        previous_state=None,
    )


def _opens(open_alerts: dict[Condition, AlertState], finding: Finding, policy: Policy) -> bool:
    """Whether the finding's alert is told of for the first time; ``open_alerts`` follows it."""
    before = open_alerts.pop(finding.condition, None)
    decision = decide(before, finding, policy, 0)
    if decision.status in ("firing", "acknowledged"):
        open_alerts[finding.condition] = _after(decision, before)
    return decision.reason == "first" and decision.notify


def _after(decision: Decision, before: AlertState | None) -> AlertState:
    told = before.notified_severity if before is not None else None
    return AlertState(
        status=decision.status or "firing",
        severity=decision.severity,
        windows=decision.windows,
        clean_windows=decision.clean_windows,
        fired=decision.notify or told is not None,
        notified_at=0 if decision.notify or told is not None else None,
        notified_severity=decision.severity if decision.notify else told,
    )
