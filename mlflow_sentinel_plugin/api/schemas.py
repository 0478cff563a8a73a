"""Bodies of the REST API: what is accepted, what is answered. The OpenAPI document comes from these.

Times are RFC 3339 UTC text. Numbers are finite; what cannot be computed is null with a ``reason`` beside it.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mlflow_sentinel_plugin.entities import (
    AlertStatus,
    Condition,
    Duration,
    FeatureSettings,
    FeatureState,
    KeyLifetime,
    KeyName,
    KeyScope,
    KeyStatus,
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

ShownState = Literal["waiting", "ok", "drift", "insufficient_data", "no_data", "schema_changed"]

T = TypeVar("T")


class Body(BaseModel):
    """An accepted body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Reply(BaseModel):
    """An answered body."""

    model_config = ConfigDict(ser_json_inf_nan="null")


class ErrorInfo(Reply):
    code: str = Field(description="Stable snake_case identifier.")
    message: str = Field(description="What was wrong.")
    hint: str | None = Field(None, description="What would be right.")
    details: dict[str, Any] = Field(default_factory=dict)


class ErrorReply(Reply):
    """The one error body of every route."""

    error: ErrorInfo


class Page(Reply, Generic[T]):
    """A page of a list; ``next`` goes into ``?cursor=`` for the following one."""

    items: list[T]
    next: str | None = None


# --- queries ---------------------------------------------------------------------------------------------


class ListQuery(Body):
    limit: int = Field(50, ge=1, le=500, description="Items of a page.")
    cursor: str | None = Field(None, description="``next`` of the page before.")


class TimedQuery(ListQuery):
    monitor: str | None = None
    experiment: str | None = Field(None, description="Experiment id.")
    severity: Severity | None = Field(None, description="This severity or worse.")
    since: str | None = Field(None, description="RFC 3339; inclusive.")
    until: str | None = Field(None, description="RFC 3339; exclusive.")


class EventQuery(TimedQuery):
    state: Literal["drift", "schema_changed"] | None = None


class AlertQuery(TimedQuery):
    status: Literal["open", "firing", "acknowledged", "resolved"] | None = Field(
        None, description="``open`` is firing or acknowledged."
    )
    condition: Condition | None = None


class RunQuery(ListQuery):
    experiment: str | None = Field(None, description="Experiment id or name.")
    status: str | None = Field(None, description="RUNNING, FINISHED, FAILED, KILLED or SCHEDULED.")
    search: str | None = Field(None, description="Part of the run's name or id.")
    since: str | None = None
    until: str | None = None


class MonitorQuery(ListQuery):
    experiment: str | None = Field(None, description="Experiment id.")
    state: WindowState | None = None
    search: str | None = Field(None, description="Part of the name.")


class WindowQuery(ListQuery):
    since: str | None = Field(None, description="Of a window's start.")
    until: str | None = None
    state: WindowState | None = None


class BaselineQuery(ListQuery):
    monitor: str | None = None


class BaselinePostQuery(Body):
    monitor: MonitorName
    prediction: str | None = Field(None, description="Column(s), comma separated, with the role prediction.")
    target: str | None = Field(None, description="Column with the role target.")
    timestamp: str | None = Field(None, description="Column with the role timestamp.")
    id: str | None = Field(None, description="Column with the role id.")
    activate: bool = Field(False, description="Switch to it at once; the first baseline always is.")
    experiment_id: str | None = Field(None, description="Of a monitor this creates.")


class MonitorRequiredQuery(Body):
    monitor: MonitorName


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


# --- monitors --------------------------------------------------------------------------------------------


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
    accepted: int = Field(description="Folded into windows.")
    pending: int = Field(description="Acknowledged, not yet folded.")
    rejected: int = Field(description="Malformed rows in accepted bodies.")


class MetricOut(Reply):
    value: float | None
    p_value: float | None = None
    reason: str | None = Field(None, description="Why a number is null: constant, empty ...")
    version: int = 1


class FeatureOut(Reply):
    name: str
    kind: Kind
    role: Role
    state: FeatureState
    drifted: bool
    reason: str | None
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
    open_window: WindowDetail | None = Field(description="Provisional verdict; null while it holds no rows.")
    last_window: WindowDetail | None


# --- baselines -------------------------------------------------------------------------------------------


class BaselineSource(Body):
    """The JSON form of ``POST /baseline``: an artifact of a run."""

    run_id: str
    artifact_path: str
    prediction: str | list[str] | None = None
    target: str | None = None
    timestamp: str | None = None
    id: str | None = None
    kinds: dict[str, Kind] | None = None


