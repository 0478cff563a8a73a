"""Bodies of API keys."""

from __future__ import annotations

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Body, Reply
from mlflow_sentinel_plugin.entities import KeyLifetime, KeyName, KeyScope, KeyStatus, MonitorName


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
