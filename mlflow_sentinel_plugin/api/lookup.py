"""What several resources look up the same way."""

from __future__ import annotations

from collections.abc import Iterable

from mlflow_sentinel_plugin.api.auth import current_user, visible_experiments
from mlflow_sentinel_plugin.api.context import services, workspace
from mlflow_sentinel_plugin.clock import from_rfc3339
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import models, monitors


def monitor_named(name: str) -> models.Monitor:
    """The monitor of the current workspace; the caller still asks for permission on it.

    Raises:
        NotFound: there is none, or it may not be seen.
    """
    visible = visible_experiments()
    try:
        with services().db.read() as session:
            return monitors.get(session, name, workspace=workspace(), visible=visible)
    except NotFound as error:
        key = current_user().key
        if key is not None and key.monitors is not None:
            error.hint = None  # It names similar monitors, which are not the key's.
        raise


def hidden_features(monitor: models.Monitor) -> set[str]:
    """Its features that say ``values: hide``."""
    features = services().pipeline.settings(monitor).features
    return {name for name, settings in features.items() if settings.values == "hide"}


def moment(text: str | None) -> int | None:
    """Milliseconds of a query's RFC 3339 text."""
    return None if text is None else from_rfc3339(text)


def check_experiment(experiment_id: str) -> None:
    """Raises :class:`NotFound` unless MLflow has the experiment."""
    if not services().tracking.experiment_exists(experiment_id):
        raise NotFound(
            f"MLflow has no experiment with the id {experiment_id!r}",
            hint="leave experiment_id out for the default experiment, 0",
            code="experiment_not_found",
        )


def experiment_names(ids: Iterable[str]) -> dict[str, str | None]:
    """Experiment id -> name, as far as MLflow knows it.

    Not for use inside a session: MLflow may share the SQLite file, and a writer that waits for that session
    keeps MLflow's read waiting, which keeps the session open.
    """
    tracking = services().tracking
    return {experiment_id: tracking.experiment_name(experiment_id) for experiment_id in set(ids)}
