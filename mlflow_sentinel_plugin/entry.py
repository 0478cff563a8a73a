"""What ``--app-name sentinel`` names.

``mlflow server`` imports this module once in its own process, before there are workers. Any other import of
it does nothing.
"""

from __future__ import annotations

from typing import Any

from mlflow_sentinel_plugin import app, mlflow_compat


def create_app() -> Any:
    """MLflow's application with Sentinel inside it; called in each worker."""
    return app.create_app()


if mlflow_compat.is_server_command():
    app.prepare()
