"""Bodies of monitors and their windows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from mlflow_sentinel_plugin.api.schemas.common import Body, ListQuery, Reply, ShownState
from mlflow_sentinel_plugin.entities import (
    Duration,
    FeatureSettings,
    FeatureState,
    FirstRows,
    Kind,
    MonitorName,
    PositiveDuration,
    Role,
    Rule,
    Severity,
    Threshold,
    TimeZone,
    WindowSpec,
    WindowState,
)


class MonitorQuery(ListQuery):
    experiment: str | None = Field(None, description="Experiment id.")
    state: WindowState | None = None
    search: str | None = Field(None, description="Part of the name.")


class WindowQuery(ListQuery):
    since: str | None = Field(None, description="Of a window's start.")
    until: str | None = None
    state: WindowState | None = None


class MonitorFields(Body):
    """Settings of a monitor; what is left out keeps its default (POST) or its value (PATCH)."""

    model: str | None = Field(None, max_length=255, description="Registered model name.")
    window: WindowSpec | None = Field(None, description="How rows are cut; a change closes the open window.")
    timestamp_column: str | None = Field(None, description="Event time of a row; without it its arrival.")
    timezone: TimeZone | None = Field(None, description="IANA zone that periods are aligned in.")
    lateness: Duration | None = Field(None, description="How long a window waits for late rows, like 5m.")
    rule: Rule | None = Field(None, description="When it is drift.")
    thresholds: dict[str, Threshold] | None = Field(
        None, description="Limits: ``<metric>`` (above) or ``<metric>_pvalue`` (below)."
    )
    algorithms: list[str] | None = Field(None, description="Metrics computed for each window.")
    features: dict[str, FeatureSettings] | None = Field(None, description="Column -> what is said of it.")
    min_rows: int | None = Field(
        None, ge=1, le=1_000_000, description="Fewer rows in a window are insufficient data."
    )
    expect_every: PositiveDuration | None = Field(
        None, description="Longest silence that is normal; default three windows."
    )
    baseline: FirstRows | None = Field(
        None, description="Make the baseline of the first so many live rows, if there is none."
    )
    paused: bool | None = Field(None, description="No verdicts and alerts; rows are still taken in.")


class MonitorCreate(MonitorFields):
    name: MonitorName = Field(description="1 to 200 characters, none of / ? # %.")
    experiment_id: str | None = Field(None, description="Decides who may see it; default 0.")


class MonitorPatch(MonitorFields):
    experiment_id: str | None = Field(None, description="Decides who may see it; never null.")

    @field_validator("experiment_id")
    @classmethod
    def _some_experiment(cls, value: str | None) -> str:
        if value is None:
            raise ValueError("a monitor always belongs to an experiment; give its id, or leave this out")
        return value


class RowCounts(Reply):
    accepted: int = Field(description="Folded into windows, or made the baseline.")
    pending: int = Field(description="Acknowledged, not yet folded.")
    rejected: int = Field(description="Malformed rows in accepted bodies.")


class MetricOut(Reply):
    value: float | None
    p_value: float | None = None
    reason: str | None = Field(None, description="Why a number is null: constant, empty ...")
    version: int = Field(1, description="Of the metric's definition.")
    bound: float | None = Field(0.0, description="The value is off by at most this; 0: it is exact.")


class FeatureOut(Reply):
    name: str
    kind: Kind
    role: Role
    state: FeatureState
    drifted: bool
    reason: str | None
    text: str | None = Field(None, description="``reason`` in words, with its numbers.")
    effect: float | None = Field(description="0..1; numeric: KS distance D, categorical: total variation.")
    p_value: float | None
    n_reference: int
    n_current: int
    missing: float | None = Field(description="Share of rows, 0..1.")
    unseen: float | None
    malformed: float | None
    metrics: dict[str, MetricOut]
    notes: list[str]


class WindowOut(Reply):
    id: str
    start: str
    end: str
    open: bool
    provisional: bool = Field(description="The verdict is of an open window and may change.")
    rows: int
    state: ShownState = Field(description="``waiting`` until it is judged.")
    severity: Severity | None
    score: float | None
    summary: str | None
    baseline_id: str
    closed_at: str | None
    scored_at: str | None
    history: list[dict[str, Any]] = Field(description="Earlier verdicts, oldest first, if late rows came.")


class WindowDetail(WindowOut):
    features: list[FeatureOut]
    notes: list[str] = Field(default_factory=list)


class SparkPoint(Reply):
    at: str
    state: WindowState
    score: float | None


class BaselineBrief(Reply):
    id: str
    version: int
    rows: int
    created_at: str
    run_id: str | None


class MonitorOut(Reply):
    name: str
    workspace: str
    experiment_id: str
    experiment_name: str | None
    model: str | None
    window: WindowSpec
    timestamp_column: str | None
    timezone: str
    lateness: str
    rule: Rule
    thresholds: dict[str, float]
    algorithms: list[str]
    features: dict[str, FeatureSettings]
    min_rows: int
    expect_every: str | None
    first_rows: int | None = Field(None, description="So many live rows become the baseline.")
    problem: str | None = Field(None, description="What keeps it from working.")
    paused: bool
    state: ShownState = Field(description="Of the last closed window; ``waiting`` before the first.")
    severity: Severity | None
    baseline: BaselineBrief | None
    rows: RowCounts
    last_row_at: str | None
    open_alerts: int
    recent: list[SparkPoint] = Field(description="Up to 30 closed windows, oldest first.")
    created_at: str
    updated_at: str


class MonitorDetail(MonitorOut):
    permission: Literal["read", "edit", "manage"] | None = Field(
        description="What you may do with it; each permission holds those before it."
    )
    open_window: WindowDetail | None = Field(description="Provisional verdict; null while it holds no rows.")
    last_window: WindowDetail | None
