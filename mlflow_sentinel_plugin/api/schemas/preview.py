"""Bodies of the what-if of a monitor's settings."""

from __future__ import annotations

from pydantic import Field

from mlflow_sentinel_plugin.api.schemas.common import Body, Reply
from mlflow_sentinel_plugin.entities import FeatureSettings, Rule, Severity, Threshold, WindowState


class PreviewBody(Body):
    """Settings to try; what is left out keeps the monitor's value, null is the default."""

    windows: int = Field(48, ge=1, le=500, description="Replay at most so many of the newest windows.")
    rule: Rule | None = None
    thresholds: dict[str, Threshold] | None = None
    algorithms: list[str] | None = None
    features: dict[str, FeatureSettings] | None = None
    min_rows: int | None = Field(None, ge=1, le=1_000_000)


class PreviewWindow(Reply):
    window_id: str
    start: str
    end: str
    rows: int
    state: WindowState = Field(description="Under the settings tried.")
    severity: Severity | None
    score: float | None
    alert: bool = Field(description="It would have opened an alert.")
    approximate: bool = Field(description="Its full counts are no longer kept; D may be off by 1/256.")
    was_state: WindowState = Field(description="As it was judged.")
    features: list[str] = Field(description="That would have drifted, worst first.")


class PreviewOut(Reply):
    windows: int = Field(description="Windows replayed; fewer than asked for where tables are very wide.")
    alerts: int = Field(description="Alerts that would have been opened.")
    drifted: int = Field(description="Windows that would have drifted.")
    approximate: int = Field(description="Windows replayed from coarse counts.")
    skipped: int = Field(description="Windows whose counts are no longer kept.")
    items: list[PreviewWindow] = Field(description="Oldest first.")
