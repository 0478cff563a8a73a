"""Baselines that training scripts left on their runs become versions of their monitors."""

from __future__ import annotations

import logging

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.entities import BASELINE_TAG, MONITOR_TAG, MonitorName
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound, SentinelError, Unavailable
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline.backoff import Backoff
from mlflow_sentinel_plugin.pipeline.baselines import add_version, packed
from mlflow_sentinel_plugin.pipeline.ready_made import usable_baseline
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.budget import MAX_BYTES
from mlflow_sentinel_plugin.profile.untrusted import is_baseline
from mlflow_sentinel_plugin.store import baselines, lease, monitors, runs
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import RunSnapshot

_NAME: TypeAdapter[str] = TypeAdapter(MonitorName)
_log = logging.getLogger("mlflow_sentinel.discover")


class Finder:
    """Registers what the poller found; for the leader alone, in one thread."""

    def __init__(self, db: Database, clock: Clock, tracking: TrackingSource) -> None:
        self._db = db
        self._clock = clock
        self._tracking = tracking
        self._backoff = Backoff(clock)

    def find(self, epoch: int) -> bool:
        """Register some of the baselines that wait. What cannot be used is kept with its reason.

        Returns:
            Whether any was settled, so that another look is worth while at once.

        Raises:
            LeaseLost: another process leads.
            Unavailable: Sentinel's database cannot be used now.
        """
        with self._db.read() as session:
            waiting = runs.waiting(session, without=self._backoff.waiting())
        settled = [self._try_run(run, epoch) for run in waiting]
        return any(settled)

    def _try_run(self, run: RunSnapshot, epoch: int) -> bool:
        try:
            name, baseline = _monitor_name(run), self._baseline(run)
        except Unavailable as error:
            self._backoff.failed(run.run_id)
            _log.warning("the baseline of run %s cannot be read now: %s", run.run_id, error)
            return False
        except SentinelError as error:
            self._settle(run, epoch, error)
            return True
        try:
            self._register(run, name, baseline, packed(baseline), epoch)
        except (InvalidInput, Conflict) as error:
            self._settle(run, epoch, error)
        self._backoff.succeeded(run.run_id)
        return True

    def _baseline(self, run: RunSnapshot) -> Baseline:
        path = _path(run)
        with (
            self._tracking.in_workspace(run.workspace),
            self._tracking.artifact_file(run.run_id, path, max_bytes=MAX_BYTES) as file,
        ):
            if not is_baseline(file):
                raise InvalidInput(f"{path!r} is no baseline", hint="make it with log_baseline")
            return usable_baseline(file.read_bytes())

    def _register(self, run: RunSnapshot, name: str, baseline: Baseline, data: bytes, epoch: int) -> None:
        with self._db.write() as session:
            lease.fence(session, epoch)
            seen = runs.found(session, run)
            if seen is None:
                return
            if not _is_there(session, run, name, baseline):
                source = {**baseline.source, "run_id": run.run_id, "artifact_path": _path(run)}
                add_version(
                    session,
                    name,
                    baseline,
                    data,
                    workspace=run.workspace,
                    experiment_id=run.experiment_id,
                    source=source,
                    activate=False,
                    now=self._clock(),
                )
            seen.found_state = "registered"

    def _settle(self, run: RunSnapshot, epoch: int, error: SentinelError) -> None:
        reason = " ".join(part for part in (error.message, error.hint) if part)
        _log.warning("the baseline of run %s is not used: %s", run.run_id, reason)
        with self._db.write() as session:
            lease.fence(session, epoch)
            seen = runs.found(session, run)
            if seen is not None:
                seen.found_state, seen.found_error = "failed", reason


def _path(run: RunSnapshot) -> str:
    return str(run.tags.get(BASELINE_TAG, ""))


def _monitor_name(run: RunSnapshot) -> str:
    """The monitor that the run names, else one called like its experiment.

    Raises:
        InvalidInput: no monitor can have that name.
    """
    name = run.tags.get(MONITOR_TAG) or run.experiment_name
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise InvalidInput(
            f"no monitor can be called {name!r}: {said}", hint="say name= to log_baseline"
        ) from error


def _is_there(session: Session, run: RunSnapshot, name: str, baseline: Baseline) -> bool:
    """Whether the monitor has this baseline already.

    Raises:
        Conflict: the monitor belongs to another experiment, whose people have not asked for it.
    """
    try:
        monitor = monitors.get(session, name, workspace=run.workspace, for_update=True)
    except NotFound:
        return False
    if monitor.experiment_id != run.experiment_id:
        raise Conflict(
            f"the monitor {name!r} belongs to another experiment than the run",
            hint="say another name= to log_baseline, or post the baseline: POST /api/v1/baseline",
            code="other_experiment",
        )
    return baselines.has_digest(session, monitor.id, baseline.digest)
