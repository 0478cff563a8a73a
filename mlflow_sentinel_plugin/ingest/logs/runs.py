"""Artifacts of MLflow's runs as files of a source."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import BinaryIO

from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound, Unavailable
from mlflow_sentinel_plugin.ingest.logs.place import Found
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource

MAX_BYTES = 16 << 30
"""Of one artifact, which is downloaded unless the store is a local folder."""


class RunFiles:
    """Artifacts of one run, or of the newest of an experiment.

    An artifact has a size but no time: replaced by one of the very same size, it counts as unchanged.

    Args:
        workspace: Where the run is.
        run_id: The run, else ``experiment_id`` says whose newest one.
    """

    def __init__(
        self,
        tracking: TrackingSource,
        workspace: str,
        artifact_path: str,
        *,
        run_id: str | None = None,
        experiment_id: str | None = None,
    ) -> None:
        self._tracking = tracking
        self._workspace = workspace
        self._folder, self._name = posixpath.split(artifact_path)
        self._run_id = run_id
        self._experiment_id = experiment_id

    def files(self) -> list[Found]:
        try:
            with self._tracking.in_workspace(self._workspace):
                run_id = self._run_id or self._newest()
                if run_id is None:
                    return []
                listed = self._tracking.artifacts(run_id, self._folder)
        except (NotFound, InvalidInput) as error:
            raise Unavailable(error.message, hint=error.hint) from None
        return [
            Found(f"runs:/{run_id}/{item.path}", item.size or 0)
            for item in listed
            if not item.is_dir and fnmatchcase(posixpath.basename(item.path), self._name)
        ]

    def beside(self, path: str) -> list[Found]:
        return []

    @contextmanager
    def open(self, found: Found) -> Iterator[BinaryIO]:
        run_id, _, path = found.path.removeprefix("runs:/").partition("/")
        try:
            with (
                self._tracking.in_workspace(self._workspace),
                self._tracking.artifact_file(run_id, path, max_bytes=MAX_BYTES) as local,
                local.open("rb") as file,
            ):
                yield file
        except NotFound as error:
            raise Conflict(error.message, code="file_changed") from None

    def _newest(self) -> str | None:
        run = self._tracking.newest_run(str(self._experiment_id))
        return None if run is None else run.run_id
