"""Bodies of alerts and deliveries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Reply, TimedQuery
from mlflow_sentinel_plugin.entities import AlertStatus, Condition, Severity


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


class AlertLogEntry(Reply):
    at: str
    reason: str
    text: str
    actor: str | None


class DeliveryOut(Reply):
    id: str
    sink: str
    action: Literal["firing", "resolved"]
    status: Literal["pending", "sending", "sent", "failed"]
    attempts: int
    next_attempt_at: str | None
    last_error: str | None
    created_at: str
    sent_at: str | None


class AlertDetail(AlertOut):
    log: list[AlertLogEntry]
    deliveries: list[DeliveryOut]
