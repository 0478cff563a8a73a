"""Silence: a monitor that had rows and gets none for longer than expected is in the state ``no_data``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert import held, outbox
from mlflow_sentinel_plugin.alert.decide import Finding
from mlflow_sentinel_plugin.alert.message import Subject
from mlflow_sentinel_plugin.clock import Clock, to_rfc3339
from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.pipeline import publish
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.profile.windows import silent_from
from mlflow_sentinel_plugin.store import alerts, cursors, inbox, lease, monitors, windows
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor

NOTED_EVERY_MS = 60_000
OUTAGE_MS = 300_000
"""Nobody could send rows while no leader looked for so long: silence is counted from its end."""
_CURSOR = "silence"


class Watcher:
    """Notices silence and its end; for the leader alone."""

    def __init__(self, db: Database, config: Config, clock: Clock, alerting: outbox.Alerting) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        # Silence is no statistic: one look is enough, and so is one row to end it.
        self._alerting = replace(alerting, policy=replace(alerting.policy, for_windows=1, resolve_after=1))

    def watch(self, epoch: int) -> bool:
        """Tell of monitors that fell silent, are silent still, or have rows again.

        Returns:
            Whether there was any.

        Raises:
            LeaseLost: another process leads.
            Unavailable: the database cannot be used now.
        """
        now = self._clock()
        up_since = self._up_since(epoch, now)
        with self._db.read() as session:
            found = monitors.with_data(session)
            unfolded = set(inbox.monitors_with_blocks(session))
        changed = [one for one in found if self._is_news(one, unfolded, up_since, now)]
        for monitor in changed:
            self._tell(monitor, epoch, now)
        return self._tell_held(epoch, now) or bool(changed)

    def _tell_held(self, epoch: int, now: int) -> bool:
        """Tell of alerts that still fire and that nothing mutes any more."""
        with self._db.read() as session:
            found = alerts.held(session)
        told = [self._try_held(alert_id, monitor_id, epoch, now) for alert_id, monitor_id in found]
        return any(told)

    def _try_held(self, alert_id: str, monitor_id: str, epoch: int, now: int) -> bool:
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, monitor_id)
            if monitor is None or monitor.paused:
                return False
            recorded = held.tell(session, self._alerting, alert_id, monitor, now)
            publish.alerts(session, [recorded] if recorded else [], now)
        return recorded is not None

    def _is_news(self, monitor: Monitor, unfolded: Collection[str], up_since: int, now: int) -> bool:
        if monitor.id in unfolded:
            return False
        try:
            silent = self._is_silent(monitor, up_since, now)
        except InvalidInput:  # arrivals that no calendar holds
            return False
        if monitor.no_data_at is None or not silent:
            return silent or monitor.no_data_at is not None
        return now >= monitor.no_data_at + _interval_ms(settings_of(self._config, monitor))

    def _is_silent(self, monitor: Monitor, up_since: int, now: int) -> bool:
        since = max(monitor.last_row_at or 0, monitor.resumed_at or 0)
        if monitor.no_data_at is None:
            since = max(since, up_since)
        settings = settings_of(self._config, monitor)
        deadline = silent_from(since, settings.window.period_ms, settings.timezone, settings.expect_every_ms)
        return deadline is not None and now >= deadline + settings.lateness_ms

    def _tell(self, seen: Monitor, epoch: int, now: int) -> None:
        settings = settings_of(self._config, seen)
        with self._db.write() as session:
            lease.fence(session, epoch)
            monitor = monitors.lock(session, seen.id)
            if monitor is None or monitor.paused or monitor.last_row_at != seen.last_row_at:
                return
            silent = self._is_silent(monitor, 0, now)
            monitor.no_data_at = now if silent else None
            _follow(session, monitor, silent, now)
            finding = _finding(monitor, settings, silent, now)
            subject = _subject(monitor, now)
            publish.alerts(session, outbox.record(session, self._alerting, subject, [finding], now), now)

    def _up_since(self, epoch: int, now: int) -> int:
        """End of the last time without a leader, ms; written down once a minute."""
        with self._db.read() as session:
            known = cursors.get(session, _CURSOR)
        if known is not None and now - known["at"] < NOTED_EVERY_MS:
            return int(known["since"])
        since = int(known["since"]) if known and now - known["at"] < OUTAGE_MS else now
        with self._db.write() as session:
            lease.fence(session, epoch)
            cursors.set(session, _CURSOR, {"at": now, "since": since})
        return since


def _follow(session: Session, monitor: Monitor, silent: bool, now: int) -> None:
    """Silent, or again in the state of its newest window."""
    last = None if silent else windows.newest_scored(session, monitor.id)
    state, severity = (last.state, last.severity) if last is not None else (None, None)
    if silent:
        state = "no_data"
    if (monitor.state, monitor.severity) != (state, severity):
        monitor.state, monitor.severity = state, severity
        publish.monitor(session, monitor, now)


def _finding(monitor: Monitor, settings: ResolvedSettings, silent: bool, now: int) -> Finding:
    expected = settings.expect_every or f"3 windows of {settings.window.period}"
    last = to_rfc3339(monitor.last_row_at)
    summary = f"no rows since {last}; expected within {expected}" if silent else f"rows again since {last}"
    return Finding(monitor.name, "no_data", silent, severity="high", summary=summary, at_ms=now)


def _subject(monitor: Monitor, now: int) -> Subject:
    return Subject(
        workspace=monitor.workspace,
        monitor_id=monitor.id,
        monitor=monitor.name,
        experiment_id=monitor.experiment_id,
        model=monitor.model,
        window_start=monitor.last_row_at,
        window_end=now,
        rows=0,
        baseline_id=monitor.baseline_id,
    )


def _interval_ms(settings: ResolvedSettings) -> int:
    """How often silence is told of again, as if each were a window."""
    return settings.expect_every_ms or settings.window.period_ms
