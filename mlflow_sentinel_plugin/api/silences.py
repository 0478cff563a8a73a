"""Silences: times in which nobody is told that matching alerts fire. Each ends by itself."""

from __future__ import annotations

import logging

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, current_user, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import moment, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import Forbidden, InvalidInput
from mlflow_sentinel_plugin.store import monitors, silences

api = blueprint("silences", "Times in which nobody is told")

MAX_DAYS = 366
_DAY_MS = 86_400_000
_log = logging.getLogger("mlflow_sentinel.api")


class SilencePath(BaseModel):
    id: str


@api.get("/silences", responses={200: schemas.Page[schemas.SilenceOut]})
@allow("read")
def list_silences(query: schemas.SilenceQuery) -> Response:
    """Silences, newest first. One that names no monitor is shown to everybody who is signed in."""
    visible = visible_experiments()
    owner = None if query.monitor is None else monitor_named(query.monitor)
    now = now_ms()
    with services().db.read() as session:
        found = silences.list_page(
            session,
            now=now,
            workspace=workspace(),
            visible=visible,
            state=query.state,
            monitor_id=owner.id if owner else None,
            limit=query.limit,
            cursor=query.cursor,
        )
        owners = monitors.by_ids(session, {row.monitor_id for row in found.items if row.monitor_id})
    items = [present.silence(row, owners.get(row.monitor_id or ""), now) for row in found.items]
    return reply(schemas.Page[schemas.SilenceOut](items=items, next=found.next))


@api.post("/silences", responses={201: schemas.SilenceOut, 415: schemas.ErrorReply})
@allow("edit")
def create_silence(body: schemas.SilenceCreate) -> Response:
    """Tell nobody that matching alerts fire until ``ends_at``; that an announced one is over is still told.

    All matchers that are given have to match. A silence of one monitor needs the permission to edit it,
    any other is for administrators.
    """
    now = now_ms()
    starts_at = moment(body.starts_at) or now
    ends_at = moment(body.ends_at) or now
    _check_times(starts_at, ends_at, now)
    owner = None if body.monitor is None else monitor_named(body.monitor)
    _permit(owner.experiment_id if owner else None)
    with services().db.write() as session:
        row = silences.add(
            session,
            now=now,
            workspace=workspace(),
            monitor_id=owner.id if owner else None,
            experiment_id=owner.experiment_id if owner else None,
            pattern=body.pattern,
            condition=body.condition,
            severity=body.severity,
            reason=body.reason,
            author=current_user().name,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    _log.info("silence %s made by %s", row.id, current_user().name or "anybody: no login")
    return reply(present.silence(row, owner, now), 201)


@api.delete("/silences/<id>", responses={200: schemas.SilenceOut})
@allow("edit")
def end_silence(path: SilencePath) -> Response:
    """End a silence now; it stays listed. What still fires is told of."""
    now, visible = now_ms(), visible_experiments()
    with services().db.read() as session:
        seen = silences.get(session, path.id, workspace=workspace(), visible=visible)
    _permit(seen.experiment_id)
    with services().db.write() as session:
        row = silences.get(session, path.id, workspace=workspace(), for_update=True)
        silences.end(session, row, now=now, by=current_user().name)
        owner = monitors.by_ids(session, [row.monitor_id or ""]).get(row.monitor_id or "")
    _log.info("silence %s ended by %s", row.id, current_user().name or "anybody: no login")
    return reply(present.silence(row, owner, now))


def _permit(experiment_id: str | None) -> None:
    if experiment_id is not None:
        authorize(experiment_id)
        return
    visible_experiments()
    user = current_user()
    if not user.is_admin:
        raise Forbidden(
            "a silence of more than one monitor is for MLflow's administrators",
            hint="name one monitor that you may edit",
        )
    key = user.key
    if key is not None and key.scope != "admin":
        raise Forbidden(f"this needs more than the scope {key.scope} of this API key", code="key_scope")


def _check_times(starts_at: int, ends_at: int, now: int) -> None:
    if ends_at <= max(starts_at, now):
        raise InvalidInput("ends_at must be in the future and after starts_at")
    if ends_at - starts_at > MAX_DAYS * _DAY_MS:
        raise InvalidInput(
            f"a silence lasts {MAX_DAYS} days at most", hint="pause the monitor, or delete it, instead"
        )
