"""Read the settings: file, then environment, then old names, then the check."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlflow_sentinel_plugin.config import document, environment, legacy
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
    expanded = expand(document.read(file), environ) if file else Expanded({})
    overrides = environment.read(environ, ignore=expanded.names)
    data = environment.apply(expanded.data, overrides)
    hints = legacy.move(data, environ)
    config = _checked(_without_unset_sinks(data, expanded, overrides), file, overrides)
    return Loaded(config, file, hints + _notes(config))


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
