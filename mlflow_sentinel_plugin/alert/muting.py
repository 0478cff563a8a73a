"""Why nobody is told that something fires: a silence, or a condition that explains it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.alert.decide import Finding
from mlflow_sentinel_plugin.alert.message import Subject
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.entities import Condition
from mlflow_sentinel_plugin.store import alerts, silences
from mlflow_sentinel_plugin.store.models import Silence

EXPLAINED_BY: dict[Condition, Collection[Condition]] = {"drift": ("no_data", "schema_changed")}
"""A condition -> those that mute it while they fire on the same monitor."""


def muted_by(session: Session, subject: Subject, finding: Finding, now: int) -> str | None:
    """Why nobody is told at ``now`` (ms) that the finding fires; ``None`` if somebody is."""
    silence = silences.matching(
        silences.active(session, now, subject.workspace),
        monitor_id=subject.monitor_id,
        monitor=subject.monitor,
        condition=finding.condition,
        severity=finding.severity,
    )
    if silence is not None:
        return _text(silence)
    cause = alerts.fires(session, subject.monitor_id, EXPLAINED_BY.get(finding.condition, ()))
    return None if cause is None else f"{cause} of the same monitor explains it"


def _text(silence: Silence) -> str:
    author = f" by {silence.author}" if silence.author else ""
    return f"silenced{author} until {to_rfc3339(silence.ends_at)}: {silence.reason}"
