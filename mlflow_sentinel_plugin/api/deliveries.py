"""Deliveries: every message to every sink, and the ones that could not be sent."""

from __future__ import annotations

import logging

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, current_user
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.store import deliveries

api = blueprint("deliveries", "Messages to sinks")

_log = logging.getLogger("mlflow_sentinel.api")


class DeliveryPath(BaseModel):
    id: str


@api.get("/deliveries", responses={200: schemas.Page[schemas.DeliveryOut]})
@allow("admin")
def list_deliveries(query: schemas.DeliveryQuery) -> Response:
    """Deliveries, newest first."""
    with services().db.read() as session:
        found = deliveries.list_page(
            session,
            workspace=workspace(),
            alert_id=query.alert,
            sink=query.sink,
            status=query.status,
            limit=query.limit,
            cursor=query.cursor,
        )
    items = [present.delivery(row) for row in found.items]
    return reply(schemas.Page[schemas.DeliveryOut](items=items, next=found.next))


@api.post("/deliveries/<id>/replay", responses={200: schemas.DeliveryOut, 409: schemas.ErrorReply})
@allow("admin")
def replay_delivery(path: DeliveryPath) -> Response:
    """Send a failed delivery again, with the same id."""
    with services().db.write() as session:
        row = deliveries.get(session, path.id, workspace=workspace())
        deliveries.replay(session, row, now_ms())
    _log.info("delivery %s is replayed by %s", row.id, current_user().name or "anybody: no login")
    return reply(present.delivery(row))
