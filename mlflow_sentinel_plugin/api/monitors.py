"""Monitors: what is watched, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response
from pydantic import BaseModel, ValidationError

from mlflow_sentinel_plugin.alert import life
from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, current_user, granted, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import refuse_body, reply
from mlflow_sentinel_plugin.api.lookup import (
    check_experiment,
    experiment_names,
    hidden_features,
    moment,
    monitor_named,
)
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.detect.metrics import METRICS
from mlflow_sentinel_plugin.detect.thresholds import checked_thresholds
from mlflow_sentinel_plugin.entities import DEFAULT_EXPERIMENT_ID, MonitorSettings
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.store import alerts, baselines, inbox, models, monitors, windows

api = blueprint("monitors", "What is watched, its state and its windows")

_OWN_COLUMNS = {"name", "experiment_id", "model", "paused", "windows"}


class MonitorPath(BaseModel):
    name: str


class WindowPath(MonitorPath):
    id: str


@api.get("/monitors", responses={200: schemas.Page[schemas.MonitorOut]})
@allow("read")
def list_monitors(query: schemas.MonitorQuery) -> Response:
    """All monitors, by name."""
    visible = visible_experiments()
    with services().db.read() as session:
        found = monitors.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            search=query.search,
            experiment_id=query.experiment,
            state=query.state,
            limit=query.limit,
            cursor=query.cursor,
        )
    items = [schemas.MonitorOut.model_validate(m) for m in _presented(found.items)]
    return reply(schemas.Page[schemas.MonitorOut](items=items, next=found.next))


@api.post(
    "/monitors",
    responses={201: schemas.MonitorDetail, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def create_monitor(body: schemas.MonitorCreate) -> Response:
    """Create a monitor; it waits for its first baseline."""
    experiment_id = body.experiment_id or DEFAULT_EXPERIMENT_ID
    authorize(experiment_id)
    check_experiment(experiment_id)
    settings = checked_settings({}, body)
    with services().db.write() as session:
        monitor = monitors.create(
            session,
            body.name,
            workspace=workspace(),
            experiment_id=experiment_id,
            model=body.model,
            settings=settings,
            paused=bool(body.paused),
            now=now_ms(),
        )
    return reply(_detail(monitor), 201)


@api.get("/monitors/<name>", responses={200: schemas.MonitorDetail})
@allow("read")
def get_monitor(path: MonitorPath) -> Response:
    """A monitor: its state, the provisional verdict of its open window, and its last closed one."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    return reply(_detail(monitor))


@api.patch("/monitors/<name>", responses={200: schemas.MonitorDetail, 415: schemas.ErrorReply})
@allow("edit")
def change_monitor(path: MonitorPath, body: schemas.MonitorPatch) -> Response:
    """Change some settings; null takes a setting back to its default. What is not named stays."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    if body.experiment_id is not None and body.experiment_id != monitor.experiment_id:
        authorize(body.experiment_id)
        check_experiment(body.experiment_id)
    with services().db.write() as session:
        row = monitors.get(session, path.name, workspace=workspace(), for_update=True)
        settings = checked_settings(row.settings, body)
        if body.timestamp_column is not None and row.baseline_id is not None:
            baseline = baselines.get(session, row.baseline_id, workspace=workspace())
            _check_timestamp(body.timestamp_column, baseline.features)
        monitors.update(session, row, now=now_ms(), settings=settings, **_own_columns(body))
    return reply(_detail(row))


@api.delete("/monitors/<name>", responses={204: None})
@allow("manage")
def delete_monitor(path: MonitorPath) -> Response:
    """Delete a monitor with all it has; who was told of an open alert hears that it is over."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    act = life.Act(current_user().name, now_ms())
    with services().db.write() as session:
        row = monitors.lock(session, monitor.id)
        if row is not None:
            life.farewell(session, services().pipeline.alerting, row, act)
        monitors.delete(session, monitor.id)
    return Response(status=204)


@api.post("/monitors/<name>/pause", responses={200: schemas.MonitorDetail})
@allow("edit")
def pause_monitor(path: MonitorPath) -> Response:
    """Stop verdicts and alerts; rows are still taken in."""
    return _set_paused(path.name, True)


@api.post("/monitors/<name>/resume", responses={200: schemas.MonitorDetail})
@allow("edit")
def resume_monitor(path: MonitorPath) -> Response:
    """Go on with verdicts; what arrived meanwhile is judged now."""
    return _set_paused(path.name, False)