class BaselineFeature(Reply):
    name: str
    kind: Kind
    role: Role
    missing: float | None
    distinct: int | None
    summary: dict[str, Any] = Field(description="min, max, mean, sd, quantiles; or the top levels.")
    hidden: bool = Field(False, description="The feature says ``values: hide``: the summary is withheld.")


class BaselineOut(Reply):
    id: str
    monitor: str
    version: int
    active: bool
    rows: int
    digest: str
    source: dict[str, Any]
    created_at: str
    activated_at: str | None
    rejected: int = Field(0, description="Malformed rows of the body this came from.")


class BaselineDetail(BaselineOut):
    features: list[BaselineFeature]


# --- rows ------------------------------------------------------------------------------------------------


class RejectedRow(Reply):
    row: int = Field(description="1-based position in the body.")
    reason: str


class IngestReply(Reply):
    rows: int
    rejected: int
    samples: list[RejectedRow] = Field(default_factory=list, description="The first few rejected rows.")
    unknown_columns: list[str] = Field(default_factory=list, description="Not in the baseline; ignored.")
    missing_columns: list[str] = Field(default_factory=list, description="In the baseline, not in the body.")
    replayed: bool = Field(False, description="This key was seen before; nothing was stored again.")


class EvaluateBody(Body):
    """Rows to compare: ``current`` with ``reference``, or with the active baseline of ``monitor``.

    Each is any JSON shape that ``POST /predictions`` takes.
    """

    current: Any
    reference: Any = None
    monitor: str | None = None
    rule: Rule | None = None
    kinds: dict[str, Kind] | None = None
    metrics: list[str] | None = None


class EvaluateReply(Reply):
    state: WindowState
    severity: Severity | None
    score: float | None
    summary: str | None
    rule: Rule
    rows: int
    n_reference: int
    baseline_digest: str
    features: list[FeatureOut]
    notes: list[str]


# --- drift -----------------------------------------------------------------------------------------------


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


# --- alerts ----------------------------------------------------------------------------------------------


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


# --- runs ------------------------------------------------------------------------------------------------


class RunOut(Reply):
    run_id: str
    name: str | None
    experiment_id: str
    experiment_name: str
    status: str
    user: str | None
    start: str | None
    end: str | None
    metrics: dict[str, float | None]
    params: dict[str, str]
    tags: dict[str, str]
    baselines: list[str] = Field(description="Names of the monitors with a baseline from this run.")


class ArtifactOut(Reply):
    path: str
    is_dir: bool
    size: int | None


class MetricPoint(Reply):
    step: int
    at: str
    value: float | None


class RunDetail(RunOut):
    artifacts: list[ArtifactOut]
    history: dict[str, list[MetricPoint]]


# --- operations ------------------------------------------------------------------------------------------


class MeReply(Reply):
    name: str | None = Field(description="The signed-in user; null on a server without a login.")
    admin: bool = Field(description="Whether they are one of MLflow's administrators.")
    workspace: str = Field(description="The workspace that this request sees.")


class TicketReply(Reply):
    ticket: str | None = Field(description="For `?ticket=`; null: this server has no login, none is needed.")
    expires_in: int = Field(description="Seconds within which the socket must be opened.")


class HealthReply(Reply):
    status: Literal["ok"]
    version: str


class Check(Reply):
    name: str
    ok: bool
    detail: str


class ReadyReply(Reply):
    ready: bool
    leader: str | None
    leader_age_seconds: float | None
    pending_rows: int
    oldest_pending_seconds: float | None
    pending_deliveries: int
    checks: list[Check]


# --- API keys --------------------------------------------------------------------------------------------


class KeyCreate(Body):
    name: KeyName = Field(description="What it is for, on one line.")
    scope: KeyScope = Field(
        description="``ingest`` sends rows and baselines, ``read`` looks, ``admin`` does all its owner may."
    )
    monitors: list[MonitorName] | None = Field(
        None, min_length=1, max_length=100, description="Names of the only monitors it works on."
    )
    expires_in: KeyLifetime | None = Field(None, description="Such as 90d; never, if left out.")


class KeyOut(Reply):
    id: str
    name: str
    scope: KeyScope
    status: KeyStatus
    owner: str | None = Field(description="User whose rights bound the key's; null without a login.")
    monitors: list[str] | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="To the minute.")


class KeyCreated(KeyOut):
    key: str = Field(description="Sent as ``Authorization: Bearer``. It cannot be shown again.")
