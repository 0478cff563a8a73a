"""Alerts: conditions of monitors over time, with what was sent to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.alert import life
from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, current_user, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import moment, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.store import alerts, deliveries, monitors, silences
from mlflow_sentinel_plugin.store.models import Alert

api = blueprint("alerts", "Who was told of what")

_log = logging.getLogger("mlflow_sentinel.api")


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
        muting = silences.active(session, now_ms(), workspace())
    items = [present.alert(row, owners[row.monitor_id], muting) for row in found.items]
    return reply(schemas.Page[schemas.AlertOut](items=items, next=found.next))


@api.get("/alerts/<id>", responses={200: schemas.AlertDetail})
@allow("read")
def get_alert(path: AlertPath) -> Response:
    """An alert with its history and deliveries."""
    authorize(_seen(path.id).experiment_id)
    return reply(_detail(path.id))


@api.post(
    "/alerts/<id>/acknowledge",
    responses={200: schemas.AlertDetail, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def acknowledge_alert(path: AlertPath, body: schemas.AlertAct) -> Response:
    """Say that you look after it: no more reminders; the sinks that were told of it hear so."""
    return _act(path.id, body.comment, life.acknowledge)


@api.post(
    "/alerts/<id>/resolve",
    responses={200: schemas.AlertDetail, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def resolve_alert(path: AlertPath, body: schemas.AlertAct) -> Response:
    """Say that it is over; the sinks that were told of it hear so. It may fire again."""
    return _act(path.id, body.comment, life.resolve)


@api.post(
    "/alerts/<id>/comment",
    responses={200: schemas.AlertDetail, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def comment_alert(path: AlertPath, body: schemas.AlertComment) -> Response:
    """Add a comment to its log."""
    return _act(path.id, body.text, life.comment)


def _act(alert_id: str, comment: str | None, what: Callable[..., None]) -> Response:
    authorize(_seen(alert_id).experiment_id)
    by = current_user().name
    with services().db.write() as session:
        alert = alerts.get(session, alert_id, workspace=workspace(), for_update=True)
        owner = monitors.by_ids(session, [alert.monitor_id])[alert.monitor_id]
        what(session, services().pipeline.alerting, alert, owner, life.Act(by, now_ms(), comment))
    _log.info("alert %s: %s by %s", alert_id, what.__name__, by or "anybody: no login")
    return reply(_detail(alert_id))


def _seen(alert_id: str) -> Alert:
    visible = visible_experiments()
    with services().db.read() as session:
        return alerts.get(session, alert_id, workspace=workspace(), visible=visible)


def _detail(alert_id: str) -> schemas.AlertDetail:
    with services().db.read() as session:
        alert = alerts.get(session, alert_id, workspace=workspace())
        owner = monitors.by_ids(session, [alert.monitor_id])[alert.monitor_id]
        muting = silences.active(session, now_ms(), workspace())
        log = alerts.log(session, alert.id)
        sent = deliveries.of_alert(session, alert.id)
    return present.alert_detail(alert, owner, muting, log, sent)
