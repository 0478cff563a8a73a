"""Time as an argument: milliseconds since the epoch, UTC, and RFC 3339 text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

from mlflow_sentinel_plugin.errors import InvalidInput

Clock = Callable[[], int]
"""Returns the current time in milliseconds since the epoch, UTC."""


def now_ms() -> int:
    """The current time in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def to_rfc3339(ms: int | None) -> str | None:
    """``1700000000000`` -> ``2023-11-14T22:13:20.000Z``; ``None`` stays ``None``."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, tz=timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def from_rfc3339(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 timestamp; without an offset it is UTC.

    Raises:
        InvalidInput: the text is not a timestamp.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not a timestamp",
            hint="write RFC 3339, for example 2026-01-31T08:00:00Z",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)
