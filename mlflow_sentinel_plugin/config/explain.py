"""Say in one line which key is wrong, where it stands, and what would be right."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from mlflow_sentinel_plugin.config.model import Config
from mlflow_sentinel_plugin.errors import ConfigError

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config.environment import Overrides

_BOOLEAN = ("bool_parsing", "bool_type")


def explain(error: ValidationError, file: str, overrides: Overrides) -> ConfigError:
    """The first complaint as one line; all of them in ``details["errors"]``."""
    lines = [_line(item, file, overrides) for item in error.errors(include_url=False, include_context=False)]
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return ConfigError(lines[0] + more, details={"errors": lines})


def _line(item: Any, file: str, overrides: Overrides) -> str:
    where = tuple(str(part) for part in item["loc"])
    variables = [override.variable for key, override in overrides.items() if where[: len(key)] == key]
    source = variables[0] if variables else file
    return f"{source}: {'.'.join(where)}: {_message(item, where)}"


def _message(item: Any, where: tuple[str, ...]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown key" + _nearest(where)
    if item["type"] in _BOOLEAN:
        return "write true or false"
    if item["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return "a mapping of keys is needed here"
    return str(item["msg"]).removeprefix("Value error, ")


def _nearest(where: tuple[str, ...]) -> str:
    siblings = _keys_beside(where)
    near = difflib.get_close_matches(where[-1], siblings, 1, cutoff=0.5)
    if near:
        return f"; did you mean {'.'.join((*where[:-1], near[0]))}?"
    return f"; known here: {', '.join(siblings)}"


def _keys_beside(where: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in where[:-1]:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return sorted(model.model_fields)
