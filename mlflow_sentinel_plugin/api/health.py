"""Is Sentinel up, and does its background work keep up?"""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.api.auth import allow
from mlflow_sentinel_plugin.api.context import Services, services
from mlflow_sentinel_plugin.api.errors import error_reply, reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.api.schemas import Check, HealthReply, ReadyReply
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.pipeline.grouping import TICK
from mlflow_sentinel_plugin.store import cursors, deliveries, inbox, lease

api = blueprint("operations", "Health of Sentinel itself")

STALE_LEADER_MS = 300_000
"""A leader comes through its work at least so often, however much there is."""
SLOW_FOLD_S = 60.0
"""Accepted rows that wait longer mean that the background work does not keep up."""


@api.get("/health", responses={200: HealthReply})
@allow("public")
def get_health() -> Response:
    """Whether Sentinel can answer; 503 says why not."""
    services()
    return reply(HealthReply(status="ok", version=__version__))


@api.get("/ready", responses={200: ReadyReply})
@allow("signed_in")
def get_ready() -> Response:
    """Whether there is a leader and its work is in time; 503 carries the same facts in ``details``."""
    current = services()
    with current.db.read() as session:
        facts = _facts(session, current)
    if facts.ready:
        return reply(facts)
    failed = ", ".join(check.detail for check in facts.checks if not check.ok)
    return error_reply(
        503, "not_ready", failed, details=facts.model_dump(mode="json"), headers={"Retry-After": "2"}
    )


def _facts(session: Session, current: Services) -> ReadyReply:
    leader = lease.status(session)
    waiting_ms = inbox.oldest_age(session, now_ms())
    stale = _stale_check(leader, cursors.get(session, TICK), current.pipeline.now())
    checks = [_leader_check(leader), stale, _lag_check(waiting_ms), *_job_checks(current)]
    return ReadyReply(
        ready=all(check.ok for check in checks),
        leader=leader.owner,
        leader_age_seconds=_seconds(leader.age_ms),
        pending_rows=inbox.total_pending(session),
        oldest_pending_seconds=_seconds(waiting_ms),
        pending_deliveries=deliveries.pending_count(session),
        checks=checks,
    )


def _leader_check(leader: lease.LeaseStatus) -> Check:
    detail = f"{leader.owner} leads" if leader.owner else "no worker leads the background jobs"
    return Check(name="leader", ok=leader.owner is not None, detail=detail)


def _stale_check(leader: lease.LeaseStatus, tick: dict[str, Any] | None, now: int) -> Check:
    """A leader whose lease lives while its work hangs."""
    age = 0 if tick is None or leader.owner is None else max(now - int(tick["at"]), 0)
    detail = f"the leader last came through its work {age // 1000} s ago"
    return Check(name="leader_stale", ok=age <= STALE_LEADER_MS, detail=detail)


def _lag_check(waiting_ms: int | None) -> Check:
    waiting = _seconds(waiting_ms) or 0.0
    detail = f"the oldest accepted rows wait {waiting:.0f} s"
    return Check(name="fold", ok=waiting <= SLOW_FOLD_S, detail=detail)


def _job_checks(current: Services) -> list[Check]:
    """The jobs that last failed in this worker, if it leads."""
    errors = current.background.status()
    return [Check(name=job, ok=False, detail=f"{job}: {error}") for job, error in errors.items() if error]


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
