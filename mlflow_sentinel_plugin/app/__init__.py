"""The server: MLflow's own application with Sentinel dispatched inside it."""

from __future__ import annotations

from mlflow_sentinel_plugin.app.factory import create_app

__all__ = ["create_app"]
