"""What ``--app-name sentinel-basic-auth`` names: MLflow's own login around everything, with Sentinel inside.

A name of its own, not a setting of ``sentinel``: a mistyped setting would start an open server.
``mlflow server`` imports this module once in its own process, before there are workers. Any other import of
it does nothing.
"""

from __future__ import annotations

from typing import Any

from mlflow_sentinel_plugin import app, mlflow_compat


def create_app() -> Any:
    """MLflow's application behind its login, with Sentinel inside it; called in each worker.

    Raises whatever keeps the login from being put in place.
    """
    return app.create_app(login=True)


if mlflow_compat.is_server_command():
    app.prepare(login=True)
