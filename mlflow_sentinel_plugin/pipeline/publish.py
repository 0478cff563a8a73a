"""What a verdict changed, put into the stream that open pages read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert.outbox import Recorded
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.store import stream
from mlflow_sentinel_plugin.store.models import Alert, DriftEvent, Monitor, Window


def window(session: Session, scored: Window, previous: str | None, now: int) -> None:
    """A window has a verdict; ``previous`` is the state by an earlier one, whose event may be withdrawn."""
    data = {
        "window": scored.id,
        "start": to_rfc3339(scored.start_ms),
        "end": to_rfc3339(scored.end_ms),
        "rows": scored.rows,
        "state": scored.state,
        "severity": scored.severity,
        "previous_state": previous,
    }
    stream.append(session, scored.monitor_id, "window", data, now)


def drift(session: Session, event: DriftEvent, now: int) -> None:
    """A drift event was made, or changed by late rows."""
    data = {
        "event": event.id,
        "window": event.window_id,
        "state": event.state,
        "severity": event.severity,
        "features": len(event.features),
    }
    stream.append(session, event.monitor_id, "drift", data, now)


def monitor(session: Session, changed: Monitor, now: int) -> None:
    """A monitor is in another state, or its severity changed."""
    data = {"state": changed.state, "severity": changed.severity}
    stream.append(session, changed.id, "monitor", data, now)


def alerts(session: Session, recorded: Sequence[Recorded], now: int) -> None:
    """Alerts fired, went on, or were resolved."""
    for one in recorded:
        alert = session.get_one(Alert, one.alert_id)
        if alert.fired_at is not None:
            _alert(session, alert, one.decision.reason, now)


def _alert(session: Session, alert: Alert, reason: str, now: int) -> None:
    data = {
        "alert": alert.id,
        "condition": alert.condition,
        "status": alert.status,
        "severity": alert.severity,
        "reason": reason,
    }
    stream.append(session, alert.monitor_id, "alert", data, now)
