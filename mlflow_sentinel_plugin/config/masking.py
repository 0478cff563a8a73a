"""The settings without their secrets, for people to look at."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mlflow_sentinel_plugin.config.model import Config

MASK = "********"
_SECRET = re.compile(r"url|key|secret|token|pass|pin|dsn|cred", re.IGNORECASE)


def masked(config: Config) -> dict[str, Any]:
    """All settings as plain data, without the database's password and whatever may be a secret of a sink."""
    data = config.model_dump(mode="json")
    data["storage"]["uri"] = _uri(config.storage.uri)
    for name, sink in config.alerting.sinks.items():
        shown = data["alerting"]["sinks"][name]
        shown.update({key: MASK for key, value in sink.settings.items() if not _is_harmless(key, value)})
        if sink.unset:
            shown["not configured"] = f"{', '.join(sink.unset)} is not set"
    return data


def _is_harmless(key: str, value: Any) -> bool:
    """Sinks come from other packages too: a text may be anything."""
    return isinstance(value, bool) or (isinstance(value, (int, float)) and not _SECRET.search(key))


def _uri(uri: str | None) -> str | None:
    if uri is None:
        return None
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        return MASK
    secrets = [name for name in url.query if _SECRET.search(name)]
    return url.update_query_dict(dict.fromkeys(secrets, "masked")).render_as_string(hide_password=True)
