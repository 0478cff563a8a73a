"""Register a baseline, and switch a monitor to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import (
    DEFAULT_EXPERIMENT_ID,
    DEFAULT_WORKSPACE,
    Kind,
    MonitorSettings,
    Role,
)
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound
from mlflow_sentinel_plugin.pipeline.settings import settings_of
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.store import baselines, models, monitors
from mlflow_sentinel_plugin.store.engine import Database


@dataclass(frozen=True)
class Registered:
    """A stored baseline; ``active`` says whether live rows are compared with it from now on."""

    baseline: models.Baseline
    monitor: models.Monitor
    active: bool
    created_monitor: bool


class Registrar:
    """Makes and activates baselines; any worker, any thread."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._config = config
        self._clock = clock

    def register(
        self,
        name: str,
        table: pa.Table,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        experiment_id: str | None = None,
        roles: Mapping[str, Role] | None = None,
        kinds: Mapping[str, Kind] | None = None,
        untyped: bool = False,
        source: Mapping[str, Any] | None = None,
        activate: bool = False,
    ) -> Registered:
        """Learn a baseline from rows and store it as the monitor's next version.

        Args:
            name: The monitor; created with defaults if there is none, its timestamp column then being the one
                of role ``timestamp``, if any.
            experiment_id: Of a monitor this creates.
            untyped: The rows are all texts because their format has no types (CSV).
            source: ``run_id``, ``artifact_path`` ... as far as known.
            activate: Switch to it at once; a monitor's first baseline always is.

        Raises:
            InvalidInput: no rows, no column to watch, unknown columns in roles or kinds, or over 8 MB.
                Nothing is stored.
        """
        known = self._known(name, workspace)
        window_rows = settings_of(self._config, known).window.rows if known else self._config.windows.rows
        baseline = Baseline.from_data(
            table, kinds=kinds, roles=roles, window_rows=window_rows, untyped=untyped, source=source
        )
        return self.adopt(
            name,
            baseline,
            workspace=workspace,
            experiment_id=experiment_id,
            source=source,
            activate=activate,
        )

    def adopt(
        self,
        name: str,
        baseline: Baseline,
        *,
        workspace: str = DEFAULT_WORKSPACE,
        experiment_id: str | None = None,
        source: Mapping[str, Any] | None = None,
        activate: bool = False,
    ) -> Registered:
        """Store a baseline that was learned elsewhere as the monitor's next version; see :meth:`register`.

        Raises:
            InvalidInput: no column to watch. Nothing is stored.
        """
        data = packed(baseline)
        with self._db.write() as session:
            return add_version(
                session,
                name,
                baseline,
                data,
                workspace=workspace,
                experiment_id=experiment_id,
                source=source,
                activate=activate,
                now=self._clock(),
            )

    def activate(self, baseline_id: str) -> models.Baseline:
        """Compare a monitor's rows with this baseline from now on.

        Rows that were accepted before still count under the baseline of their time. Its open windows close,
        and the detector starts with no memory. Activating the active baseline changes nothing.

        Raises:
            NotFound: there is no such baseline.
        """
        with self._db.write() as session:
            row = session.get(models.Baseline, baseline_id)
            monitor = monitors.lock(session, row.monitor_id) if row else None
            if row is not None and monitor is not None and monitor.baseline_id == baseline_id:
                return row
            return switch(session, baseline_id, self._clock())

    def _known(self, name: str, workspace: str) -> models.Monitor | None:
        with self._db.read() as session:
            try:
                return monitors.get(session, name, workspace=workspace)
            except NotFound:
                return None


def packed(baseline: Baseline) -> bytes:
    """The bytes that are stored of a baseline; slow, so not for inside a transaction.

    Raises:
        InvalidInput: it has no column to watch.
    """
    if not baseline.counted:
        raise InvalidInput(
            "the baseline has no column to watch: all are ignored, timestamps or ids",
            hint="send the model's features, or say their kinds",
            code="no_usable_column",
        )
    return baseline.to_bytes()


def add_version(
    session: Session,
    name: str,
    baseline: Baseline,
    data: bytes,
    *,
    workspace: str,
    experiment_id: str | None,
    source: Mapping[str, Any] | None,
    activate: bool,
    now: int,
) -> Registered:
    """Store a baseline, its :func:`packed` bytes at hand, in the caller's transaction."""
    monitor, created = _monitor(session, name, workspace, experiment_id, baseline, now)
    row = baselines.add(
        session,
        monitor.id,
        data=data,
        rows=baseline.rows,
        digest=baseline.digest,
        source=dict(source or {}),
        features=[describe(feature) for feature in baseline.features.values()],
        now=now,
    )
    active = activate or monitor.baseline_id is None
    if active:
        switch(session, row.id, now)
    return Registered(row, monitor, active, created)


def describe(feature: FeatureBaseline) -> dict[str, Any]:
    """What a page shows of a feature without loading the baseline; ``missing`` is a share of the rows."""
    return {
        "name": feature.name,
        "kind": feature.kind,
        "role": feature.role,
        "missing": feature.missing / feature.rows if feature.rows else None,
        "distinct": feature.distinct if feature.counted else None,
        "summary": feature.summary,
    }


def switch(session: Session, baseline_id: str, now: int) -> models.Baseline:
    """Make it the baseline its monitor is compared with; the detector starts with no memory.

    Raises:
        NotFound: the baseline or its monitor is deleted.
    """
    row = baselines.activate(session, baseline_id, now=now)
    session.flush()
    return row


def _monitor(
    session: Session,
    name: str,
    workspace: str,
    experiment_id: str | None,
    baseline: Baseline,
    now: int,
) -> tuple[models.Monitor, bool]:
    """The monitor of that name, and whether it was created."""
    try:
        return monitors.get(session, name, workspace=workspace, for_update=True), False
    except NotFound:
        pass
    try:
        settings = _first_settings(baseline)
        experiment = experiment_id or DEFAULT_EXPERIMENT_ID
        monitor = monitors.create(
            session, name, workspace=workspace, experiment_id=experiment, settings=settings, now=now
        )
    except Conflict:
        # Another request was faster.
        return monitors.get(session, name, workspace=workspace, for_update=True), False
    return monitor, True


def _first_settings(baseline: Baseline) -> dict[str, Any]:
    clock = [feature.name for feature in baseline.features.values() if feature.role == "timestamp"]
    settings = MonitorSettings(timestamp_column=clock[0]) if clock else MonitorSettings()
    return settings.model_dump(mode="json", exclude_unset=True)
