"""Alerts: conditions of monitors over time, with what was sent to whom."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import moment, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.store import alerts, deliveries, monitors

api = blueprint("alerts", "Who was told of what")


class AlertPath(BaseModel):
    id: str


@api.get("/alerts", responses={200: schemas.Page[schemas.AlertOut]})
@allow("read")
def list_alerts(query: schemas.AlertQuery) -> Response:
    """Alerts, newest first."""
    visible = visible_experiments()
    owner = None if query.monitor is None else monitor_named(query.monitor)
    with services().db.read() as session:
        found = alerts.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            monitor_id=owner.id if owner else None,
            experiment_id=query.experiment,
            status=query.status,
            condition=query.condition,
            severity=query.severity,
            since=moment(query.since),
            until=moment(query.until),
            limit=query.limit,
            cursor=query.cursor,
        )
        owners = monitors.by_ids(session, {row.monitor_id for row in found.items})
    items = [present.alert(row, owners[row.monitor_id]) for row in found.items]
    return reply(schemas.Page[schemas.AlertOut](items=items, next=found.next))


@api.get("/alerts/<id>", responses={200: schemas.AlertDetail})
@allow("read")
def get_alert(path: AlertPath) -> Response:
    """An alert with its history and deliveries."""
    visible = visible_experiments()
    with services().db.read() as session:
        alert = alerts.get(session, path.id, workspace=workspace(), visible=visible)
        owner = monitors.by_ids(session, [alert.monitor_id])[alert.monitor_id]
        log = alerts.log(session, alert.id)
        sent = deliveries.of_alert(session, alert.id)
    authorize(owner.experiment_id)
    return reply(present.alert_detail(alert, owner, log, sent))
