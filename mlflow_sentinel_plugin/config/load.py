"""Read the settings: file, then environment, then old names, then the check."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mlflow_sentinel_plugin.config import environment, legacy
from mlflow_sentinel_plugin.config.explain import explain
from mlflow_sentinel_plugin.config.model import Config
from mlflow_sentinel_plugin.config.variables import Expanded, expand
from mlflow_sentinel_plugin.errors import ConfigError


@dataclass(frozen=True)
class Loaded:
    """The settings, where they came from, and what the log should say about them."""

    config: Config
    file: Path | None = None
    hints: list[str] = field(default_factory=list)


def load_config(path: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read ``path`` (default: ``SENTINEL_CONFIG``; no file at all is fine) and the environment.

    Raises:
        ConfigError: one line that names the file or variable, the key, and the nearest valid key.
    """
    name = path or environ.get("SENTINEL_CONFIG") or None
    file = Path(name) if name else None
    expanded = expand(_read(file), environ) if file else Expanded({})
    overrides = environment.read(environ, ignore=expanded.names)
    data = environment.apply(expanded.data, overrides)
    hints = legacy.move(data, environ)
    config = _checked(_without_unset_sinks(data, expanded, overrides), file, overrides)
    return Loaded(config, file, hints + _notes(config))


def _read(file: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: holds a {type(data).__name__}, not sections such as 'drift:'")
    return {str(key): {} if value is None else value for key, value in data.items()}


def _without_unset_sinks(
    data: dict[str, Any], expanded: Expanded, overrides: environment.Overrides
) -> dict[str, Any]:
    """Give each sink the names of the unset variables it uses; anywhere else one is an error."""
    for where, variable in expanded.unset.items():
        if where in overrides:
            continue
        if where[:2] != ("alerting", "sinks") or len(where) < 4:
            raise ConfigError(f"{'.'.join(where)}: the variable {variable} is not set")
        sink = data["alerting"]["sinks"][where[2]]
        sink["unset"] = (*sink.get("unset", ()), variable)
    return data


def _checked(data: dict[str, Any], file: Path | None, overrides: environment.Overrides) -> Config:
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise explain(error, str(file or "config"), overrides) from None


def _notes(config: Config) -> list[str]:
    notes = [
        f"alerting.sinks.{name}: not configured, {', '.join(sink.unset)} is not set; it sends nothing"
        for name, sink in config.alerting.sinks.items()
        if sink.enabled and sink.unset
    ]
    if config.drift.thresholds is not None and config.drift.rule is None:
        notes.append("drift.thresholds is set and drift.rule is not: the rule is 'thresholds'")
    return notes
