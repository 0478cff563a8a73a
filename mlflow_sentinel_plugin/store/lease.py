"""Which process runs the background jobs: one row in the database, by the database's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Update, case, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.errors import LeaseLost
from mlflow_sentinel_plugin.store import models
from mlflow_sentinel_plugin.store.engine import Database, database_now_ms, db_now_ms
from mlflow_sentinel_plugin.store.results import rows_touched

LEADER = "leader"
TTL_MS = 6_000
_FENCED = "sentinel_fenced"
TRUSTED_SHARE = 0.8
"""Share of its lifetime that a lease is trusted without another beat, by the local monotonic clock."""

_free = or_(models.Lease.owner.is_(None), models.Lease.expires_at < database_now_ms())


@dataclass(frozen=True)
class LeaseStatus:
    """Who leads. ``owner`` is ``None`` when nobody does."""

    owner: str | None
    epoch: int
    age_ms: int | None
    """Since the leader's last beat."""


class Lease:
    """One candidate for a lease: one thread acquires, beats and releases; any thread may ask.

    Args:
        db: Where the lease is.
        owner: Names this candidate, different for each process and start.
        ttl_ms: A lease without a beat for so long is anybody's.
        name: Which lease.
        monotonic: Seconds of a clock that never jumps.
    """

    def __init__(
        self,
        db: Database,
        owner: str,
        ttl_ms: int = TTL_MS,
        *,
        name: str = LEADER,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._owner = owner
        self._ttl_ms = ttl_ms
        self._name = name
        self._monotonic = monotonic
        self._epoch: int | None = None
        self._renewed_at = 0.0

    @property
    def epoch(self) -> int | None:
        """Of the lease last acquired and neither released nor found lost."""
        return self._epoch

    def is_held(self) -> bool:
        """Whether the last beat is recent enough to act as the leader, without asking the database."""
        age_ms = (self._monotonic() - self._renewed_at) * 1000
        return self._epoch is not None and age_ms < TRUSTED_SHARE * self._ttl_ms

    def try_acquire(self) -> int | None:
        """Take the lease if it is free, expired or already ours.

        Returns:
            The epoch, which grows with each change of owner; ``None`` if another holds the lease.

        Raises:
            Unavailable: the database cannot be used now.
        """
        asked_at = self._monotonic()
        # Most askers find it taken: let them find out without the file's only write lock.
        if not self._is_takeable():
            self._epoch = None
            return None
        with self._db.write() as session:
            epoch = self._take(session)
        self._epoch, self._renewed_at = epoch, asked_at
        return epoch

    def beat(self) -> bool:
        """Hold the lease for another ``ttl_ms``; ``False`` if it is not ours any more.

        Raises:
            Unavailable: the database cannot be used now; :meth:`is_held` says how long to go on.
        """
        asked_at = self._monotonic()
        if self._epoch is None:
            return False
        with self._db.write() as session:
            kept = rows_touched(session, self._mine().values(self._renewal())) == 1
        if kept:
            self._renewed_at = asked_at
        else:
            self._epoch = None
        return kept

    def release(self) -> None:
        """Give the lease up, so that another takes it at once. Harmless if it is not ours.

        Raises:
            Unavailable: the database cannot be used now; the lease runs out by itself.
        """
        if self._epoch is None:
            return
        with self._db.write() as session:
            session.execute(self._mine().values(owner=None, expires_at=0))
        self._epoch = None

    def _is_takeable(self) -> bool:
        with self._db.read() as session:
            takeable = session.scalar(
                select(or_(models.Lease.owner == self._owner, _free)).where(models.Lease.name == self._name)
            )
        return takeable is None or bool(takeable)

    def _take(self, session: Session) -> int | None:
        lease, renewal = models.Lease, self._renewal()
        changes = case((lease.owner == self._owner, lease.epoch), else_=lease.epoch + 1)
        taken = rows_touched(
            session,
            update(lease)
            .where(lease.name == self._name, or_(lease.owner == self._owner, _free))
            # MySQL assigns from left to right: the epoch must see the owner of before.
            .ordered_values(
                (lease.epoch, changes), (lease.owner, self._owner), *((key, renewal[key]) for key in renewal)
            ),
        )
        if taken:
            return session.scalars(select(lease.epoch).where(lease.name == self._name)).one()
        return self._create(session)

    def _create(self, session: Session) -> int | None:
        """The very first lease of a database; ``None`` when it exists after all."""
        now = db_now_ms(session)
        first = models.Lease(
            name=self._name, owner=self._owner, epoch=1, expires_at=now + self._ttl_ms, beat_at=now
        )
        try:
            with session.begin_nested():
                session.add(first)
        except IntegrityError:
            return None
        return 1

    def _mine(self) -> Update:
        lease = models.Lease
        return update(lease).where(
            lease.name == self._name, lease.owner == self._owner, lease.epoch == self._epoch
        )

    def _renewal(self) -> dict[str, object]:
        now = database_now_ms()
        return {"expires_at": now + self._ttl_ms, "beat_at": now}


def fence(session: Session, epoch: int, name: str = LEADER) -> None:
    """Make the transaction's commit depend on still being the leader: call it first in the transaction.

    It locks the lease's row, so no other process becomes the leader before the transaction ends. Beats wait
    for it too: keep such transactions well under the lease's lifetime.

    Raises:
        LeaseLost: another process leads, or nobody does.
    """
    lease = models.Lease
    held = update(lease).where(lease.name == name, lease.epoch == epoch, lease.owner.is_not(None))
    if rows_touched(session, held.values(epoch=epoch)) != 1:
        raise LeaseLost(f"epoch {epoch} of the lease {name!r} is over; another process leads")
    session.info[_FENCED] = True


def is_fenced(session: Session) -> bool:
    """Whether :func:`fence` has been passed in this session."""
    return _FENCED in session.info


def status(session: Session, name: str = LEADER) -> LeaseStatus:
    """Who leads, by the database's clock."""
    lease = session.get(models.Lease, name, populate_existing=True)
    if lease is None:
        return LeaseStatus(owner=None, epoch=0, age_ms=None)
    now = db_now_ms(session)
    alive = lease.owner is not None and lease.expires_at >= now
    return LeaseStatus(
        owner=lease.owner if alive else None, epoch=lease.epoch, age_ms=max(0, now - lease.beat_at)
    )
