"""Sinks: where messages go, as the configuration has it, and whether they arrive."""

from __future__ import annotations

import logging

from flask import Response
from pydantic import BaseModel

from mlflow_sentinel_plugin.alert.trial import try_out
from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, current_user
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store import deliveries

api = blueprint("sinks", "Where messages go")

_log = logging.getLogger("mlflow_sentinel.api")


class SinkPath(BaseModel):
    name: str


@api.get("/sinks", responses={200: schemas.SinkList})
@allow("admin")
def list_sinks() -> Response:
    """The sinks of the configuration, by name, and how their deliveries stand. Secrets are never shown."""
    current = services()
    with current.db.read() as session:
        counts = deliveries.counts(session)
    sinks = current.pipeline.sinks
    section = current.config.alerting
    items = [
        present.sink(name, section.sinks[name], sinks, counts.get(name, deliveries.SinkCounts()))
        for name in sorted(section.sinks)
    ]
    return reply(schemas.SinkList(items=items))


@api.post("/sinks/<name>/test", responses={200: schemas.SinkTest, 409: schemas.ErrorReply})
@allow("admin")
def test_sink(path: SinkPath) -> Response:
    """Send a test message and its "resolved" now, and say what the receiver answered."""
    current = services()
    sinks = current.pipeline.sinks
    receiver = sinks.receiver(path.name)
    if receiver is None and path.name not in current.config.alerting.sinks:
        raise NotFound(
            f"no sink is named {path.name!r}",
            hint="the configuration's alerting.sinks names them",
            code="sink_not_found",
        )
    if receiver is None:
        problem = sinks.unconfigured.get(path.name, "it is switched off")
        raise Conflict(f"sink {path.name} gets no messages: {problem}", code="sink_not_in_use")
    _log.info("sink %s is tested by %s", path.name, current_user().name or "anybody: no login")
    found = try_out(receiver, workspace=workspace(), clock=now_ms)
    return reply(schemas.SinkTest.model_validate(found, from_attributes=True))
