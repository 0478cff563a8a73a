"""Which of MLflow's experiments Sentinel holds anything of."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.store.models import Alert, DriftEvent, Monitor, RunSnapshot


def referenced(session: Session) -> set[str]:
    """Ids of the experiments of all monitors, events, alerts and runs, over all workspaces."""
    owners = (Monitor, DriftEvent, Alert, RunSnapshot)
    return set(session.scalars(union(*(select(owner.experiment_id).distinct() for owner in owners))))
