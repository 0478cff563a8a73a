"""Bodies of baselines."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Body, ListQuery, Reply
from mlflow_sentinel_plugin.api.schemas.monitors import FeatureOut
from mlflow_sentinel_plugin.entities import Kind, MonitorName, Role, Severity, WindowState


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


class BaselineSource(Body):
    """The JSON form of ``POST /baseline``: an artifact of a run."""

    run_id: str
    artifact_path: str
    prediction: str | list[str] | None = None
    target: str | None = None
    timestamp: str | None = None
    id: str | None = None
    kinds: dict[str, Kind] | None = None


class WindowRange(Body):
    """Ids of two windows of one monitor: these and all between them."""

    first: str
    last: str


class WindowsSource(Body):
    """The JSON form of ``POST /baseline``: windows that are the new normal."""

    from_windows: WindowRange


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


class BaselineDiffQuery(Body):
    to: str = Field(description="Id of the other baseline, of the same monitor.")


class KindChange(Reply):
    name: str
    before: Kind
    after: Kind


class BaselineDiff(Reply):
    """What a window that held the rows of ``to`` would be found to be under this baseline."""

    baseline: BaselineOut
    to: BaselineOut
    state: WindowState
    severity: Severity | None
    score: float | None
    summary: str | None
    features: list[FeatureOut] = Field(description="Worst first.")
    added: list[str] = Field(description="Columns that only ``to`` has.")
    removed: list[str] = Field(description="Columns that only this baseline has.")
    kinds: list[KindChange] = Field(description="Columns whose kind is another.")
    notes: list[str]


class BaselineDetail(BaselineOut):
    features: list[BaselineFeature]
