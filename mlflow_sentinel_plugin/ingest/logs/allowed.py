"""Which files may be read because somebody named them over REST."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mlflow_sentinel_plugin.config.sources import split_uri
from mlflow_sentinel_plugin.errors import Forbidden

WILD = "*?["


def fixed_part(pattern: str) -> str:
    """The folders of a pattern before its first wildcard.

    >>> fixed_part("/var/log/app-*/x.csv"), fixed_part("/var/log/x.csv")
    ('/var/log', '/var/log')
    """
    kept: list[str] = []
    for part in pattern.split("/")[:-1]:
        if any(mark in part for mark in WILD):
            break
        kept.append(part)
    return "/".join(kept) or "/"


def check_allowed(pattern: str, allowed: Sequence[str]) -> None:
    """Refuse a path or URI whose fixed part lies in none of the allowed places.

    Raises:
        Forbidden: it is outside; the message says what is allowed.
    """
    inside = fixed_part(pattern) + "/"
    # A place may also name one file or one pattern, letter for letter.
    if any(pattern == place or inside.startswith(place.rstrip("/") + "/") for place in allowed):
        return
    listed = ", ".join(allowed)
    raise Forbidden(
        f"the server does not read {pattern!r} for its users",
        hint=f"allowed: {listed}" if listed else "an administrator lists folders in ingest.allowed_paths",
        code="path_not_allowed",
    )


def is_inside(real_path: str, allowed: Sequence[str]) -> bool:
    """Whether a local path, links resolved, lies in an allowed folder, links resolved as well."""
    folders = (os.path.realpath(place) for place in allowed if split_uri(place) is None)
    return any(real_path == folder or real_path.startswith(folder.rstrip("/") + "/") for folder in folders)
