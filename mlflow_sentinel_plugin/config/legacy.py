"""Keys of a stand-alone Sentinel: moved to where they belong inside MLflow, or dropped with a hint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow_sentinel_plugin.config.variables import value_of
from mlflow_sentinel_plugin.errors import ConfigError

_DSN = "SENTINEL_POSTGRES_DSN"
LEGACY_VARIABLES = (_DSN, f"{_DSN}_FILE")

_NO_EFFECT = {
    ("mlflow", "tracking_uri"): "Sentinel reads the MLflow server it runs in",
    ("api", "host"): "Sentinel answers where MLflow does; see --host of mlflow server",
    ("api", "port"): "Sentinel answers where MLflow does; see --port of mlflow server",
    ("api", "cors_origins"): "MLflow decides; see --cors-allowed-origins (localhost is allowed)",
}


def move(data: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Rewrite old keys in ``data`` in place.

    Returns:
        What was done, for the log.

    Raises:
        ConfigError: ``storage.backend`` names nothing that exists.
    """
    return _drop(data) + _move_storage(data, environ)


def _drop(data: dict[str, Any]) -> list[str]:
    hints = []
    for (section, key), reason in _NO_EFFECT.items():
        keys = data.get(section)
        if isinstance(keys, dict) and key in keys:
            del keys[key]
            hints.append(f"{section}.{key} has no effect: {reason}")
    return hints


def _move_storage(data: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    storage = data.setdefault("storage", {})
    if not isinstance(storage, dict):
        return []
    old = {key: storage.pop(key) for key in ("backend", "sqlite", "postgres") if key in storage}
    dsn = value_of(_DSN, environ)
    if not old and dsn is None:
        return []
    if storage.get("uri"):
        return ["storage.backend, sqlite, postgres, SENTINEL_POSTGRES_DSN have no effect beside storage.uri"]
    uri, source = _old_uri(old, dsn)
    if uri is None:
        return ["storage.backend names no place: Sentinel keeps its tables in MLflow's database"]
    storage["uri"] = uri
    return [f"{source} is now storage.uri"]


def _old_uri(old: dict[str, Any], dsn: str | None) -> tuple[str | None, str]:
    path = _inner(old, "sqlite", "path")
    backend = old.get("backend") or ("sqlite" if path and dsn is None else "postgres")
    if backend == "sqlite":
        return (f"sqlite:///{Path(path).absolute()}" if path else None), "storage.sqlite.path"
    if backend in ("postgres", "postgresql"):
        source = _DSN if dsn else "storage.postgres.dsn"
        return dsn or _inner(old, "postgres", "dsn"), source
    raise ConfigError(f"storage.backend: {backend!r} is neither sqlite nor postgres", hint="set storage.uri")


def _inner(old: dict[str, Any], section: str, key: str) -> str | None:
    inner = old.get(section)
    value = inner.get(key) if isinstance(inner, dict) else None
    return str(value) if value else None
