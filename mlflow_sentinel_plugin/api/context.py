"""What a request works with: the services of this worker and the workspace it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app, g

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config import Config
    from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
    from mlflow_sentinel_plugin.pipeline import Pipeline
    from mlflow_sentinel_plugin.scheduler import Background
    from mlflow_sentinel_plugin.store.engine import Database

EXTENSION = "sentinel"


@dataclass(frozen=True)
class Services:
    """Everything a route may use; built once a worker, rebuilt after a failure."""

    config: Config
    db: Database
    pipeline: Pipeline
    tracking: TrackingSource
    background: Background


class Provider(Protocol):
    """Gives the services, or says why there are none."""

    def services(self) -> Services:
        """The services of this process.

        Raises:
            Unavailable: Sentinel cannot work now; the message says why.
        """
        ...


def services() -> Services:
    """The services behind the current request.

    Raises:
        Unavailable: Sentinel cannot work now; answered as 503 with the reason.
    """
    return cast(Provider, current_app.extensions[EXTENSION]).services()


def workspace() -> str:
    """The workspace of the current request; ``default`` when MLflow runs without workspaces."""
    return cast(str, g.get("sentinel_workspace", DEFAULT_WORKSPACE))
