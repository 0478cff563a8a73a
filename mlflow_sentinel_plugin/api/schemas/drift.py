"""Bodies of events, series and distributions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Body, Reply, TimedQuery
from mlflow_sentinel_plugin.api.schemas.monitors import MetricOut, RowCounts, WindowDetail, WindowOut
from mlflow_sentinel_plugin.entities import Kind, Severity


class EventQuery(TimedQuery):
    state: Literal["drift", "schema_changed"] | None = None


class SeriesQuery(Body):
    monitor: str
    feature: str | None = Field(None, description="One feature; without it the windows' scores.")
    metric: str | None = Field(None, description="One metric; without it all.")
    since: str | None = None
    until: str | None = None
    limit: int = Field(500, ge=1, le=5000, description="The newest so many windows.")


class DistributionQuery(Body):
    monitor: str
    feature: str
    window: str | None = Field(None, description="Window id; default the newest with data, open or closed.")


class EventOut(Reply):
    id: str
    monitor: str
    experiment_id: str
    at: str
    state: Literal["drift", "schema_changed"]
    severity: Severity
    score: float
    features: list[str] = Field(description="With a signal, worst first.")
    summary: str
    window_id: str
    window_start: str
    window_end: str
    rows: int
    baseline_id: str
    withdrawn: bool
    created_at: str
    updated_at: str


class EventDetail(EventOut):
    window: WindowDetail


class SummaryQuery(Body):
    since: str | None = None
    until: str | None = None


class ExperimentSummary(Reply):
    experiment_id: str
    experiment_name: str | None
    monitors: int
    windows: int
    events: int
    by_severity: dict[Severity, int]
    open_alerts: int
    last_event_at: str | None


class SummaryReply(Reply):
    monitors: int
    drifting: int
    windows: int
    events: int
    open_alerts: int
    rows: RowCounts
    experiments: list[ExperimentSummary]


class SeriesPoint(Reply):
    window_id: str
    start: str
    end: str
    rows: int
    state: str
    score: float | None
    effect: float | None
    metrics: dict[str, MetricOut]


class SeriesReply(Reply):
    monitor: str
    feature: str | None
    thresholds: dict[str, float]
    points: list[SeriesPoint] = Field(description="Oldest first.")


class Bin(Reply):
    label: str
    low: float | None = Field(description="Numeric only; null = open end.")
    high: float | None
    reference: float = Field(description="Share of present values, 0..1.")
    current: float


class DistributionReply(Reply):
    monitor: str
    feature: str
    kind: Kind
    window: WindowOut
    bins: list[Bin]
    n_reference: int
    n_current: int
    missing: dict[Literal["reference", "current"], float | None]
    unseen: float | None
    hidden: bool = Field(
        False, description="The feature says ``values: hide``: labels and bounds are withheld."
    )
