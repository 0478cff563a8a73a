"""Log sources: files that the server reads by itself, and how far it is with them."""

from __future__ import annotations

import logging

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present_sources, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, current_user, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import check_experiment, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.config.sources import SourceSettings
from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.ingest.logs.allowed import check_allowed
from mlflow_sentinel_plugin.store import models, monitors, sources

api = blueprint("sources", "Log files that are read for monitors")

_log = logging.getLogger("mlflow_sentinel.api")


class SourcePath(BaseModel):
    id: str


@api.get("/sources", responses={200: schemas.Page[schemas.SourceOut]})
@allow("read")
def list_sources(query: schemas.SourceQuery) -> Response:
    """Log sources by name; of one monitor or of all."""
    visible = visible_experiments()
    owner = None if query.monitor is None else monitor_named(query.monitor)
    with services().db.read() as session:
        found = sources.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            monitor_id=owner.id if owner else None,
            limit=query.limit,
            cursor=query.cursor,
        )
        owners = monitors.by_ids(session, {row.monitor_id for row in found.items})
    items = [
        present_sources.source(row, owners[row.monitor_id]) for row in found.items if row.monitor_id in owners
    ]
    return reply(schemas.Page[schemas.SourceOut](items=items, next=found.next))


@api.post(
    "/sources",
    responses={201: schemas.SourceDetail, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def create_source(query: schemas.MonitorRequiredQuery, body: schemas.SourceCreate) -> Response:
    """Read files for a monitor from now on: those of a path that the administrator allows, or artifacts."""
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    settings = body.settings
    _check_place(settings)
    with services().db.write() as session:
        owner = monitors.get(session, query.monitor, workspace=workspace(), for_update=True)
        row = sources.create(
            session,
            owner,
            body.name,
            settings.model_dump(mode="json"),
            origin="api",
            now=now_ms(),
            created_by=current_user().name,
        )
    _log.info("source %s (%s) made by %s", row.id, settings.place, row.created_by or "anybody: no login")
    return reply(present_sources.source_detail(row, owner, []), 201)


@api.get("/sources/<id>", responses={200: schemas.SourceDetail})
@allow("read")
def get_source(path: SourcePath) -> Response:
    """A source with the files that were read last."""
    row, owner = _found(path.id)
    with services().db.read() as session:
        files = sources.newest_files(session, row.id)
    return reply(present_sources.source_detail(row, owner, files))


@api.delete("/sources/<id>", responses={204: None, 409: schemas.ErrorReply})
@allow("edit")
def delete_source(path: SourcePath) -> Response:
    """Stop reading its files; the rows that came of them stay."""
    row, _ = _found(path.id)
    if row.origin == "config":
        raise Conflict(
            f"the source {row.name!r} is in the server's configuration",
            hint=f"an administrator takes ingest.sources.{row.name} out of it",
            code="source_of_config",
        )
    with services().db.write() as session:
        sources.remove(session, row.id)
    _log.info("source %s deleted by %s", row.id, current_user().name or "anybody: no login")
    return Response(status=204)


def _found(source_id: str) -> tuple[models.Source, models.Monitor]:
    """A source and its monitor, once permission on it is given."""
    visible = visible_experiments()
    with services().db.read() as session:
        row = sources.get(session, source_id, workspace=workspace(), visible=visible)
        owner = monitors.by_ids(session, [row.monitor_id])[row.monitor_id]
    authorize(owner.experiment_id)
    return row, owner


def _check_place(settings: SourceSettings) -> None:
    """What the source reads, its maker may read."""
    if settings.path is not None:
        check_allowed(settings.path, services().config.ingest.allowed_paths)
    elif settings.run_id is not None:
        authorize(services().tracking.run(settings.run_id).experiment_id, "read")
    else:
        check_experiment(str(settings.experiment_id))
        authorize(str(settings.experiment_id), "read")
