"""Runs that were ingested from MLflow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import moment
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.store import baselines, runs
from mlflow_sentinel_plugin.store.models import RunSnapshot

api = blueprint("runs", "MLflow's runs, as the poller last saw them")


class RunPath(BaseModel):
    run_id: str


@api.get("/runs", responses={200: schemas.Page[schemas.RunOut]})
@allow("read")
def list_runs(query: schemas.RunQuery) -> Response:
    """Ingested runs, newest first."""
    visible = visible_experiments()
    with services().db.read() as session:
        found = runs.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            experiment=query.experiment,
            status=query.status,
            search=query.search,
            since=moment(query.since),
            until=moment(query.until),
            limit=query.limit,
            cursor=query.cursor,
        )
        of = baselines.monitors_of_runs(
            session, [row.run_id for row in found.items], workspace=workspace(), visible=visible
        )
    items = [schemas.RunOut.model_validate(present.run(row, of.get(row.run_id, []))) for row in found.items]
    return reply(schemas.Page[schemas.RunOut](items=items, next=found.next))


@api.get("/runs/<run_id>", responses={200: schemas.RunDetail})
@allow("read")
def get_run(path: RunPath) -> Response:
    """A run with its artifacts and the history of its metrics, asked of MLflow now."""
    current, visible = services(), visible_experiments()
    with current.db.read() as session:
        row = runs.get(session, path.run_id, workspace=workspace(), visible=visible)
        of = baselines.monitors_of_runs(session, [row.run_id], workspace=workspace(), visible=visible)
    authorize(row.experiment_id)
    history = {
        name: [
            schemas.MetricPoint(step=point.step, at=present.time(point.at_ms), value=point.value)
            for point in points
        ]
        for name, points in current.tracking.metric_history(row.run_id).items()
    }
    return reply(
        schemas.RunDetail.model_validate(
            {**present.run(row, of.get(row.run_id, [])), "artifacts": _artifacts(row), "history": history}
        )
    )


def _artifacts(row: RunSnapshot) -> list[dict[str, Any]]:
    """What MLflow lists now, as a finished run may still get files; else what the poller last saw."""
    try:
        return [asdict(artifact) for artifact in services().tracking.artifacts(row.run_id)]
    except Unavailable:
        return row.artifacts
