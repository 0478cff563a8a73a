"""Background work: every worker is a candidate, one of them leads and runs the jobs."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler

from mlflow_sentinel_plugin.clock import Clock, now_ms
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import LeaseLost, SentinelError, Unavailable
from mlflow_sentinel_plugin.ingest.poll import poll_runs
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.lease import TTL_MS, Lease

BEAT_S = TTL_MS / 3000
WORK_S = 1
DELIVER_S = 1
FIND_S = 5
WATCH_S = 5
HEARTBEAT_S = 60
PRUNE_S = 3600
_FIRST_PRUNE_S = 60
_STOP_S = 0.8
"""How long :meth:`Background.stop` waits for the lease to be given up."""

_log = logging.getLogger("mlflow_sentinel.background")
# It tells of each run, and warns each second of a run that takes longer.
_quiet = logging.getLogger("mlflow_sentinel.background.apscheduler")
_quiet.setLevel(logging.ERROR)


class Background:
    """The background work of one process.

    Args:
        pipeline: What is done to rows.
        tracking: Where MLflow's runs are read.
        db: Sentinel's database, where the lease is.
        config: How often runs are polled, and log files read.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        tracking: TrackingSource,
        db: Database,
        config: Config,
        *,
        clock: Clock = now_ms,
        beat_s: float = BEAT_S,
    ) -> None:
        self._pipeline = pipeline
        self._tracking = tracking
        self._db = db
        self._config = config
        self._clock = clock
        self._beat_s = beat_s
        self._reader = pipeline.log_reader(tracking)
        self._finder = pipeline.finder(tracking)
        self._faults = Faults()
        self._pid: int | None = None
        self._candidate: _Candidate | None = None

    def start(self) -> None:
        """Become a candidate for the lead; harmless if it is one. A forked child is none until it calls."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._candidate = _Candidate(Lease(self._db, _owner()), self._beat_s, self._faults, self._schedule)
        self._candidate.start()

    def stop(self) -> None:
        """End the jobs and give up the lease, so that another worker leads at once.

        Returns within a second, whatever a job is doing: a job that is late cannot commit any more.
        """
        if self._pid != os.getpid() or self._candidate is None:
            return
        self._candidate.stop(_STOP_S)
        self._pid = self._candidate = None

    @property
    def is_leader(self) -> bool:
        """Whether this process runs the jobs now."""
        return self._pid == os.getpid() and self._candidate is not None and self._candidate.is_active()

    def status(self) -> dict[str, str]:
        """The jobs whose last run in this process failed, and why."""
        return self._faults.status()

    def _schedule(self, epoch: int, is_active: Callable[[], bool]) -> BackgroundScheduler:
        jobs = _Jobs(self._pipeline, self._faults, epoch, is_active)
        scheduler = BackgroundScheduler(
            daemon=True,
            timezone=timezone.utc,
            logger=_quiet,
            executors={"default": _DaemonThreads()},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        now = datetime.now(timezone.utc)
        poll_s = self._config.mlflow.poll_interval_seconds
        find = partial(self._finder.find, epoch)
        read_s, read = self._config.ingest.read_interval_seconds, partial(self._reader.read, epoch)
        first_prune = now + timedelta(seconds=_FIRST_PRUNE_S)
        scheduler.add_job(jobs.work, "interval", seconds=WORK_S, next_run_time=now)
        scheduler.add_job(jobs.deliver, "interval", seconds=DELIVER_S, next_run_time=now)
        scheduler.add_job(jobs.repeat, "interval", ["poll", self._poll], seconds=poll_s, next_run_time=now)
        scheduler.add_job(jobs.repeat, "interval", ["find", find], seconds=FIND_S, next_run_time=now)
        scheduler.add_job(jobs.repeat, "interval", ["read", read], seconds=read_s, next_run_time=now)
        scheduler.add_job(jobs.watch, "interval", seconds=WATCH_S, next_run_time=now)
        scheduler.add_job(jobs.beat, "interval", seconds=HEARTBEAT_S)
        scheduler.add_job(jobs.prune, "interval", seconds=PRUNE_S, next_run_time=first_prune)
        return scheduler

    def _poll(self) -> bool:
        return poll_runs(self._tracking, self._db, self._config, self._clock())


class Faults:
    """Last error of each job; logged when it is of another kind than the one before. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, tuple[object, str]] = {}

    def note(self, job: str, error: Exception) -> None:
        """A job failed."""
        kind = (type(error), error.code if isinstance(error, SentinelError) else None)
        with self._lock:
            known = self._last.get(job)
            self._last[job] = (kind, str(error))
        if known is not None and known[0] == kind:
            return
        expected = isinstance(error, Unavailable)
        _log.warning("%s fails: %s; trying again", job, error, exc_info=None if expected else error)

    def clear(self, job: str) -> None:
        """A job succeeded."""
        with self._lock:
            known = self._last.pop(job, None)
        if known is not None:
            _log.info("%s works again", job)

    def status(self) -> dict[str, str]:
        """Job -> error, of those whose last run failed."""
        with self._lock:
            return {job: text for job, (_, text) in self._last.items()}

    def attempt(self, job: str, work: Callable[[], Any]) -> bool:
        """Run one step; ``False`` if it failed or found nothing to do."""
        try:
            worked = bool(work())
        except LeaseLost:
            return False
        except Exception as error:
            self.note(job, error)
            return False
        self.clear(job)
        return worked


