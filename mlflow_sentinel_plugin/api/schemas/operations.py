"""Bodies of health, readiness and sign-in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Reply


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
