"""``${VAR}`` and ``${VAR:-default}`` in the values of the file; ``VAR_FILE`` names a file with the value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow_sentinel_plugin.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

Where = tuple[str, ...]


@dataclass
class Expanded:
    """``data`` with its variables replaced."""

    data: dict[str, Any]
    names: set[str] = field(default_factory=set)
    """All variables that were named, and what they are called with ``_FILE``."""
    unset: dict[Where, str] = field(default_factory=dict)
    """Key -> the variable that it needs and that is not set; the key has no value."""


def value_of(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable, else what stands in the file that ``<name>_FILE`` names; ``None`` if neither is set.

    Raises:
        ConfigError: there is such a file, and it cannot be used.
    """
    file = environ.get(f"{name}_FILE")
    return environ.get(name) or (read_secret(f"{name}_FILE", file) if file else None)


def read_secret(variable: str, path: str) -> str:
    """What stands in a file, without the white space around it.

    Raises:
        ConfigError: it cannot be read, is no text, or is empty; names ``variable``.
    """
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigError(f"{variable}: {path} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{variable}: {path} cannot be read: {reason}") from None
    if not text:
        raise ConfigError(f"{variable}: {path} is empty")
    return text


def expand(data: dict[str, Any], environ: Mapping[str, str]) -> Expanded:
    """Replace each variable in each text of ``data``, which is not changed."""
    result = Expanded({})
    result.data = _walk(data, (), environ, result)
    return result


def _walk(value: Any, where: Where, environ: Mapping[str, str], result: Expanded) -> Any:
    if isinstance(value, dict):
        items = {str(key): _walk(item, (*where, str(key)), environ, result) for key, item in value.items()}
        return {key: item for key, item in items.items() if (*where, key) not in result.unset}
    if isinstance(value, list):
        return [_walk(item, where, environ, result) for item in value]
    if isinstance(value, str):
        return _text(value, where, environ, result)
    return value


def _text(value: str, where: Where, environ: Mapping[str, str], result: Expanded) -> str:
    def replace(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        result.names.update((name, f"{name}_FILE"))
        found = value_of(name, environ) or default
        if found is None:
            result.unset[where] = name
        return found or ""

    return _VARIABLE.sub(replace, value)
