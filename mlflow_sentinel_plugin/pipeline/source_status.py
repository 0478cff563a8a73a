"""How a log source stands, and the alert while it fails."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert import outbox
from mlflow_sentinel_plugin.alert.decide import Finding
from mlflow_sentinel_plugin.alert.message import Subject
from mlflow_sentinel_plugin.ingest.logs.look import Look, is_plain
from mlflow_sentinel_plugin.pipeline import publish
from mlflow_sentinel_plugin.store import lease, monitors, sources
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Source

ALERT_AFTER_MS = 300_000
"""A source that fails for so long is told of."""
NOTED_EVERY_MS = 60_000


def status_of(look: Look) -> sources.Status:
    """After its files were read as far as they will be now."""
    failing = [state for _, state in look.found if state.error is not None]
    behind = [(found, state) for found, state in look.found if not state.is_as(found)]
    missing = sum(max(0, found.size - (state.position if is_plain(state) else 0)) for found, state in behind)
    problems = [f"{state.path}: {state.error}" for state in failing] + look.problems
    files = len(look.found) + len(look.problems)
    reason = f"{len(problems)} of {files} files cannot be read; {problems[0]}" if problems else None
    return sources.Status(
        state="failing" if problems else "reading" if behind else "idle",
        reason=reason,
        files=files,
        files_behind=len(behind),
        files_failing=len(problems),
        bytes_behind=missing,
    )


class Noter:
    """Writes down how sources stand, once a minute or when it changes; tells of those that fail for long."""

    def __init__(self, db: Database, alerting: outbox.Alerting) -> None:
        self._db = db
        # One look says all: it fails, or it does not.
        self._alerting = replace(alerting, policy=replace(alerting.policy, for_windows=1, resolve_after=1))

    def note(self, seen: Source, monitor: Monitor, status: sources.Status, epoch: int, now: int) -> None:
        """Write it down if that is news.

        Args:
            seen: The source as it was read before the look.

        Raises:
            LeaseLost: another process leads.
        """
        if status.state == "failing":
            status = replace(status, failing_since=seen.failing_since or now)
        told = status.failing_since is not None and now - status.failing_since >= ALERT_AFTER_MS
        recent = seen.looked_at is not None and now - seen.looked_at < NOTED_EVERY_MS
        if recent and _as_noted(seen) == status and told == seen.alerted:
            return
        with self._db.write() as session:
            lease.fence(session, epoch)
            # The monitor before the source, as everybody else.
            owner = monitors.lock(session, monitor.id)
            sources.note(session, seen.id, status, now)
            if owner is not None and told != seen.alerted:
                session.execute(update(Source).where(Source.id == seen.id).values(alerted=told))
                self._tell(session, owner, now)

    def _tell(self, session: Session, monitor: Monitor, now: int) -> None:
        failing = session.scalars(
            select(Source).where(Source.monitor_id == monitor.id, Source.alerted).order_by(Source.name)
        ).all()
        names = ", ".join(source.name for source in failing)
        summary = f"log files cannot be read: {names}" if failing else "all log files can be read again"
        finding = Finding(
            monitor.name, "source_error", bool(failing), severity="high", summary=summary, at_ms=now
        )
        subject = Subject(
            workspace=monitor.workspace,
            monitor_id=monitor.id,
            monitor=monitor.name,
            experiment_id=monitor.experiment_id,
            model=monitor.model,
            window_start=min((source.failing_since or now for source in failing), default=now),
            window_end=now,
            rows=0,
            baseline_id=monitor.baseline_id,
        )
        publish.alerts(session, outbox.record(session, self._alerting, subject, [finding], now), now)


def _as_noted(source: Source) -> sources.Status:
    return sources.Status(
        state=source.state,  # type: ignore[arg-type]  # what ``note`` wrote
        reason=source.reason,
        failing_since=source.failing_since,
        files=source.files,
        files_behind=source.files_behind,
        files_failing=source.files_failing,
        bytes_behind=source.bytes_behind,
    )
