"""The server: MLflow's own application with Sentinel dispatched inside it."""

from __future__ import annotations

from typing import Any


def create_app() -> Any:
    """MLflow's application with Sentinel inside: ASGI under uvicorn, WSGI otherwise."""
    from mlflow_sentinel_plugin.app import factory

    return factory.create_app()
