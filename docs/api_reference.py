"""Print the reference of the REST API: ``python docs/api_reference.py > docs/api_reference.md``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mlflow_sentinel_plugin.api.context import Services
from mlflow_sentinel_plugin.api.openapi import PREFIX
from mlflow_sentinel_plugin.app.wiring import sub_app

INTRODUCTION = f"""# REST API

All paths are below `{PREFIX}`, which MLflow's `--static-prefix` goes before. A running server has the same as
`{PREFIX}/openapi.json` and, to try things out, as `{PREFIX}/docs`; both work offline.

- Times are RFC 3339 in UTC. `since` is inclusive, `until` is not.
- JSON is strict: a number that cannot be computed is `null`, with a `reason` beside it.
- A list answers `{{"items": [...], "next": ...}}`. Pass `next` as `cursor` to go on; `null` is the end.
- Every failure answers with the body [ErrorReply](#errorreply); a request that fails changes nothing. Besides
  the statuses named below: 400 the request is wrong, 401 not signed in, 403 not allowed, 404 not there or
  not to be seen, 413 too large, 429 too busy (try again after `Retry-After` seconds), 503 Sentinel cannot
  work now and says why.

This page is printed by `docs/api_reference.py`.
"""
GENERAL = {"400", "401", "403", "404", "413", "429", "500", "503"}
"""Statuses that the introduction explains."""


class NoServices:
    """The document needs no database."""

    def services(self) -> Services:
        """Nothing here asks for services."""
        raise RuntimeError("printing the reference needs no services")


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    spec: dict[str, Any] = sub_app(NoServices()).api_doc  # type: ignore[attr-defined]
    return spec


def reference(spec: dict[str, Any]) -> str:
    """The document as Markdown."""
    return "\n".join([INTRODUCTION, *_paths(spec), *_bodies(spec)])


def _paths(spec: dict[str, Any]) -> Iterator[str]:
    for tag in spec["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}.\n"
        for path, item in spec["paths"].items():
            for method, operation in item.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(method.upper(), path.removeprefix(PREFIX), operation)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {method} {path}\n\n{_prose(operation['summary'])}\n"
    if "description" in operation:
        yield f"{operation['description']}\n"
    if operation.get("parameters"):
        yield "| parameter | in | type | |\n|---|---|---|---|"
        yield from map(_parameter, operation["parameters"])
        yield ""
    if "requestBody" in operation:
        yield f"Body: {_content(operation['requestBody'])}.\n"
    for status, answer in sorted(operation["responses"].items()):
        if status not in GENERAL:
            yield f"- **{status}** {answer['description']}: {_content(answer)}"
    yield ""


def _parameter(given: dict[str, Any]) -> str:
    schema = given["schema"]
    said = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    types = " or ".join(map(_type, said))
    text = _remarks(given["required"], given.get("description", ""), schema.get("default"))
    return f"| `{given['name']}` | {given['in']} | {types} | {text} |"


def _content(body: dict[str, Any]) -> str:
    content = body.get("content")
    if content is None:
        return "no body"
    if len(content) > 1:
        return ", ".join(f"`{name}`" for name in content)
    (media,) = content.values()
    return _type(media["schema"])


def _bodies(spec: dict[str, Any]) -> Iterator[str]:
    yield "## Bodies\n"
    for name, schema in sorted(spec["components"]["schemas"].items()):
        yield f"### {name}\n"
        if "description" in schema:
            yield f"{_prose(schema['description'])}\n"
        yield "| field | type | |\n|---|---|---|"
        for field, of in schema["properties"].items():
            yield f"| `{field}` | {_type(of)} | {_field(schema, field, of)} |"
        yield ""


def _field(schema: dict[str, Any], name: str, of: dict[str, Any]) -> str:
    description = of.get("description", "")
    if schema.get("additionalProperties") is not False:
        return _cell(description)  # of an answer, which is always complete
    return _remarks(name in schema.get("required", ()), description, of.get("default"))


def _remarks(required: bool, description: str, default: Any) -> str:
    needed = "**required**" if required else ""
    said = "" if default is None or default == {} else f"Default `{json.dumps(default)}`."
    return _cell(" ".join(filter(None, [needed, description, said])))


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return f"{schema.get('type', 'any')}{_bounds(schema)}"


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f" {low:.0f} to {high:.0f}" if high is not None else f" from {low:.0f}"


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")


def _prose(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


if __name__ == "__main__":
    print(reference(document()), end="")
