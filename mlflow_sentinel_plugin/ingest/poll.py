"""Keep snapshots of MLflow's runs up to date.

Two readers share a poll. The *feed* asks for what started, ended or is running since the last poll. The
*round* walks all runs, some hundred a poll, and sees what the feed cannot: tags set on finished runs, times
the client chose, deletion, restoring, and runs that MLflow removed for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.ingest.snapshots import Recorder
from mlflow_sentinel_plugin.ingest.tracking import Experiment, Run, TrackingSource, matching
from mlflow_sentinel_plugin.store import cursors, runs
from mlflow_sentinel_plugin.store.engine import Database

OVERLAP_MS = 10 * 60_000
"""Clients set the times of their runs by their own clocks."""
ROUND_RUNS = 250
"""Runs that the round reads in one poll."""
FIRST_ROUND_RUNS = 10_000
"""The same while it has never been through."""
ROUND_PAGES = 50


@dataclass(frozen=True)
class Progress:
    """How far the readers of a workspace got; stored as its cursor."""

    since: int
    """The feed's last poll, ms since the epoch."""
    experiment: str = ""
    """The experiment the round is in; every earlier one is done."""
    token: str | None = None
    """Its next page."""
    last_run: str = ""
    """The last run of its page before."""
    complete: bool = False
    """The round has been through once."""


def poll_runs(source: TrackingSource, db: Database, config: Config, now: int) -> bool:
    """Read what changed in MLflow into ``sentinel_runs``; ``now`` in ms since the epoch.

    Safe to break off and repeat: an unchanged run is not written again.

    Returns:
        Whether the first round is not through yet, so that another poll is worth while at once.

    Raises:
        Unavailable: MLflow or the database cannot be read.
    """
    more = False
    for workspace in source.workspaces():
        with source.in_workspace(workspace):
            more |= _Poll(source, db, config, workspace, now).run()
    return more


class _Poll:
    """One poll of one workspace."""

    def __init__(
        self, source: TrackingSource, db: Database, config: Config, workspace: str, now: int
    ) -> None:
        self._source = source
        self._db = db
        self._workspace = workspace
        self._now = now
        self._cursor = f"mlflow.runs:{workspace}"
        self._all = source.experiments()
        self._read = _watched(self._all, config.mlflow.experiments)
        names = {experiment.id: experiment.name for experiment in self._all}
        self._recorder = Recorder(source, db, workspace, names, now)

    def run(self) -> bool:
        progress = self._progress()
        self._feed(progress.since)
        self._remove_gone_experiments()
        done = self._round(progress)
        with self._db.write() as session:
            cursors.set(session, self._cursor, asdict(replace(done, since=self._now)))
        return not done.complete

    def _progress(self) -> Progress:
        with self._db.read() as session:
            stored = cursors.get(session, self._cursor)
        return Progress(**stored) if stored is not None else Progress(since=self._now)

    def _feed(self, since: int) -> None:
        ids = [experiment.id for experiment in self._read]
        for page in self._source.changed_runs(ids, since - OVERLAP_MS):
            self._recorder.record(page)

    def _remove_gone_experiments(self) -> None:
        with self._db.read() as session:
            gone = runs.experiment_ids(session, self._workspace) - {e.id for e in self._all}
        if gone:
            with self._db.write() as session:
                runs.mark_removed(session, self._now, experiments=gone)

    def _round(self, progress: Progress) -> Progress:
        left = ROUND_RUNS if progress.complete else FIRST_ROUND_RUNS
        for _ in range(ROUND_PAGES):
            experiment = self._experiment_from(progress)
            if experiment is None:
                return replace(progress, experiment="", token=None, last_run="", complete=True)
            progress, count = self._page(progress, experiment)
            left -= count
            if left <= 0:
                break
        return progress

    def _experiment_from(self, progress: Progress) -> Experiment | None:
        """The one the round is in, or the next if it is done or gone."""
        if progress.token is not None:
            for experiment in self._read:
                if experiment.id == progress.experiment:
                    return experiment
        later = (e for e in self._read if _order(e.id) > _order(progress.experiment))
        return next(later, None)

    def _page(self, progress: Progress, experiment: Experiment) -> tuple[Progress, int]:
        started = progress.token is not None and experiment.id == progress.experiment
        after = progress.last_run if started else ""
        page, token = self._source.runs_page(experiment.id, progress.token if started else None)
        self._recorder.record(page)
        last = page[-1].run_id if page else after
        self._remove_gone_runs(experiment.id, after, last if token else None, page)
        return replace(progress, experiment=experiment.id, token=token, last_run=last), len(page)

    def _remove_gone_runs(self, experiment_id: str, after: str, until: str | None, page: list[Run]) -> None:
        with self._db.read() as session:
            stored = runs.ids_between(session, experiment_id, after, until)
        missing = sorted(stored - {run.run_id for run in page})[:ROUND_RUNS]
        if not missing:
            return
        # Pages go by offset: a run that came or went meanwhile shifts them, so ask again by id.
        gone = set(missing) - self._source.existing(experiment_id, missing)
        if gone:
            with self._db.write() as session:
                runs.mark_removed(session, self._now, run_ids=gone)


def _watched(experiments: Sequence[Experiment], globs: Sequence[str]) -> list[Experiment]:
    """Those with a configured name, by number."""
    return sorted(matching(experiments, globs), key=lambda experiment: _order(experiment.id))


def _order(experiment_id: str) -> tuple[int, str]:
    return len(experiment_id), experiment_id
