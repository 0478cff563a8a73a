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
    points: int | None = Field(
        None, ge=1, le=5000, description="At most so many points: of neighbours the one that stands out most."
    )


class HeatmapQuery(Body):
    monitor: str
    since: str | None = Field(None, description="Of a window's start, RFC 3339; inclusive.")
    until: str | None = Field(None, description="Of a window's start, RFC 3339; exclusive.")
    columns: int = Field(100, ge=1, le=200, description="At most so many; neighbours share one.")
    search: str = Field("", max_length=200, description="Part of a feature's name.")
    offset: int = Field(0, ge=0, le=100_000, description="So many matching features are left out.")
    limit: int = Field(50, ge=1, le=200, description="Features of a page.")


class HeatmapColumn(Reply):
    """Neighbouring windows."""

    start: str
    end: str
    windows: int
    state: str = Field(description="Of the worst of them.")
    window_id: str = Field(description="The worst of them.")


class HeatmapLine(Reply):
    feature: str
    effects: list[float | None] = Field(description="Largest effect per column; null: not compared.")
    signals: list[int] = Field(description="Windows with a signal, per column.")


class HeatmapReply(Reply):
    monitor: str
    columns: list[HeatmapColumn] = Field(description="Oldest first.")
    features: list[HeatmapLine] = Field(
        description="Worst first: most windows with a signal, then the largest effect in the newest window."
    )
    total: int = Field(description="Features that match.")


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
