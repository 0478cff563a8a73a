"""Bodies of log sources."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mlflow_sentinel_plugin.api.schemas.common import ListQuery, Reply
from mlflow_sentinel_plugin.config.sources import SourceSettings

SourceName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
]


class SourceQuery(ListQuery):
    monitor: str | None = None


class SourceCreate(SourceSettings):
    """Where the files are and how their rows are read."""

    name: SourceName = Field(description="Any, once a monitor.")

    @property
    def settings(self) -> SourceSettings:
        """Without the name."""
        return SourceSettings.model_validate(self.model_dump(exclude={"name"}))


class BadLine(Reply):
    file: str
    position: int = Field(description="Where it begins: bytes of the inflated file; rows in a Parquet.")
    reason: str


class SourceOut(Reply):
    id: str
    name: str
    monitor: str
    experiment_id: str
    origin: Literal["config", "api"]
    settings: SourceSettings
    place: str = Field(description="Where the files are, in words.")
    state: Literal["ok", "waiting", "failing", "paused"]
    reason: str | None = Field(description="What it waits for, or why it fails.")
    failing_since: str | None
    rows: int
    rejected: int
    files: int = Field(description="At the last look, like the next four.")
    files_behind: int = Field(description="Files with something unread.")
    files_failing: int
    bytes_behind: int
    looked_at: str | None = Field(description="To the minute; null before the first look.")
    read_at: str | None = Field(description="When it last gave rows.")
    created_at: str
    created_by: str | None
    samples: list[BadLine] = Field(description="The newest bad lines.")


class SourceFileOut(Reply):
    path: str
    size: int
    unit: Literal["bytes", "rows"]
    position: int = Field(description="Everything before it is taken in; bytes are those inflated.")
    rows: int
    rejected: int
    error: str | None
    read_at: str
    gone_at: str | None = Field(description="Since when there is no such file.")


class SourceDetail(SourceOut):
    newest: list[SourceFileOut] = Field(description="The 100 files that were read last.")
