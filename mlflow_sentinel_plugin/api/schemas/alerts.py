"""Bodies of alerts and deliveries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mlflow_sentinel_plugin.api.schemas.common import Body, ListQuery, Reply, TimedQuery
from mlflow_sentinel_plugin.entities import (
    AlertStatus,
    Condition,
    DeliveryStatus,
    MonitorName,
    Severity,
    SilenceState,
)

_MAX_TEXT = 2000


class AlertQuery(TimedQuery):
    status: Literal["open", "firing", "acknowledged", "resolved"] | None = Field(
        None, description="``open`` is firing or acknowledged."
    )
    condition: Condition | None = None


class AlertOut(Reply):
    id: str
    monitor: str
    experiment_id: str
    condition: Condition
    status: AlertStatus
    severity: Severity
    summary: str
    features: list[str]
    event_id: str | None
    windows: int
    opened_at: str
    updated_at: str
    resolved_at: str | None
    resolved_by: str | None = Field(description="Null: over by itself, or nobody signs in here.")
    acknowledged_at: str | None
    acknowledged_by: str | None
    reopened: int = Field(description="How often it fired again soon after it was resolved.")
    silenced: bool = Field(description="A silence mutes it now.")


class AlertAct(Body):
    comment: str | None = Field(None, min_length=1, max_length=_MAX_TEXT, description="Kept in the log.")


class AlertComment(Body):
    text: str = Field(min_length=1, max_length=_MAX_TEXT)


class AlertLogEntry(Reply):
    at: str
    reason: str
    text: str
    actor: str | None


class DeliveryOut(Reply):
    id: str
    alert_id: str = Field(description="Of a digest: its own id.")
    monitor: str | None = Field(description="Null of a digest.")
    digest_id: str | None = Field(description="The digest that tells of it, or that this is.")
    sink: str
    action: Literal["firing", "acknowledged", "resolved"]
    status: DeliveryStatus
    attempts: int
    next_attempt_at: str | None
    last_error: str | None
    created_at: str
    sent_at: str | None


class AlertDetail(AlertOut):
    log: list[AlertLogEntry]
    deliveries: list[DeliveryOut]


class DeliveryQuery(ListQuery):
    alert: str | None = Field(None, description="Id of an alert.")
    sink: str | None = None
    status: DeliveryStatus | None = None


class SinkOut(Reply):
    name: str
    type: str
    enabled: bool
    configured: bool = Field(description="It gets messages.")
    problem: str | None = Field(description="Why it gets none.")
    send_resolved: bool
    monitors: list[str] = Field(description="Names it hears of; * and ? are wildcards.")
    min_severity: Severity
    pending: int
    failed: int
    last_sent_at: str | None
    last_error: str | None


class SinkList(Reply):
    items: list[SinkOut]


class SinkTest(Reply):
    sent: bool
    status: int | None = Field(description="What it answered, if it refused.")
    error: str | None
    milliseconds: int


class SilenceQuery(ListQuery):
    state: SilenceState | None = None
    monitor: str | None = Field(None, description="Only those that name this monitor.")


class SilenceCreate(Body):
    monitor: MonitorName | None = Field(None, description="The only monitor it mutes.")
    pattern: str | None = Field(
        None, min_length=1, max_length=200, description="Names of monitors it mutes; * and ? are wildcards."
    )
    condition: Condition | None = None
    severity: Severity | None = Field(None, description="This severity or milder.")
    reason: str = Field(min_length=1, max_length=_MAX_TEXT)
    starts_at: str | None = Field(None, description="RFC 3339; now, if left out.")
    ends_at: str = Field(description="RFC 3339.")

    @model_validator(mode="after")
    def _one_of(self) -> SilenceCreate:
        if self.monitor is not None and self.pattern is not None:
            raise ValueError("set monitor or pattern, not both")
        return self


class SilenceOut(Reply):
    id: str
    monitor: str | None
    pattern: str | None
    condition: Condition | None
    severity: Severity | None
    reason: str
    author: str | None
    starts_at: str
    ends_at: str
    created_at: str
    ended_at: str | None = Field(description="When somebody ended it early.")
    ended_by: str | None
    state: SilenceState
