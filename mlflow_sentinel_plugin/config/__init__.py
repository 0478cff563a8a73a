"""Settings: a YAML file, ``${VAR}`` in its values, and ``SENTINEL_<SECTION>__<KEY>`` over it."""

from __future__ import annotations

from mlflow_sentinel_plugin.config.load import Loaded, load_config
from mlflow_sentinel_plugin.config.model import Config, SinkConfig
from mlflow_sentinel_plugin.config.resolve import ResolvedSettings

__all__ = ["Config", "Loaded", "ResolvedSettings", "SinkConfig", "load_config"]