@api.get("/monitors/<name>/windows", responses={200: schemas.Page[schemas.WindowOut]})
@allow("read")
def list_windows(path: MonitorPath, query: schemas.WindowQuery) -> Response:
    """A monitor's windows with their verdicts, newest first."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    with services().db.read() as session:
        found = windows.list_page(
            session,
            monitor.id,
            state=query.state,
            since=moment(query.since),
            until=moment(query.until),
            limit=query.limit,
            cursor=query.cursor,
        )
    items = [present.window(row) for row in found.items]
    return reply(schemas.Page[schemas.WindowOut](items=items, next=found.next))


@api.get("/monitors/<name>/windows/<id>", responses={200: schemas.WindowDetail})
@allow("read")
def get_window(path: WindowPath) -> Response:
    """A window with the verdict on each feature."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    with services().db.read() as session:
        window = windows.get(session, path.id, workspace=workspace())
    if window.monitor_id != monitor.id:
        raise NotFound(f"{path.name!r} has no window {path.id!r}", code="window_not_found")
    return reply(present.window_detail(window, hidden_features(monitor)))


def _set_paused(name: str, paused: bool) -> Response:
    authorize(monitor_named(name).experiment_id)
    with services().db.write() as session:
        row = monitors.get(session, name, workspace=workspace(), for_update=True)
        monitors.update(session, row, now=now_ms(), paused=paused)
    return reply(_detail(row))


def _own_columns(body: schemas.MonitorPatch) -> dict[str, Any]:
    given = body.model_dump(include=_OWN_COLUMNS, exclude_unset=True)
    return {name: bool(value) if name == "paused" else value for name, value in given.items()}


def checked_settings(
    stored: Mapping[str, Any], body: schemas.MonitorFields | schemas.PreviewBody
) -> dict[str, Any]:
    """The stored settings with the given ones over them; null removes one."""
    given = body.model_dump(mode="json", exclude_unset=True, exclude=_OWN_COLUMNS)
    merged = {name: value for name, value in {**stored, **given}.items() if value is not None}
    try:
        settings = MonitorSettings.model_validate(merged)
    except ValidationError as error:
        refuse_body(error)
    with _of_field("algorithms"):
        for name in settings.algorithms or []:
            METRICS.get(name)
    with _of_field("thresholds"):
        checked_thresholds(settings.thresholds or {})
    with _of_field("features"):
        for feature in settings.features.values():
            checked_thresholds(feature.thresholds)
    return merged


@contextmanager
def _of_field(field: str) -> Iterator[None]:
    """A refusal inside names the field, as those of the body's shape do."""
    try:
        yield
    except InvalidInput as error:
        error.details["fields"] = [{"field": field, "message": error.message}]
        raise


def _check_timestamp(column: str, features: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a column that holds no times; one that the baseline does not have may come with live rows."""
    times = [f["name"] for f in features if f["role"] == "timestamp" or f["kind"] == "datetime"]
    kinds = {f["name"]: f["kind"] for f in features if f["name"] not in times and f["kind"] != "ignored"}
    if column not in kinds:
        return
    raise InvalidInput(
        f"timestamp_column: {column!r} is {kinds[column]} in the baseline, not a time",
        hint=f"columns with times: {', '.join(times)}" if times else "name the column with each row's time",
    )


def _detail(monitor: models.Monitor) -> schemas.MonitorDetail:
    current = services()
    provisional = current.pipeline.provisional(monitor)
    permission = granted(monitor.experiment_id)
    (fields,) = _presented([monitor])
    with current.db.read() as session:
        last = windows.newest_scored(session, monitor.id)
    hidden, open_window = hidden_features(monitor), None
    if provisional is not None:
        open_window = present.window_detail(provisional[0], hidden, provisional[1].to_dict())
    return schemas.MonitorDetail.model_validate(
        {
            **fields,
            "permission": permission,
            "open_window": open_window,
            "last_window": None if last is None else present.window_detail(last, hidden),
        }
    )


def _presented(rows: Sequence[models.Monitor]) -> list[dict[str, Any]]:
    """Fields of ``MonitorOut`` of each row, with a fixed number of queries beside the recent windows."""
    ids = [row.id for row in rows]
    pipeline = services().pipeline
    names = experiment_names(row.experiment_id for row in rows)
    with services().db.read() as session:
        pending = inbox.pending(session, ids)
        open_alerts = alerts.open_counts(session, ids)
        active = baselines.by_ids(session, [row.baseline_id for row in rows if row.baseline_id])
        recent = windows.recent(session, ids)
    return [
        present.monitor(
            row,
            pipeline.settings(row),
            experiment_name=names.get(row.experiment_id),
            baseline=active.get(row.baseline_id or ""),
            pending=pending[row.id],
            open_alerts=open_alerts.get(row.id, 0),
            recent=recent[row.id],
        )
        for row in rows
    ]
