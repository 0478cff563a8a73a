"""The server: MLflow's own application with Sentinel dispatched inside it."""

from __future__ import annotations

from typing import Any


def create_app(*, login: bool = False) -> Any:
    """MLflow's application with Sentinel inside: ASGI under uvicorn, WSGI otherwise.

    Args:
        login: Put MLflow's own login around everything, or raise.
    """
    from mlflow_sentinel_plugin.app import factory

    return factory.create_app(login=login)


def prepare(*, login: bool = False) -> None:
    """What the process of ``mlflow server`` does once, before there are workers.

    Raises:
        SystemExit: the settings are wrong, or the login cannot be put in place; one line on stderr says what.
    """
    from mlflow_sentinel_plugin.app import start

    start.prepare(login=login)
