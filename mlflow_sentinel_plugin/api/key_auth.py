"""API keys at work: is this one good, and may it be used for this request?

A key never gives more than its owner has. Its scope, its monitors and its workspace take away from that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cachetools import TTLCache
from flask import request
from sqlalchemy import select

from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.entities import KeyScope
from mlflow_sentinel_plugin.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from mlflow_sentinel_plugin.store import keys
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Alert, ApiKey, Baseline, DriftEvent, Monitor, Silence, Source

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.api.auth import Permission

_log = logging.getLogger("mlflow_sentinel.api")

CACHE_S = 5.0
"""How long a worker trusts what it read of a key: so long may a revoked one go on in other workers."""

_CACHED_KEYS = 1024

SCOPES: dict[KeyScope, frozenset[Permission]] = {
    "ingest": frozenset(),
    "read": frozenset({"signed_in", "read"}),
    "admin": frozenset({"signed_in", "read", "edit", "manage", "admin"}),
}
"""Routes of which permissions a scope opens; the owner must have the permission too."""

INGEST = frozenset({"predictions.post_predictions", "baselines.post_baseline"})
"""All that the scope ``ingest`` opens."""

BY_QUERY = frozenset(
    {
        "alerts.list_alerts",
        "baselines.list_baselines",
        "baselines.post_baseline",
        "drift.get_distribution",
        "drift.get_heatmap",
        "drift.get_timeseries",
        "drift.list_events",
        "silences.list_silences",
        "predictions.post_predictions",
        "sources.create_source",
        "sources.list_sources",
    }
)
"""Routes that touch nothing but the monitor in ``?monitor=``, if it is given."""

BY_PATH = "/api/v1/monitors/<name>"
"""Rules that begin so touch nothing but the monitor of that name."""

Owned = type[Alert] | type[Baseline] | type[DriftEvent] | type[Silence] | type[Source]

BY_ID: dict[str, Owned] = {
    "alerts.acknowledge_alert": Alert,
    "alerts.comment_alert": Alert,
    "alerts.get_alert": Alert,
    "alerts.resolve_alert": Alert,
    "baselines.activate_baseline": Baseline,
    "baselines.diff_baselines": Baseline,
    "baselines.get_baseline": Baseline,
    "drift.get_event": DriftEvent,
    "silences.end_silence": Silence,
    "sources.delete_source": Source,
    "sources.get_source": Source,
}
"""Routes that touch nothing but the monitor that the row named by ``<id>`` belongs to."""

_OWN_ROUTES = "keys."


class KeyRing:
    """Checks keys against the database, remembering each for :data:`CACHE_S` seconds. One per worker.

    Args:
        timer: Seconds on a clock that only goes forward.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._known: TTLCache[str, ApiKey] = TTLCache(_CACHED_KEYS, CACHE_S, timer)
        self._lock = threading.Lock()

    def check(self, db: Database, key: str, now: int) -> ApiKey:
        """The row of a key that is good at ``now`` (ms).

        Raises:
            Unauthenticated: it is no key of ours, revoked, or expired.
            Unavailable: the database cannot be used now.
        """
        row = self._matching(db, key)
        status = keys.status(row, now)
        if status != "active":
            raise Unauthenticated(
                f"the API key {row.name!r} is {status}",
                hint="ask its owner for a new one",
                code=f"key_{status}",
            )
        return row

    def note_use(self, db: Database, row: ApiKey, now: int) -> None:
        """Write down that the key was used: at most once a minute, and without failing the request."""
        if row.last_used_at is not None and now - row.last_used_at < keys.USE_NOTED_EVERY_MS:
            return
        row.last_used_at = now  # Also when the write fails: it is not tried again with each request.
        try:
            with db.write() as session:
                keys.note_use(session, row.id, now)
        except Unavailable as error:
            _log.warning("the use of API key %s is not noted: %s", row.id, error)

    def forget(self, key_id: str) -> None:
        """Read the key anew when it comes next."""
        with self._lock:
            self._known.pop(key_id, None)

    def _matching(self, db: Database, key: str) -> ApiKey:
        parts = keys.split(key)
        row = None if parts is None else self._find(db, parts[0])
        if parts is None or row is None or not keys.fits(row, parts[1]):
            raise Unauthenticated(
                "unknown API key", hint="copy the whole key, from snt_ to its last digit", code="key_unknown"
            )
        return row

    def _find(self, db: Database, key_id: str) -> ApiKey | None:
        with self._lock:
            row = self._known.get(key_id)
        if row is not None:
            return row
        with db.read() as session:
            row = keys.find(session, key_id)
        if row is not None:  # Remembering ids that do not exist would let anybody push out those that do.
            with self._lock:
                self._known[key_id] = row
        return row


