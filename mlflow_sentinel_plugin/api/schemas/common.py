"""What the bodies of every resource share."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from mlflow_sentinel_plugin.entities import MonitorName, Severity

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


class ListQuery(Body):
    limit: int = Field(50, ge=1, le=500, description="Items of a page.")
    cursor: str | None = Field(None, description="``next`` of the page before.")


class TimedQuery(ListQuery):
    monitor: str | None = None
    experiment: str | None = Field(None, description="Experiment id.")
    severity: Severity | None = Field(None, description="This severity or worse.")
    since: str | None = Field(None, description="RFC 3339; inclusive.")
    until: str | None = Field(None, description="RFC 3339; exclusive.")


class MonitorRequiredQuery(Body):
    monitor: MonitorName
