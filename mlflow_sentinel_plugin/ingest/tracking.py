"""MLflow as a source: experiments, runs, metric history and artifacts, read in process.

Nothing here filters by who asks: that is the caller's.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cachetools import TTLCache
from mlflow.entities import LifecycleStage, ViewType
from mlflow.exceptions import MlflowException

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound, SentinelError, Unavailable
from mlflow_sentinel_plugin.ingest.artifacts import Artifact, list_artifacts, local_file
from mlflow_sentinel_plugin.ingest.rows import ARTIFACT_LIMITS

PAGE_RUNS = 250
HISTORY_METRICS = 200
HISTORY_POINTS = 500

_EXPERIMENTS_AT_ONCE = 500
_EXPERIMENTS_PAGE = 1_000
_NAME_SECONDS = 60
_INFINITE = 1.7976931348623157e308
"""MLflow's databases keep an infinity as the largest float."""


@dataclass(frozen=True)
class Experiment:
    id: str
    name: str


@dataclass(frozen=True)
class Run:
    """A run as MLflow has it now. Times in ms since the epoch; metrics that are not finite are ``None``."""

    run_id: str
    experiment_id: str
    name: str | None
    status: str
    lifecycle: str
    user: str | None
    start_ms: int | None
    end_ms: int | None
    artifact_uri: str
    metrics: dict[str, float | None]
    params: dict[str, str]
    tags: dict[str, str]


@dataclass(frozen=True)
class Point:
    """One logged value of a metric."""

    step: int
    at_ms: int
    value: float | None


class TrackingSource:
    """Reads the tracking store of the server this process belongs to.

    Args:
        store: Gives MLflow's tracking store; called for each use.

    Every method raises :class:`Unavailable` while MLflow's database or artifact store cannot be read.
    """

    def __init__(self, store: Callable[[], Any] = mlflow_compat.tracking_store) -> None:
        self._store = store
        self._names: TTLCache[str, str] = TTLCache(maxsize=10_000, ttl=_NAME_SECONDS)
        self._lock = threading.Lock()

    # --- workspaces ---

    def workspaces(self) -> list[str]:
        """Names of the workspaces, at least ``default``."""
        with _translated():
            return mlflow_compat.workspaces()

    def in_workspace(self, name: str) -> AbstractContextManager[Any]:
        """Calls inside see the runs of this workspace."""
        return mlflow_compat.in_workspace(name)

    # --- experiments ---

    def experiments(self, globs: Sequence[str] = ("*",)) -> list[Experiment]:
        """Experiments, deleted ones too, with a name like one of ``globs``; see :func:`matching`."""
        found: list[Experiment] = []
        token = None
        with _translated():
            while True:
                page = self._store().search_experiments(ViewType.ALL, _EXPERIMENTS_PAGE, page_token=token)
                found += [Experiment(item.experiment_id, item.name) for item in page]
                token = page.token
                if not token:
                    return matching(found, globs)

    def experiment_exists(self, experiment_id: str) -> bool:
        """Whether there is an experiment of that id that is not deleted."""
        experiment = self._experiment(experiment_id)
        return experiment is not None and experiment.lifecycle_stage == LifecycleStage.ACTIVE

    def experiment_name(self, experiment_id: str) -> str | None:
        """Its name, at most a minute old; ``None`` if there is no such experiment."""
        with self._lock:
            known = self._names.get(experiment_id)
        if known is not None:
            return known
        experiment = self._experiment(experiment_id)
        if experiment is None:
            return None
        with self._lock:
            self._names[experiment_id] = experiment.name
        return str(experiment.name)

    def _experiment(self, experiment_id: str) -> Any:
        if not (experiment_id.isascii() and experiment_id.isdecimal()):
            return None
        try:
            with _translated():
                return self._store().get_experiment(experiment_id)
        except (NotFound, InvalidInput):
            return None

    # --- runs ---

    def run(self, run_id: str) -> Run:
        """The run of that id.

        Raises:
            NotFound: there is none.
        """
        try:
            with _translated():
                return _run(self._store().get_run(run_id))
        except (NotFound, InvalidInput):
            raise NotFound(
                f"no run has the id {run_id!r}",
                hint="copy it from the run's page in MLflow",
                code="run_not_found",
            ) from None

    def changed_runs(self, experiment_ids: Sequence[str], since: int) -> Iterator[list[Run]]:
        """Pages of runs that started or ended at or after ``since`` (ms), or are running."""
        for first in range(0, len(experiment_ids), _EXPERIMENTS_AT_ONCE):
            chunk = experiment_ids[first : first + _EXPERIMENTS_AT_ONCE]
            for condition in (
                f"attributes.start_time >= {since}",
                f"attributes.end_time >= {since} AND attributes.start_time < {since}",
                f"attributes.status = 'RUNNING' AND attributes.start_time < {since}",
            ):
                yield from self._pages(chunk, condition)

    def runs_page(self, experiment_id: str, token: str | None) -> tuple[list[Run], str | None]:
        """A page of all runs of an experiment, by ascending id, and the token of the next one."""
        return self._search([experiment_id], "", ["attributes.run_id ASC"], token)

    def newest_run(self, experiment_id: str) -> Run | None:
        """The run of an experiment that started last, deleted ones left out; ``None`` if it has none.

        Raises:
            NotFound: there is no such experiment.
        """
        if not self.experiment_exists(experiment_id):
            raise NotFound(f"MLflow has no experiment with the id {experiment_id!r}")
        order = ["attributes.start_time DESC"]
        with _translated():
            page = self._store().search_runs([experiment_id], "", ViewType.ACTIVE_ONLY, 1, order, None)
            return _run(page[0]) if page else None

    def existing(self, experiment_id: str, run_ids: Collection[str]) -> set[str]:
        """Those of at most 250 ids that are runs of the experiment, deleted or not."""
        quoted = ", ".join(f"'{run_id}'" for run_id in run_ids)
        runs, _ = self._search([experiment_id], f"attributes.run_id IN ({quoted})", [], None)
        return {run.run_id for run in runs}

    def _pages(self, experiment_ids: Sequence[str], condition: str) -> Iterator[list[Run]]:
        token = None
        while True:
            runs, token = self._search(experiment_ids, condition, [], token)
            if runs:
                yield runs
            if not token:
                return

    def _search(
        self, experiment_ids: Sequence[str], condition: str, order: list[str], token: str | None
    ) -> tuple[list[Run], str | None]:
        with _translated():
            page = self._store().search_runs(
                list(experiment_ids), condition, ViewType.ALL, PAGE_RUNS, order, token
            )
            return [_run(run) for run in page], _token_text(page.token)

    def metric_history(self, run_id: str) -> dict[str, list[Point]]:
        """Values per metric in order, evenly thinned to 500; of more than 200 metrics the first by name."""
        names = sorted(self.run(run_id).metrics)[:HISTORY_METRICS]
        with _translated():
            return {name: self._history(run_id, name) for name in names}

    def _history(self, run_id: str, metric: str) -> list[Point]:
        found = self._store().get_metric_history_bulk_interval([run_id], metric, HISTORY_POINTS, None, None)
        return [Point(item.step, item.timestamp, finite(item.value)) for item in found]

    # --- artifacts ---

    def artifacts(self, run_id: str, folder: str = "") -> list[Artifact]:
        """What a folder of the run's artifacts holds, by path; sizes in bytes, ``None`` where unknown.

        Raises:
            NotFound: no such run.
            InvalidInput: the path leaves the run's artifacts.
        """
        return self.artifacts_at(self.run(run_id).artifact_uri, folder)

    def artifacts_at(self, artifact_uri: str, folder: str = "") -> list[Artifact]:
        """:meth:`artifacts` of a run that is at hand."""
        with _translated():
            return list_artifacts(*mlflow_compat.artifact_repository(artifact_uri), folder)

    @contextmanager
    def artifact_file(
        self, run_id: str, path: str, *, max_bytes: int = ARTIFACT_LIMITS.bytes
    ) -> Iterator[Path]:
        """An artifact of a run as a local file, for reading inside the block only.

        Raises:
            NotFound: no such run or artifact.
            InvalidInput: the path leaves the run's artifacts, or is a folder.
            TooLarge: more than ``max_bytes``; nothing was downloaded.
        """
        uri = self.run(run_id).artifact_uri
        with ExitStack() as stack:
            with _translated():
                repository, root = mlflow_compat.artifact_repository(uri)
                in_place = mlflow_compat.is_local_repository(repository)
                file = local_file(repository, root, path, max_bytes=max_bytes, in_place=in_place)
                local = stack.enter_context(file)
            yield local


