"""``${VAR}`` and ``${VAR:-default}`` in the values of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

Where = tuple[str, ...]


@dataclass
class Expanded:
    """``data`` with its variables replaced."""

    data: dict[str, Any]
    names: set[str] = field(default_factory=set)
    """All variables that were named."""
    unset: dict[Where, str] = field(default_factory=dict)
    """Key -> the variable that it needs and that is not set; the key has no value."""


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
        result.names.add(name)
        found = environ.get(name) or default
        if found is None:
            result.unset[where] = name
        return found or ""

    return _VARIABLE.sub(replace, value)
