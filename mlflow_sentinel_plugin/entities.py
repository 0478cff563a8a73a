"""The words every layer shares: states, severities, and a monitor's settings."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

WindowState = Literal["ok", "drift", "insufficient_data", "no_data", "schema_changed"]
FeatureState = Literal["ok", "drift", "insufficient_data", "column_gone", "kind_changed", "ignored"]
Severity = Literal["low", "medium", "high", "critical"]
Kind = Literal["numeric", "categorical", "boolean", "datetime", "text", "ignored"]
Role = Literal["feature", "prediction", "target", "timestamp", "id"]
Rule = Literal["calibrated", "thresholds"]
Condition = Literal["drift", "no_data", "schema_changed", "source_error"]
AlertStatus = Literal["firing", "acknowledged", "resolved"]
DeliveryStatus = Literal["pending", "sending", "sent", "failed", "covered", "cancelled"]
SilenceState = Literal["pending", "active", "ended"]
KeyScope = Literal["ingest", "read", "admin"]
KeyStatus = Literal["active", "expired", "revoked"]

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""Mildest first."""

DEFAULT_WORKSPACE = "default"
DEFAULT_EXPERIMENT_ID = "0"

_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_LONGEST_LIFE_MS = 36_500 * _UNIT_MS["d"]
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d|w)")
_NAME = re.compile(r"[^\x00-\x1f\x7f/?#%]{1,200}")


def duration_ms(text: str) -> int:
    """Milliseconds of a duration such as ``30s``, ``5m``, ``1h``, ``1d`` or ``1w``.

    Raises:
        ValueError: the text is not a whole number followed by a unit.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number and s, m, h, d or w, like '1h'")
    return int(match[1]) * _UNIT_MS[match[2]]


def _checked_duration(text: str) -> str:
    duration_ms(text)
    return text


def _positive_duration(text: str) -> str:
    if duration_ms(text) < 1_000:
        raise ValueError(f"{text!r} is too short; the shortest is '1s'")
    return text


def _key_name(text: str) -> str:
    if not 1 <= len(text.strip()) <= 200 or not text.isprintable():
        raise ValueError("a key's name says what it is for: 1 to 200 characters on one line")
    return text.strip()


def _lifetime(text: str) -> str:
    if duration_ms(_positive_duration(text)) > _LONGEST_LIFE_MS:
        raise ValueError(f"{text!r} is too long; the longest is '36500d', or leave it out for no end")
    return text


def _known_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{text!r} is no IANA time zone; write one like 'Europe/Berlin'") from None
    return text


def _valid_name(text: str) -> str:
    if not _NAME.fullmatch(text) or text != text.strip():
        raise ValueError("a monitor's name has 1 to 200 characters, no / ? # % or control characters")
    return text


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


Duration = Annotated[str, AfterValidator(_checked_duration)]
PositiveDuration = Annotated[str, AfterValidator(_positive_duration)]
KeyName = Annotated[str, AfterValidator(_key_name)]
KeyLifetime = Annotated[str, AfterValidator(_lifetime)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
MonitorName = Annotated[str, AfterValidator(_valid_name)]
Threshold = Annotated[float, BeforeValidator(_whole), Field(allow_inf_nan=False)]

BASELINE_TAG, DIGEST_TAG, MONITOR_TAG = "sentinel.baseline", "sentinel.baseline_digest", "sentinel.monitor"
"""Tags of a run: the artifact that is its baseline, what is in it, and the monitor it is for."""


class Strict(BaseModel):
    """A settings object that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowSpec(Strict):
    """How live rows are cut into windows: ``{"period": "1h"}`` or ``{"rows": 500}``, exactly one of them."""

    period: PositiveDuration | None = None
    rows: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=10_000_000)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> WindowSpec:
        if (self.period is None) == (self.rows is None):
            raise ValueError('a window is {"period": "1h"} or {"rows": 500}, exactly one of the two')
        return self

    @property
    def period_ms(self) -> int:
        """Length of a period window in ms; 0 for a count window."""
        return duration_ms(self.period) if self.period is not None else 0


class FeatureSettings(Strict):
    """What a monitor says of one feature, over what its baseline says."""

    ignore: bool = False
    values: Literal["show", "hide"] = "show"
    importance: Annotated[float, Field(ge=0, le=1)] | None = None
    thresholds: dict[str, Threshold] = Field(default_factory=dict)


class FirstRows(Strict):
    """The first live rows become the baseline: ``{"first_rows": 1000}``."""

    first_rows: Annotated[int, BeforeValidator(_whole), Field(ge=100, le=100_000)]


class MonitorSettings(Strict):
    """What a monitor watches and how. ``None`` means the config's default."""

    window: WindowSpec | None = None
    timestamp_column: str | None = None
    timezone: TimeZone = "UTC"
    lateness: Duration = "5m"
    rule: Rule | None = None
    thresholds: dict[str, Threshold] | None = None
    algorithms: list[str] | None = None
    features: dict[str, FeatureSettings] = Field(default_factory=dict)
    min_rows: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=1_000_000)] = 50
    expect_every: PositiveDuration | None = None
    baseline: FirstRows | None = None
