"""Checks that an answer is one that the OpenAPI document names, and strict JSON."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from flask import Flask
from jsonschema import Draft202012Validator

from mlflow_sentinel_plugin.api.openapi import PREFIX

UNDESCRIBED = {f"{PREFIX}/openapi.json", f"{PREFIX}/docs"}
"""The document itself and its page."""


class Document:
    """The OpenAPI document of an app."""

    def __init__(self, app: Flask) -> None:
        self.spec: dict[str, Any] = app.api_doc  # type: ignore[attr-defined]
        self.answered: set[tuple[str, str, int]] = set()

    def check(self, response: Any) -> Any:
        """The parsed body of an answer.

        Raises:
            AssertionError: the document does not name such an answer.
        """
        path, method = response.request.path, response.request.method.lower()
        rule, operation = self._operation(path, method)
        assert str(response.status_code) in operation["responses"], f"{method} {rule}: {response.status_code}"
        self.answered.add((method, rule, response.status_code))
        content = operation["responses"][str(response.status_code)].get("content")
        if content is None:
            assert not response.data
            return None
        assert response.mimetype in content
        body = json.loads(response.data, parse_constant=_no_constant)
        self._validator(content[response.mimetype]["schema"]).validate(body)
        return body

    def operations(self) -> set[tuple[str, str]]:
        """Method and path of each operation."""
        return {(method, path) for path, item in self.spec["paths"].items() for method in item}

    def _operation(self, path: str, method: str) -> tuple[str, Any]:
        rules = [rule for rule in self.spec["paths"] if re.fullmatch(_pattern(rule), path)]
        # /drift/summary is a path of its own, not an event's id.
        rule = min(rules, key=lambda found: found.count("{"))
        return rule, self.spec["paths"][rule][method]

    def _validator(self, schema: Any) -> Draft202012Validator:
        return Draft202012Validator({**schema, "components": self.spec["components"]})


def _pattern(rule: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(rule))


def _no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} in an answer")
