"""The dashboard's types come from ``js/openapi.json``; it must be what the API says of itself."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

JS = Path(__file__).parents[2] / "js"


def test_the_types_of_the_dashboard_are_made_from_the_current_api() -> None:
    spec = importlib.util.spec_from_file_location("openapi_snapshot", JS / "scripts" / "openapi.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    stored = json.loads((JS / "openapi.json").read_text())
    renew = "python js/scripts/openapi.py > js/openapi.json, then npm run types in js/"
    assert stored == script.document(), renew