def matching(experiments: Sequence[Experiment], globs: Sequence[str]) -> list[Experiment]:
    """Those whose name is one of ``globs``, where ``*``, ``?`` and ``[ab]`` stand for others; case counts."""
    return [item for item in experiments if any(fnmatchcase(item.name, glob) for glob in globs)]


def finite(value: float) -> float | None:
    """The value, or ``None`` for NaN and for what MLflow makes of an infinity.

    >>> finite(0.5), finite(float("nan")), finite(-1.7976931348623157e308)
    (0.5, None, None)
    """
    return float(value) if math.isfinite(value) and abs(value) < _INFINITE else None


def _token_text(token: Any) -> str | None:
    """A page's token, which MLflow's databases give as bytes, as the text it is."""
    return (token.decode() if isinstance(token, bytes) else token) or None


def _run(run: Any) -> Run:
    info, data = run.info, run.data
    return Run(
        run_id=info.run_id,
        experiment_id=str(info.experiment_id),
        name=info.run_name or None,
        status=info.status,
        lifecycle=info.lifecycle_stage,
        user=info.user_id or None,
        start_ms=info.start_time,
        end_ms=info.end_time,
        artifact_uri=info.artifact_uri,
        metrics={name: finite(value) for name, value in _sorted(data.metrics)},
        params=dict(_sorted(data.params)),
        tags={name: value for name, value in _sorted(data.tags) if not name.startswith("mlflow.")},
    )


def _sorted(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items())


@contextmanager
def _translated() -> Iterator[None]:
    """MLflow's errors, and those of the artifact store behind it, as this package's."""
    try:
        yield
    except SentinelError:
        raise
    except MlflowException as error:
        raise _meaning(error) from error
    except Exception as error:
        # Any client library may be behind a store, each with its own errors.
        raise _unreadable(f"{type(error).__name__}: {error}") from error


def _meaning(error: MlflowException) -> SentinelError:
    status = error.get_http_status_code()
    if status == 404:
        return NotFound(error.message)
    if 400 <= status < 500:
        return InvalidInput(error.message)
    return _unreadable(error.message)


def _unreadable(reason: str) -> Unavailable:
    line = next(iter(reason.splitlines()), "")[:300]
    return Unavailable(f"MLflow cannot be read: {line}", code="mlflow_unavailable")
