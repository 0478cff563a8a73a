"""A monitor's settings with every default filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_sentinel_plugin.entities import (
    FeatureSettings,
    MonitorSettings,
    Rule,
    Strict,
    WindowSpec,
    duration_ms,
)

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config.model import Config

DEFAULT_THRESHOLDS = {"psi": 0.2, "ks_test_pvalue": 0.05, "js_divergence": 0.1}


class ResolvedSettings(Strict):
    """What a monitor does; nothing is left to a default."""

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
    """``None``: three windows."""
    first_rows: int | None = None
    """So many live rows become the baseline, if there is none."""

    @property
    def lateness_ms(self) -> int:
        return duration_ms(self.lateness)

    @property
    def expect_every_ms(self) -> int | None:
        return None if self.expect_every is None else duration_ms(self.expect_every)


def resolve(config: Config, settings: MonitorSettings) -> ResolvedSettings:
    """``settings`` over the defaults in ``config``. A field counts as said when it was given."""
    return ResolvedSettings(
        window=settings.window or config.windows.spec,
        timestamp_column=settings.timestamp_column,
        timezone=_said(settings, "timezone", config.windows.timezone),
        lateness=_said(settings, "lateness", config.windows.lateness),
        rule=_rule(config, settings),
        thresholds={**DEFAULT_THRESHOLDS, **(config.drift.thresholds or {}), **(settings.thresholds or {})},
        algorithms=list(settings.algorithms or config.drift.algorithms),
        features=settings.features,
        min_rows=_said(settings, "min_rows", config.monitors.min_rows),
        expect_every=settings.expect_every or config.monitors.expect_every,
        first_rows=settings.baseline.first_rows if settings.baseline is not None else None,
    )


def _said(settings: MonitorSettings, field: str, default: Any) -> Any:
    value = getattr(settings, field)
    return value if field in settings.model_fields_set and value is not None else default


def _rule(config: Config, settings: MonitorSettings) -> Rule:
    """Thresholds that are set without a rule mean the rule of thresholds, here and in the config."""
    if settings.rule is not None:
        return settings.rule
    if settings.thresholds is not None:
        return "thresholds"
    if config.drift.rule is not None:
        return config.drift.rule
    return "calibrated" if config.drift.thresholds is None else "thresholds"
