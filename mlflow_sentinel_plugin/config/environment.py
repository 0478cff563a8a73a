"""``SENTINEL_<SECTION>__<KEY>`` variables, also with ``_FILE``; near misses of them are refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel

from mlflow_sentinel_plugin.config.legacy import LEGACY_VARIABLES
from mlflow_sentinel_plugin.config.model import Config
from mlflow_sentinel_plugin.config.variables import read_secret
from mlflow_sentinel_plugin.errors import ConfigError

_PREFIX = "SENTINEL_"
_OTHER = ("SENTINEL_CONFIG", "SENTINEL_ENABLED", "SENTINEL_SKIP_UI", *LEGACY_VARIABLES)
_KUBERNETES = re.compile(
    r"SENTINEL_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?)"
)
"""What Kubernetes sets in every pod for services called ``sentinel`` or ``sentinel-…``."""

Where = tuple[str, ...]


@dataclass(frozen=True)
class Override:
    """A value from the environment and the variable it came from."""

    variable: str
    value: Any


Overrides = dict[Where, Override]


def read(environ: Mapping[str, str], ignore: set[str]) -> Overrides:
    """Every setting in the environment, by key. An empty variable is as good as none.

    Args:
        environ: The environment.
        ignore: Variables that the file names with ``${VAR}``: they may be called anything.

    Raises:
        ConfigError: a name that is nearly one of ours, a key set twice, or a ``_FILE`` that cannot be read.
    """
    found: Overrides = {}
    ours = {name for name, text in environ.items() if name.startswith(_PREFIX) and text}
    for variable in sorted(ours - ignore):
        where = _where(variable)
        if where is None:
            _refuse_near_miss(variable)
            continue
        override = _value(variable, environ[variable])
        where = where if not _is_file(variable) else (*where[:-1], where[-1].removesuffix("_file"))
        if where in found:
            raise ConfigError(f"{variable} and {found[where].variable} set the same key; use one of them")
        found[where] = override
    return found


def apply(data: dict[str, Any], overrides: Overrides) -> dict[str, Any]:
    """``data`` with the overrides in it; names of sinks and thresholds match in any case."""
    result = _copy(data)
    for where, override in overrides.items():
        target = result
        for part in where[:-1]:
            key = _same(target, part)
            if not isinstance(target.get(key), dict):
                target[key] = {}
            target = target[key]
        target[_same(target, where[-1])] = override.value
    return result


def variable_name(where: Where) -> str:
    """``("drift", "rule")`` -> ``SENTINEL_DRIFT__RULE``."""
    return _PREFIX + "__".join(where).upper()


def _where(variable: str) -> Where | None:
    if variable == "SENTINEL_ENABLED":
        return ("server", "enabled")
    parts = tuple(variable[len(_PREFIX) :].lower().split("__"))
    return parts if len(parts) > 1 and parts[0] in Config.model_fields and all(parts) else None


def _is_file(variable: str) -> bool:
    return variable.endswith("_FILE")


def _value(variable: str, text: str) -> Override:
    if _is_file(variable):
        return Override(variable, read_secret(variable, text))
    if text.lstrip().startswith(("[", "{")):
        try:
            return Override(variable, yaml.safe_load(text))
        except yaml.YAMLError:
            raise ConfigError(f"{variable}: is no YAML or JSON list or mapping") from None
    return Override(variable, text)


def _refuse_near_miss(variable: str) -> None:
    if variable in _OTHER or _KUBERNETES.fullmatch(variable):
        return
    names = [*known_variables(), *_OTHER]
    near = difflib.get_close_matches(variable.removesuffix("_FILE"), names, 1, cutoff=0.85)
    if near:
        raise ConfigError(f"{variable}: unknown variable; did you mean {near[0]}?")


def known_variables() -> list[str]:
    """The variable of every key with a fixed name."""
    return [variable_name(where) for where in keys()]


def keys(model: type[BaseModel] = Config, above: Where = ()) -> list[Where]:
    """Every key with a fixed name, section by section."""
    found: list[Where] = []
    for name, info in model.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            found += keys(section, (*above, name))
        else:
            found.append((*above, name))
    return found


def _same(target: dict[str, Any], part: str) -> str:
    return next((key for key in target if key.lower().replace("-", "_") == part), part)


def _copy(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, dict) else value for key, value in data.items()}
