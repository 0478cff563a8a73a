"""Compare rows now; nothing is stored."""

from __future__ import annotations

from flask import Response

from mlflow_sentinel_plugin.api import present, schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize
from mlflow_sentinel_plugin.api.bodies import rows_of_json
from mlflow_sentinel_plugin.api.context import services
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.errors import InvalidInput

api = blueprint("evaluate", "Compare rows now, without storing them")


@api.post(
    "/evaluate",
    responses={200: schemas.EvaluateReply, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("signed_in")
def evaluate(body: schemas.EvaluateBody) -> Response:
    """Compare ``current`` with ``reference``, or with the active baseline of ``monitor``."""
    if (body.reference is None) == (body.monitor is None):
        raise InvalidInput("give reference or monitor, exactly one of the two")
    monitor = None
    if body.monitor is not None:
        monitor = monitor_named(body.monitor)
        authorize(monitor.experiment_id, "read")
    result = services().pipeline.evaluate(
        rows_of_json(body.current).table,
        reference=None if body.reference is None else rows_of_json(body.reference).table,
        monitor=monitor,
        rule=body.rule,
        kinds=body.kinds,
        metrics=body.metrics,
    )
    found = result.to_dict()
    answer = schemas.EvaluateReply.model_validate(
        {
            **{name: found[name] for name in schemas.EvaluateReply.model_fields if name in found},
            "features": present.worst_first(found["features"]),
        }
    )
    return reply(answer)
