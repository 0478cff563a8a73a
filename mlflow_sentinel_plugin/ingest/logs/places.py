"""From what a source says to the place where its files are."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow_sentinel_plugin.config.sources import SourceSettings, split_uri
from mlflow_sentinel_plugin.ingest.logs.allowed import check_allowed
from mlflow_sentinel_plugin.ingest.logs.local import LocalFiles
from mlflow_sentinel_plugin.ingest.logs.place import Place
from mlflow_sentinel_plugin.ingest.logs.remote import RemoteFiles
from mlflow_sentinel_plugin.ingest.logs.runs import RunFiles
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource


def place_of(
    settings: SourceSettings, tracking: TrackingSource, workspace: str, allowed: Sequence[str] | None
) -> Place:
    """Where the files are.

    Args:
        allowed: Places that they may be in; ``None``: anywhere, the administrator named them.

    Raises:
        Forbidden: elsewhere.
        InvalidInput: nothing here reads this scheme.
    """
    if settings.path is None:
        return RunFiles(
            tracking,
            workspace,
            str(settings.artifact_path),
            run_id=settings.run_id,
            experiment_id=settings.experiment_id,
        )
    if allowed is not None:
        check_allowed(settings.path, allowed)
    if split_uri(settings.path) is None:
        return LocalFiles(settings.path, allowed)
    return RemoteFiles(settings.path)
