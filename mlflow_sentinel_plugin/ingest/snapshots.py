"""Slim copies of runs: what a list needs, written when it changed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow_sentinel_plugin.entities import BASELINE_TAG, DIGEST_TAG, MONITOR_TAG
from mlflow_sentinel_plugin.errors import SentinelError
from mlflow_sentinel_plugin.ingest.tracking import Run, TrackingSource
from mlflow_sentinel_plugin.store import runs
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import RunSnapshot

MAX_ENTRIES = 200
"""Metrics, params, tags and artifacts of a snapshot, each: the first by name. The run's page shows all."""
MAX_TEXT = 500
MAX_LISTINGS = 500
"""Artifact listings of one poll: each may be a request to a cloud store."""

_NAME_COLUMN = 255
_logger = logging.getLogger("mlflow_sentinel")


class Recorder:
    """Writes the runs of one poll that differ from what is stored.

    Args:
        names: Experiment id -> name.
        now: ms since the epoch.
    """

    def __init__(
        self, source: TrackingSource, db: Database, workspace: str, names: Mapping[str, str], now: int
    ) -> None:
        self._source = source
        self._db = db
        self._workspace = workspace
        self._names = names
        self._now = now
        self._listings = MAX_LISTINGS

    def record(self, page: Sequence[Run]) -> None:
        """Write those runs of a page that changed, in one transaction."""
        with self._db.read() as session:
            known = runs.known(session, [run.run_id for run in page])
        changed = [
            snapshot for run in page if (snapshot := self._changed(run, known.get(run.run_id))) is not None
        ]
        if changed:
            with self._db.write() as session:
                runs.save(session, changed)

    def _changed(self, run: Run, known: runs.Known | None) -> RunSnapshot | None:
        content = self._content(run)
        if known is not None and known.digest == _digest(content, known.artifacts):
            return None
        artifacts = self._artifacts(run)
        # Without a digest the next poll takes the run for changed, and lists again.
        digest = "" if artifacts is None else _digest(content, artifacts)
        if artifacts is None:
            artifacts = known.artifacts if known is not None else []
        return RunSnapshot(
            run_id=run.run_id,
            workspace=self._workspace,
            artifacts=artifacts,
            digest=digest,
            updated_at=self._now,
            **content,
            **_found(run, known),
        )

    def _content(self, run: Run) -> dict[str, Any]:
        """The columns that come from the run itself."""
        return {
            "experiment_id": run.experiment_id,
            "experiment_name": _clean(self._names.get(run.experiment_id, ""), _NAME_COLUMN),
            "name": None if run.name is None else _clean(run.name),
            "status": run.status,
            "lifecycle": run.lifecycle,
            "user": None if run.user is None else _clean(run.user, _NAME_COLUMN),
            "start_ms": run.start_ms,
            "end_ms": run.end_ms,
            "metrics": dict(_first(run.metrics)),
            "params": {name: _clean(value) for name, value in _first(run.params)},
            "tags": {name: _clean(value) for name, value in _first(run.tags)},
        }

    def _artifacts(self, run: Run) -> list[dict[str, Any]] | None:
        """The manifest; ``None`` if this poll may not or cannot ask for it."""
        if self._listings <= 0:
            return None
        self._listings -= 1
        try:
            found = self._source.artifacts_at(run.artifact_uri)
        except SentinelError as error:
            # One store that is away must not be asked, and waited for, for each of its runs.
            _logger.warning("artifacts of run %s cannot be listed: %s", run.run_id, error.message)
            self._listings = 0
            return None
        return [{"path": item.path, "is_dir": item.is_dir, "size": item.size} for item in found[:MAX_ENTRIES]]


def _found(run: Run, known: runs.Known | None) -> dict[str, Any]:
    """What to note of the baseline that the run's tags name, if it is another than before."""
    if not run.tags.get(BASELINE_TAG):
        return {}
    named = [run.tags.get(tag, "") for tag in (BASELINE_TAG, DIGEST_TAG, MONITOR_TAG)]
    mark = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    if known is not None and known.found == mark:
        return {}
    return {"found": mark, "found_state": "waiting", "found_error": None}


def _digest(content: Mapping[str, Any], artifacts: list[dict[str, Any]]) -> str:
    text = json.dumps([content, artifacts], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _first(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items())[:MAX_ENTRIES]


def _clean(text: str, longest: int = MAX_TEXT) -> str:
    """Cut, and without NUL, which PostgreSQL does not store."""
    plain = text.replace("\x00", "")
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
