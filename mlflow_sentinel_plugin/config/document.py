"""The YAML file itself: sections and their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mlflow_sentinel_plugin.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """YAML lets a key stand twice, and the later one win; here that is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                problem = f"the key {key.value!r} stands here a second time"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def read(file: Path) -> dict[str, Any]:
    """The sections of ``file``; a section or key without a value counts as not written.

    Raises:
        ConfigError: the file cannot be read, or is not YAML; never quotes it, as it may hold secrets.
    """
    try:
        # SafeLoader's own subclass: builds plain data only.
        data = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML: {_problem(error)}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: holds a {type(data).__name__}, not sections such as 'drift:'")
    return {str(key): _section(value) for key, value in data.items()}


def _section(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if inner is not None}
    return {} if value is None else value


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return " ".join(str(error).split())
