"""Print the API's OpenAPI document, from which the dashboard's types are generated."""

from __future__ import annotations

import json
from typing import Any

from mlflow_sentinel_plugin.app import wiring


def document() -> dict[str, Any]:
    """The document without what changes with each release."""
    app = wiring.sub_app(lambda: None)  # type: ignore[arg-type, return-value]
    spec: dict[str, Any] = json.loads(json.dumps(app.api_doc))  # type: ignore[attr-defined]
    spec["info"]["version"] = "0"
    return spec


if __name__ == "__main__":
    print(json.dumps(document(), indent=1, sort_keys=True))
