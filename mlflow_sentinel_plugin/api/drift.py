"""Drift: events, totals, series, and both distributions of a feature."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import experiment_names, hidden_features, moment, monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.detect.metrics import METRICS
from mlflow_sentinel_plugin.store import events, monitors, windows

api = blueprint("drift", "What moved, how far, since when")


class EventPath(BaseModel):
    id: str


@api.get("/drift", responses={200: schemas.Page[schemas.EventOut]})
@allow("read")
def list_events(query: schemas.EventQuery) -> Response:
    """Drift events, newest first."""
    visible = visible_experiments()
    owner = None if query.monitor is None else monitor_named(query.monitor)
    with services().db.read() as session:
        found = events.list_page(
            session,
            workspace=workspace(),
            visible=visible,
            monitor_id=owner.id if owner else None,
            experiment_id=query.experiment,
            severity=query.severity,
            state=query.state,
            since=moment(query.since),
            until=moment(query.until),
            limit=query.limit,
            cursor=query.cursor,
        )
        owners = monitors.by_ids(session, {row.monitor_id for row in found.items})
        of = windows.by_ids(session, {row.window_id for row in found.items})
    items = [present.event(row, owners[row.monitor_id], of[row.window_id]) for row in found.items]
    return reply(schemas.Page[schemas.EventOut](items=items, next=found.next))


@api.get("/drift/<id>", responses={200: schemas.EventDetail})
@allow("read")
def get_event(path: EventPath) -> Response:
    """A drift event with the whole verdict on its window."""
    visible = visible_experiments()
    with services().db.read() as session:
        event = events.get(session, path.id, workspace=workspace(), visible=visible)
        owner = monitors.by_ids(session, [event.monitor_id])[event.monitor_id]
        window = windows.get(session, event.window_id, workspace=workspace())
    authorize(owner.experiment_id)
    return reply(present.event_detail(event, owner, window, hidden_features(owner)))


@api.get("/drift/summary", responses={200: schemas.SummaryReply})
@allow("read")
def get_summary(query: schemas.SummaryQuery) -> Response:
    """Totals, over all experiments and of each."""
    visible = visible_experiments()
    with services().db.read() as session:
        totals = events.totals(
            session,
            workspace=workspace(),
            visible=visible,
            since=moment(query.since),
            until=moment(query.until),
        )
    names = experiment_names(total.experiment_id for total in totals)
    return reply(
        schemas.SummaryReply(
            monitors=sum(total.monitors for total in totals),
            drifting=sum(total.drifting for total in totals),
            windows=sum(total.windows for total in totals),
            events=sum(total.events for total in totals),
            open_alerts=sum(total.open_alerts for total in totals),
            rows=schemas.RowCounts(
                accepted=sum(total.rows_accepted for total in totals),
                pending=sum(total.rows_pending for total in totals),
                rejected=sum(total.rows_rejected for total in totals),
            ),
            experiments=[present.experiment(total, names.get(total.experiment_id)) for total in totals],
        )
    )


@api.get("/drift/timeseries", responses={200: schemas.SeriesReply})
@allow("read")
def get_timeseries(query: schemas.SeriesQuery) -> Response:
    """A monitor's windows over time, or one feature's metrics in them."""
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    if query.metric is not None:
        METRICS.get(query.metric)
    current = services()
    with current.db.read() as session:
        rows = windows.series(
            session,
            monitor.id,
            feature=query.feature,
            since=moment(query.since),
            until=moment(query.until),
            limit=query.limit,
        )
    if query.points is not None:
        rows = windows.thinned(rows, query.points)
    settings = current.pipeline.settings(monitor)
    own = settings.features[query.feature].thresholds if query.feature in settings.features else {}
    return reply(
        schemas.SeriesReply(
            monitor=monitor.name,
            feature=query.feature,
            thresholds={**settings.thresholds, **own} if settings.rule == "thresholds" else {},
            points=[present.series_point(row, query.metric) for row in rows],
        )
    )


@api.get("/drift/heatmap", responses={200: schemas.HeatmapReply})
@allow("read")
def get_heatmap(query: schemas.HeatmapQuery) -> Response:
    """Features by windows: how far apart; the worst feature first, neighbouring windows in one column."""
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    with services().db.read() as session:
        found = windows.heatmap(
            session,
            monitor.id,
            since=moment(query.since),
            until=moment(query.until),
            columns=query.columns,
            search=query.search,
            offset=query.offset,
            limit=query.limit,
        )
    return reply(present.heatmap(found, monitor))


@api.get("/drift/distribution", responses={200: schemas.DistributionReply, 409: schemas.ErrorReply})
@allow("read")
def get_distribution(query: schemas.DistributionQuery) -> Response:
    """A feature's distribution in the baseline and in a window, on the same bins."""
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    window, found = services().pipeline.distribution(monitor, query.feature, query.window)
    hidden = query.feature in hidden_features(monitor)
    return reply(present.distribution(found, monitor, window, hidden))
