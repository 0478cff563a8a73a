"""API keys: make, list, revoke. Each signed-in user looks after their own, administrators after all."""

from __future__ import annotations

import logging

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, current_user, key_ring
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.entities import duration_ms
from mlflow_sentinel_plugin.store import keys

api = blueprint("keys", "API keys for machines")

_log = logging.getLogger("mlflow_sentinel.api")


class KeyPath(BaseModel):
    id: str


@api.get("/keys", responses={200: schemas.Page[schemas.KeyOut]})
@allow("signed_in")
def list_keys(query: schemas.ListQuery) -> Response:
    """Your API keys, newest first; an administrator sees everybody's."""
    now = now_ms()
    with services().db.read() as session:
        found = keys.list_page(
            session, workspace=workspace(), owner=_owner(), limit=query.limit, cursor=query.cursor
        )
    items = [schemas.KeyOut.model_validate(present.api_key(row, now)) for row in found.items]
    return reply(schemas.Page[schemas.KeyOut](items=items, next=found.next))


@api.post("/keys", responses={201: schemas.KeyCreated, 415: schemas.ErrorReply})
@allow("signed_in")
def create_key(body: schemas.KeyCreate) -> Response:
    """Make an API key that acts for you. The answer is the only one that ever holds the key itself."""
    now = now_ms()
    with services().db.write() as session:
        row, key = keys.create(
            session,
            body.name,
            body.scope,
            workspace=workspace(),
            owner=current_user().name,
            monitors=body.monitors,
            expires_at=None if body.expires_in is None else now + duration_ms(body.expires_in),
            now=now,
        )
    _log.info("API key %s (scope %s) made by %s", row.id, row.scope, row.owner or "anybody: no login")
    return reply(schemas.KeyCreated.model_validate({**present.api_key(row, now), "key": key}), 201)


@api.delete("/keys/<id>", responses={204: None})
@allow("signed_in")
def revoke_key(path: KeyPath) -> Response:
    """Revoke an API key: at once in this worker, within 5 seconds in the others. It stays listed."""
    with services().db.write() as session:
        row = keys.revoke(session, path.id, workspace=workspace(), owner=_owner(), now=now_ms())
    key_ring().forget(row.id)
    _log.info("API key %s revoked by %s", row.id, current_user().name or "anybody: no login")
    return Response(status=204)


def _owner() -> str | None:
    """Whose keys the user may look after; ``None``: everybody's."""
    user = current_user()
    return None if user.is_admin else user.name