def key_of_request() -> str | None:
    """The API key that the request carries.

    Another ``Bearer`` than ours is ``None``: it is for MLflow's login, or for a proxy in front.
    """
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    key = rest.strip()
    return key if scheme.lower() == "bearer" and key.startswith(keys.PREFIX) else None


def check_use(row: ApiKey, permission: Permission) -> None:
    """Whether the key is for the current request, whatever its owner may do.

    Args:
        permission: What the route needs.

    Raises:
        Forbidden: it is for another workspace, other monitors, or its scope does not open the route.
        NotFound: the thing named is none of its monitors', or does not exist.
    """
    _check_workspace(row)
    _check_scope(row, permission)
    if row.monitors is not None:
        _check_monitor(row.monitors)


def scope_allows(row: ApiKey, permission: Permission) -> bool:
    """Whether the scope goes so far, on a route that it opens."""
    return permission in _opened(row) or (row.scope == "ingest" and permission in ("read", "edit"))


def _check_workspace(row: ApiKey) -> None:
    if row.workspace != workspace():
        raise Forbidden(
            f"this API key is for the workspace {row.workspace!r}",
            hint=f"send the header X-MLFLOW-WORKSPACE: {row.workspace}",
            code="key_workspace",
        )


def _check_scope(row: ApiKey, permission: Permission) -> None:
    endpoint = request.endpoint or ""
    if endpoint.startswith(_OWN_ROUTES):
        raise Forbidden(
            "an API key cannot look after API keys",
            hint="sign in as a user, or use mlflow-sentinel keys on the server",
            code="key_scope",
        )
    if endpoint in INGEST and row.scope == "ingest":
        return
    if permission not in _opened(row):
        raise Forbidden(
            f"an API key with the scope {row.scope} is not for {request.method} {request.path}",
            hint="ingest sends rows and baselines, read looks, admin does all its owner may",
            code="key_scope",
        )


def _opened(row: ApiKey) -> frozenset[Permission]:
    """Nothing for a scope that only a later version knows."""
    return SCOPES.get(row.scope, frozenset())


def _check_monitor(allowed: list[str]) -> None:
    rule = request.url_rule.rule if request.url_rule else ""
    arguments = request.view_args or {}
    if request.endpoint in BY_ID:
        return _check_row(BY_ID[request.endpoint], arguments["id"], allowed)
    named = [arguments["name"]] if rule.startswith(BY_PATH) else []
    if request.endpoint in BY_QUERY:
        named = request.args.getlist("monitor")
    if named and set(named) <= set(allowed):
        return None
    raise Forbidden(
        f"this API key is only for the monitors {', '.join(allowed)}",
        hint="name one of them, as ?monitor= or in the path; other routes are closed to it",
        code="key_monitor",
    )


def _check_row(kind: Owned, row_id: str, allowed: list[str]) -> None:
    query = select(Monitor.name).join(kind, kind.monitor_id == Monitor.id).where(kind.id == row_id)
    with services().db.read() as session:
        name = session.scalar(query)
    if name not in allowed:
        raise NotFound("there is no such thing, or you may not see it")
