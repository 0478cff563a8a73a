"""What is told: one message, complete in itself, as JSON-ready data and as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from mlflow_sentinel_plugin.alert.decide import Action, Decision, FeatureFinding, Finding, Reason
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.entities import Condition, Severity

MAX_FEATURES = 10
"""Features listed in a message; the rest is counted."""
_NAME = 120
_REASON = 200
_SUMMARY = 500
_IN_TEXT = 5

_HEADLINES: dict[Condition, str] = {
    "drift": "drift",
    "no_data": "no data",
    "schema_changed": "schema changed",
    "source_error": "source error",
}


@dataclass(frozen=True)
class Subject:
    """What a finding is about: the monitor, and the window it was seen in.

    Times are ms since the epoch; ``rows`` are the window's. Without a window the three are ``None``.
    """

    workspace: str
    monitor_id: str
    monitor: str
    experiment_id: str
    model: str | None = None
    window_start: int | None = None
    window_end: int | None = None
    rows: int | None = None
    baseline_id: str | None = None
    baseline_run_id: str | None = None


class _Part(BaseModel):
    # An older or newer version may have written the row this is read from.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class MessageFeature(_Part):
    """One feature's line; numbers as in ``FeatureFinding``."""

    feature: str
    metric: str | None = None
    value: float | None = None
    threshold: float | None = None
    reason: str | None = None
    rows: int | None = None


class MessageWindow(_Part):
    """Bounds in RFC 3339 (end exclusive), and rows."""

    start: str
    end: str
    rows: int | None


class MessageBaseline(_Part):
    """What the window was compared with."""

    id: str
    run_id: str | None


class Message(_Part):
    """One message for one sink. At most about 20 kB as JSON, whatever the features are called."""

    alert_id: str = Field(description="The same from the first message of an alert to its resolution.")
    action: Action
    reason: Reason
    why: str = Field(description="``reason`` in words.")
    workspace: str
    monitor: str
    model: str | None
    experiment_id: str
    condition: Condition
    severity: Severity
    summary: str
    features: list[MessageFeature]
    features_total: int
    window: MessageWindow | None
    baseline: MessageBaseline | None
    opened_at: str
    at: str
    links: dict[str, str] = Field(description="``monitor``, ``alert``, ``run``; needs api.public_url.")

    @property
    def title(self) -> str:
        """One line: state, condition, monitor."""
        state = self.severity.capitalize() if self.action == "firing" else self.action.capitalize()
        model = f" (model {self.model})" if self.model and self.model != self.monitor else ""
        return f"{state}: {_HEADLINES[self.condition]} on {self.monitor}{model}"

    @property
    def window_line(self) -> str | None:
        """``Window: … to …, 500 rows``."""
        if self.window is None:
            return None
        rows = "" if self.window.rows is None else f", {self.window.rows} rows"
        return f"Window: {self.window.start} to {self.window.end}{rows}"

    @property
    def text(self) -> str:
        """The whole message as plain text."""
        listed = self.features if self.action == "firing" else []
        lines = [self.title, self.summary, *(f"- {feature_line(f)}" for f in listed[:_IN_TEXT])]
        more = self.features_total - _IN_TEXT
        if listed and more > 0:
            lines.append(f"- and {more} more")
        lines += [self.window_line or "", f"Why sent: {self.why}"]
        lines += [f"{name.capitalize()}: {url}" for name, url in self.links.items()]
        return "\n".join(line for line in lines if line)


def feature_line(found: MessageFeature) -> str:
    """``age: psi 0.31 (threshold 0.2), 480 rows: more missing values``."""
    parts = []
    if found.metric is not None:
        value = "" if found.value is None else f" {_number(found.value)}"
        limit = "" if found.threshold is None else f" (threshold {_number(found.threshold)})"
        parts.append(f"{found.metric}{value}{limit}")
    if found.rows is not None:
        parts.append(f"{found.rows} rows")
    facts = ", ".join(parts)
    return ": ".join(part for part in (found.feature, facts, found.reason) if part)


def compose(
    subject: Subject,
    finding: Finding,
    decision: Decision,
    *,
    alert_id: str,
    opened_at: int,
    now: int,
    public_url: str | None,
) -> Message:
    """The message of a decision that notifies.

    Args:
        opened_at: When the alert opened, ms.
        public_url: Where people reach the MLflow server (with its static prefix); ``None`` makes no links.
    """
    if decision.action is None:
        raise ValueError("this decision tells nobody")
    return Message(
        alert_id=alert_id,
        action=decision.action,
        reason=decision.reason,
        why=decision.text,
        workspace=subject.workspace,
        monitor=subject.monitor,
        model=subject.model,
        experiment_id=subject.experiment_id,
        condition=finding.condition,
        severity=decision.severity,
        summary=clip(finding.summary, _SUMMARY),
        features=_listed(finding.features),
        features_total=len(finding.features),
        window=_window(subject),
        baseline=_baseline(subject),
        opened_at=_text(opened_at),
        at=_text(now),
        links=_links(subject, alert_id, public_url),
    )


def clip(text: str, size: int) -> str:
    """At most ``size`` characters, the last an ellipsis if something was cut."""
    return text if len(text) <= size else text[: size - 1] + "…"


def _listed(features: Sequence[FeatureFinding]) -> list[MessageFeature]:
    return [
        MessageFeature(
            feature=clip(found.feature, _NAME),
            metric=found.metric,
            value=_finite(found.value),
            threshold=_finite(found.threshold),
            reason=None if found.hidden or found.reason is None else clip(found.reason, _REASON),
            rows=found.rows,
        )
        for found in features[:MAX_FEATURES]
    ]


def _window(subject: Subject) -> MessageWindow | None:
    if subject.window_start is None or subject.window_end is None:
        return None
    return MessageWindow(start=_text(subject.window_start), end=_text(subject.window_end), rows=subject.rows)


def _baseline(subject: Subject) -> MessageBaseline | None:
    if subject.baseline_id is None:
        return None
    return MessageBaseline(id=subject.baseline_id, run_id=subject.baseline_run_id)


def _links(subject: Subject, alert_id: str, public_url: str | None) -> dict[str, str]:
    if not public_url:
        return {}
    base = public_url.rstrip("/")
    links = {
        "monitor": f"{base}/sentinel/#/monitors/{quote(subject.monitor, safe='')}",
        "alert": f"{base}/sentinel/#/alerts/{alert_id}",
    }
    if subject.baseline_run_id:
        links["run"] = f"{base}/#/experiments/{subject.experiment_id}/runs/{subject.baseline_run_id}"
    return links


def _text(ms: int) -> str:
    return to_rfc3339(ms) or ""


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float) -> str:
    return f"{value:.3g}"
