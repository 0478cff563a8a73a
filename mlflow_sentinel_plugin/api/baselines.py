"""Baselines: register, list, inspect, switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Response, request
from pydantic import BaseModel, ValidationError

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, visible_experiments
from mlflow_sentinel_plugin.api.bodies import ROWS, RowsBody, json_or_rows, rows_of_json
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import refuse_body, reply
from mlflow_sentinel_plugin.api.lookup import check_experiment, hidden_features, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.entities import DEFAULT_EXPERIMENT_ID, Kind, Role
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.ingest.payload import Rows, read_artifact
from mlflow_sentinel_plugin.pipeline import Registered
from mlflow_sentinel_plugin.pipeline.ready_made import usable_baseline
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.untrusted import MEDIA_TYPE, is_baseline
from mlflow_sentinel_plugin.store import baselines, models, monitors

api = blueprint("baselines", "Training distributions that windows are compared with")


_ARTIFACT = (
    "Or, as JSON, an artifact of a run in any of these formats: run_id and artifact_path, and if need be "
    "prediction (a name or several), target, timestamp, id, and kinds (column to kind). Or windows of the "
    'monitor that are the new normal: {"from_windows": {"first": id, "last": id}}.'
)


class BaselineBody(RowsBody):
    """Rows, or a baseline that was learned where they are."""

    mimetypes: ClassVar[list[str]] = [*RowsBody.mimetypes, MEDIA_TYPE]


class BaselinePath(BaseModel):
    id: str


@dataclass(frozen=True)
class _Posted:
    """Rows for a baseline, and what was said of them."""

    rows: Rows
    roles: dict[str, Role]
    kinds: Mapping[str, Kind] | None
    source: dict[str, Any]


@api.post(
    "/baseline",
    description=f"{ROWS} {_ARTIFACT}",
    responses={201: schemas.BaselineDetail, 415: schemas.ErrorReply},
)
@allow("edit")
def post_baseline(query: schemas.BaselinePostQuery, raw: BaselineBody) -> Response:
    """Register training rows, or ``{"run_id", "artifact_path"}``; creates the monitor if there is none."""
    if request.mimetype == MEDIA_TYPE:
        experiment_id = _authorized_experiment(query, None)
        return _adopted(query, experiment_id, usable_baseline(request.get_data()), {})
    document, rows = json_or_rows()
    if isinstance(document, dict) and "from_windows" in document:
        return _of_windows(query, document)
    run = _run_source(document)
    experiment_id = _authorized_experiment(query, run)
    posted = _posted(query, document, rows, run)
    if isinstance(posted, Baseline):
        return _adopted(query, experiment_id, posted, _place(run))
    found = services().pipeline.register_baseline(
        query.monitor,
        posted.rows.table,
        workspace=workspace(),
        experiment_id=experiment_id,
        roles=posted.roles,
        kinds=posted.kinds,
        untyped=posted.rows.untyped,
        source=posted.source,
        activate=query.activate,
    )
    return _registered(found, posted.rows.rejected)


@api.get("/baseline", responses={200: schemas.Page[schemas.BaselineOut]})
@allow("read")
def list_baselines(query: schemas.BaselineQuery) -> Response:
    """Baselines, newest first; of one monitor or of all."""
    visible = visible_experiments()
    owner = None if query.monitor is None else monitor_named(query.monitor)
    with services().db.read() as session:
        found = baselines.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            monitor_id=owner.id if owner else None,
            limit=query.limit,
            cursor=query.cursor,
        )
        owners = monitors.by_ids(session, {row.monitor_id for row in found.items})
    items = [present.baseline(row, owners[row.monitor_id]) for row in found.items if row.monitor_id in owners]
    return reply(schemas.Page[schemas.BaselineOut](items=items, next=found.next))


@api.get("/baseline/<id>", responses={200: schemas.BaselineDetail})
@allow("read")
def get_baseline(path: BaselinePath) -> Response:
    """A baseline with its features."""
    return _detail(path.id)


@api.get("/baseline/<id>/diff", responses={200: schemas.BaselineDiff})
@allow("read")
def diff_baselines(path: BaselinePath, query: schemas.BaselineDiffQuery) -> Response:
    """How the baseline ``to`` differs from this one: what its rows would be found to be as one window."""
    before, owner = _found(path.id)
    after, other = _found(query.to)
    if other.id != owner.id:
        raise InvalidInput(
            f"the baseline {after.id!r} is none of the monitor {owner.name!r}",
            hint="name two versions of one monitor's baseline",
        )
    found = services().pipeline.diff_baselines(before.id, after.id, owner).to_dict()
    return reply(present.baseline_diff(before, after, owner, found, hidden_features(owner)))


@api.post("/baseline/<id>/activate", responses={200: schemas.BaselineDetail})
@allow("edit")
def activate_baseline(path: BaselinePath) -> Response:
    """Compare from now on with this baseline; the open window closes under the old one."""
    _found(path.id)
    services().pipeline.activate_baseline(path.id)
    return _detail(path.id)


def _adopted(
    query: schemas.BaselinePostQuery, experiment_id: str, baseline: Baseline, source: Mapping[str, Any]
) -> Response:
    """Register a baseline that was learned where its rows are; it knows its roles."""
    if query.prediction or query.target or query.timestamp or query.id:
        raise InvalidInput(
            "a baseline that is ready-made has its roles already",
            hint="say them when you make it: log_baseline(...), or mlflow-sentinel baseline",
        )
    found = services().pipeline.adopt_baseline(
        query.monitor,
        baseline,
        workspace=workspace(),
        experiment_id=experiment_id,
        source=source,
        activate=query.activate,
    )
    return _registered(found, 0)


def _registered(found: Registered, rejected: int) -> Response:
    hidden = hidden_features(found.monitor)
    return reply(present.baseline_detail(found.baseline, found.monitor, hidden, rejected), 201)


def _detail(baseline_id: str) -> Response:
    baseline, owner = _found(baseline_id)
    return reply(present.baseline_detail(baseline, owner, hidden_features(owner)))


def _found(baseline_id: str) -> tuple[models.Baseline, models.Monitor]:
    """A baseline and its monitor, once permission on it is given."""
    visible = visible_experiments()
    with services().db.read() as session:
        baseline = baselines.get(session, baseline_id, workspace=workspace(), visible=visible)
        owner = monitors.by_ids(session, [baseline.monitor_id])[baseline.monitor_id]
    authorize(owner.experiment_id)
    return baseline, owner


def _of_windows(query: schemas.BaselinePostQuery, document: dict[str, Any]) -> Response:
    """Windows are the new normal of the monitor they belong to."""
    try:
        named = schemas.WindowsSource.model_validate(document).from_windows
    except ValidationError as error:
        refuse_body(error)
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    found = services().pipeline.baseline_of_windows(monitor, named.first, named.last, activate=query.activate)
    hidden = hidden_features(found.monitor)
    return reply(present.baseline_detail(found.baseline, found.monitor, hidden), 201)


def _run_source(document: Any) -> schemas.BaselineSource | None:
    if not isinstance(document, dict) or not {"run_id", "artifact_path"} & set(document):
        return None
    try:
        return schemas.BaselineSource.model_validate(document)
    except ValidationError as error:
        refuse_body(error)


def _authorized_experiment(query: schemas.BaselinePostQuery, run: schemas.BaselineSource | None) -> str:
    """The experiment of the monitor, or of the one to be created; reading a run takes READ on its own."""
    run_experiment = None
    if run is not None:
        run_experiment = services().tracking.run(run.run_id).experiment_id
        authorize(run_experiment, "read")
    known = _experiment_of(query.monitor)
    experiment_id = known or query.experiment_id or run_experiment or DEFAULT_EXPERIMENT_ID
    authorize(experiment_id)
    if known is None:
        check_experiment(experiment_id)
    return experiment_id


def _experiment_of(monitor: str) -> str | None:
    """The experiment of a monitor, also of one that may not be seen: its name is taken all the same."""
    with services().db.read() as session:
        try:
            return monitors.get(session, monitor, workspace=workspace()).experiment_id
        except NotFound:
            return None


def _posted(
    query: schemas.BaselinePostQuery, document: Any, rows: Rows | None, run: schemas.BaselineSource | None
) -> _Posted | Baseline:
    if run is None:
        found = rows if rows is not None else rows_of_json(document)
        return _Posted(found, _roles(query.prediction, query.target, query.timestamp, query.id), None, {})
    tracking = services().tracking
    with tracking.artifact_file(run.run_id, run.artifact_path) as path:
        if is_baseline(path):
            return usable_baseline(path.read_bytes())
        found = read_artifact(path)
    roles = _roles(
        run.prediction or query.prediction,
        run.target or query.target,
        run.timestamp or query.timestamp,
        run.id or query.id,
    )
    return _Posted(found, roles, run.kinds, _place(run))


def _place(run: schemas.BaselineSource | None) -> dict[str, Any]:
    return {} if run is None else {"run_id": run.run_id, "artifact_path": run.artifact_path}


def _roles(
    prediction: str | list[str] | None, target: str | None, timestamp: str | None, identifier: str | None
) -> dict[str, Role]:
    outputs = prediction.split(",") if isinstance(prediction, str) else prediction or []
    named: list[tuple[str, Role]] = [(name.strip(), "prediction") for name in outputs]
    single: tuple[tuple[str | None, Role], ...] = (
        (target, "target"),
        (timestamp, "timestamp"),
        (identifier, "id"),
    )
    named += [(name, role) for name, role in single if name]
    roles = dict(named)
    if len(roles) < len(named):
        raise InvalidInput(
            "one column is given two roles",
            hint="name different columns for prediction, target, timestamp, id",
        )
    return roles
