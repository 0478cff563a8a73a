"""Live rows come in."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field

from mlflow_sentinel_plugin.api import schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize
from mlflow_sentinel_plugin.api.bodies import ROWS, RowsBody, digest_of_request, rows_of_request
from mlflow_sentinel_plugin.api.context import services
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import monitor_named
from mlflow_sentinel_plugin.api.openapi import blueprint

api = blueprint("predictions", "Live rows")


class IngestHeaders(BaseModel):
    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Repeated with the same body within 7 days, it stores nothing and answers as before.",
    )


@api.post(
    "/predictions",
    description=f"{ROWS} Rows that cannot be read are counted and refused one by one, the others stored.",
    responses={202: schemas.IngestReply, 409: schemas.ErrorReply, 415: schemas.ErrorReply},
)
@allow("edit")
def post_predictions(query: schemas.MonitorRequiredQuery, header: IngestHeaders, raw: RowsBody) -> Response:
    """Take in rows that a model saw; the answer comes once they are stored for good."""
    monitor = monitor_named(query.monitor)
    authorize(monitor.experiment_id)
    accepted = services().pipeline.accept(
        monitor, rows_of_request(), key=header.idempotency_key, digest=digest_of_request()
    )
    answer = schemas.IngestReply(
        rows=accepted.rows,
        rejected=accepted.rejected,
        samples=[schemas.RejectedRow(row=row, reason=reason) for row, reason in accepted.samples],
        unknown_columns=list(accepted.unknown_columns),
        missing_columns=list(accepted.missing_columns),
        replayed=accepted.replayed,
    )
    return reply(answer, 202)
