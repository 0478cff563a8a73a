"""The settings without their secrets, for people to look at."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mlflow_sentinel_plugin.config.model import Config

MASK = "********"
_SECRET = re.compile(r"url|key|secret|token|password|headers|dsn", re.IGNORECASE)


def masked(config: Config) -> dict[str, Any]:
    """All settings as plain data; a sink's addresses and keys, and the database's password, are masked."""
    data = config.model_dump(mode="json")
    data["storage"]["uri"] = _uri(config.storage.uri)
    for name, sink in config.alerting.sinks.items():
        shown = data["alerting"]["sinks"][name]
        shown.update({key: MASK for key in sink.settings if _SECRET.search(key)})
        if sink.unset:
            shown["not configured"] = f"{', '.join(sink.unset)} is not set"
    return data


def _uri(uri: str | None) -> str | None:
    if uri is None:
        return None
    try:
        return make_url(uri).render_as_string(hide_password=True)
    except ArgumentError:
        return MASK
