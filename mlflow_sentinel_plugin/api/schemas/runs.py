"""Bodies of ingested runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import ListQuery, Reply


class RunQuery(ListQuery):
    experiment: str | None = Field(None, description="Experiment id or name.")
    status: str | None = Field(None, description="RUNNING, FINISHED, FAILED, KILLED or SCHEDULED.")
    search: str | None = Field(None, description="Part of the run's name or id.")
    since: str | None = None
    until: str | None = None


class RunBaseline(Reply):
    state: Literal["waiting", "registered", "failed"]
    error: str | None = Field(None, description="Why it is not used.")


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
    baseline: RunBaseline | None = Field(
        None, description="That the run's tags name, as log_baseline sets them."
    )
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
