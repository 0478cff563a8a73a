"""A monitor's settings in force: what is stored, over the config's defaults."""

from __future__ import annotations

from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.entities import MonitorSettings
from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.profile.windows import spec_text
from mlflow_sentinel_plugin.store.models import Monitor


def settings_of(config: Config, monitor: Monitor) -> ResolvedSettings:
    """What the monitor does, nothing left to a default."""
    return config.resolve(MonitorSettings.model_validate(monitor.settings))


def spec_of(settings: ResolvedSettings) -> str:
    """How its rows are cut now, as stored with each window."""
    return spec_text(settings.window, settings.timezone)


def no_baseline(monitor: Monitor) -> Conflict:
    """The answer while there is nothing to compare with."""
    return Conflict(
        f"the monitor {monitor.name!r} has no baseline yet",
        hint=f"send the training data first: POST /api/v1/baseline?monitor={monitor.name}",
        code="no_baseline",
    )
