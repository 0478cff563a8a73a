"""Bodies that carry or count rows."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Body, Reply
from mlflow_sentinel_plugin.api.schemas.monitors import FeatureOut
from mlflow_sentinel_plugin.entities import Kind, Rule, Severity, WindowState


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
