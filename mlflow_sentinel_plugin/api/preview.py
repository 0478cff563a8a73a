"""What if a monitor had other settings: its stored windows, judged again. Stores nothing."""

from __future__ import annotations

from flask import Response

from mlflow_sentinel_plugin.api import schemas
from mlflow_sentinel_plugin.api.auth import allow, authorize
from mlflow_sentinel_plugin.api.context import services
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.lookup import monitor_named
from mlflow_sentinel_plugin.api.monitors import MonitorPath, checked_settings
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.pipeline.preview import Replayed

api = blueprint("preview", "What other settings would have done")


@api.post("/monitors/<name>/preview", responses={200: schemas.PreviewOut, 415: schemas.ErrorReply})
@allow("read")
def preview_monitor(path: MonitorPath, body: schemas.PreviewBody) -> Response:
    """How often these settings would have alerted on the newest windows, before they are saved."""
    monitor = monitor_named(path.name)
    authorize(monitor.experiment_id)
    settings = checked_settings(monitor.settings, body)
    found = services().pipeline.preview(monitor, settings, body.windows)
    items = [_window(each) for each in found.windows]
    return reply(
        schemas.PreviewOut(
            windows=len(items),
            alerts=sum(item.alert for item in items),
            drifted=sum(item.state == "drift" for item in items),
            approximate=sum(item.approximate for item in items),
            skipped=found.skipped,
            items=items,
        )
    )


def _window(replayed: Replayed) -> schemas.PreviewWindow:
    window, result = replayed.window, replayed.result
    return schemas.PreviewWindow.model_validate(
        {
            "window_id": window.id,
            "start": to_rfc3339(window.start_ms),
            "end": to_rfc3339(window.end_ms),
            "rows": window.rows,
            "state": result.state,
            "severity": result.severity,
            "score": result.score,
            "alert": replayed.alert,
            "approximate": replayed.approximate,
            "was_state": window.state,
            "features": [signal.name for signal in result.signals],
        }
    )