class _Jobs:
    """What a leader does, until its lead is over."""

    def __init__(self, pipeline: Pipeline, faults: Faults, epoch: int, is_active: Callable[[], bool]) -> None:
        self._pipeline = pipeline
        self._faults = faults
        self._epoch = epoch
        self._is_active = is_active
        self._worker = _owner()

    def work(self) -> None:
        """Fold, close and score while there is anything to do."""
        steps = {
            "fold": self._pipeline.fold,
            "close": self._pipeline.close_windows,
            "score": self._pipeline.score,
        }
        worked = True
        while worked:
            worked = False
            for name, step in steps.items():
                if not self._is_active():
                    return
                worked = self._faults.attempt(name, partial(step, self._epoch)) or worked

    def deliver(self) -> None:
        """Send waiting messages."""
        self.repeat("deliver", lambda: self._pipeline.deliver(self._worker))

    def watch(self) -> None:
        """Notice monitors that get no rows."""
        if self._is_active():
            self._faults.attempt("watch", lambda: self._pipeline.watch(self._epoch))

    def beat(self) -> None:
        """Tell that all goes well, if it does."""
        if self._is_active() and not self._faults.status():
            self._pipeline.beat()

    def prune(self) -> None:
        """Forget what is old."""
        if self._is_active():
            self._faults.attempt("prune", lambda: self._pipeline.prune(self._epoch))

    def repeat(self, name: str, work: Callable[[], bool]) -> None:
        """Run a step while it finds work."""
        while self._is_active() and self._faults.attempt(name, work):
            pass


class _Candidate:
    """A thread that takes the lease when it is free, keeps it, and runs the jobs while it holds it."""

    def __init__(
        self,
        lease: Lease,
        beat_s: float,
        faults: Faults,
        schedule: Callable[[int, Callable[[], bool]], BackgroundScheduler],
    ) -> None:
        self._lease = lease
        self._beat_s = beat_s
        self._faults = faults
        self._schedule = schedule
        self._stopping = threading.Event()
        self._scheduler: BackgroundScheduler | None = None
        self._thread = threading.Thread(target=self._run, name="sentinel-lease", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait_s: float) -> None:
        self._stopping.set()
        self._thread.join(wait_s)

    def is_active(self) -> bool:
        """Whether jobs may run: the last beat is recent, by the monotonic clock."""
        return not self._stopping.is_set() and self._lease.is_held()

    def _run(self) -> None:
        while not self._stopping.is_set():
            epoch = self._hold()
            if epoch is None:
                self._end_jobs()
            elif self._scheduler is None:
                self._scheduler = self._schedule(epoch, self.is_active)
                self._scheduler.start()
                _log.info("this worker leads the background jobs (epoch %s)", epoch)
            self._stopping.wait(self._beat_s)
        self._end_jobs()
        self._faults.attempt("lease", self._lease.release)

    def _hold(self) -> int | None:
        """The epoch while this process leads."""
        self._faults.attempt(
            "lease", self._lease.try_acquire if self._lease.epoch is None else self._lease.beat
        )
        return self._lease.epoch if self._lease.is_held() else None

    def _end_jobs(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
            _log.info("this worker no longer leads the background jobs")


class _DaemonThreads(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Runs each job in a daemon thread: a pool's threads would hold up the end of the process."""

    def start(self, scheduler: Any, alias: str) -> None:
        super().start(scheduler, alias)
        self._logger = _quiet

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        def run() -> None:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)

        threading.Thread(target=run, name="sentinel-job", daemon=True).start()


def _owner() -> str:
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
