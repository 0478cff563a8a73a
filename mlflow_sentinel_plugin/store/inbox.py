"""Accepted rows on their way to the leader, and the keys that make a repeated post harmless."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.store.models import IdempotencyKey, InboxBlock, Monitor
from mlflow_sentinel_plugin.store.results import rows_touched

KEY_TTL_MS = 7 * 86_400_000
"""How long an idempotency key is remembered."""
MAX_BLOCKS = 500
"""Blocks that :func:`oldest` returns at most."""


@dataclass(frozen=True)
class Answer:
    """What a post was answered: rows stored and rows refused as malformed."""

    rows: int
    rejected: int


def add(session: Session, monitor_id: str, data: bytes, rows: int, rejected: int, now: int) -> InboxBlock:
    """Store one post's rows as one block.

    Args:
        data: A compressed Arrow stream of ``rows`` rows.
        rejected: Malformed rows of the post, counted when the block is folded.
        now: Arrival, ms since the epoch.
    """
    block = InboxBlock(monitor_id=monitor_id, received_at=now, rows=rows, rejected=rejected, data=data)
    session.add(block)
    session.flush()
    return block


def oldest(session: Session, monitor_id: str, max_rows: int) -> list[InboxBlock]:
    """The oldest blocks of a monitor, together at most ``max_rows`` rows, but always the first one.

    At most ``MAX_BLOCKS``. A block with a lower id may still appear after a later one, when its post commits
    late: take blocks away by the ids that were read, never by a bound.
    """
    sizes = session.execute(
        select(InboxBlock.id, InboxBlock.rows)
        .where(InboxBlock.monitor_id == monitor_id)
        .order_by(InboxBlock.id)
        .limit(MAX_BLOCKS)
    )
    ids = _fitting(((row.id, row.rows) for row in sizes), max_rows)
    return list(session.scalars(select(InboxBlock).where(InboxBlock.id.in_(ids)).order_by(InboxBlock.id)))


def first(session: Session, monitor_id: str, rows: int) -> list[InboxBlock]:
    """The oldest blocks of a monitor that together hold ``rows`` rows; none if there are not so many."""
    sizes = session.execute(
        select(InboxBlock.id, InboxBlock.rows)
        .where(InboxBlock.monitor_id == monitor_id)
        .order_by(InboxBlock.id)
    )
    ids: list[int] = []
    for row in sizes:
        ids.append(row.id)
        rows -= row.rows
        if rows <= 0:
            break
    if rows > 0:
        return []
    found: list[InboxBlock] = []
    for start in range(0, len(ids), MAX_BLOCKS):
        chunk = InboxBlock.id.in_(ids[start : start + MAX_BLOCKS])
        found += session.scalars(select(InboxBlock).where(chunk).order_by(InboxBlock.id))
    return found


def keep_rest(session: Session, block_id: int, data: bytes, rows: int) -> None:
    """Leave only some rows of a block, which keeps its place; its rejected rows are counted already.

    Raises:
        Conflict: it is gone; the transaction must not commit.
    """
    change = update(InboxBlock).where(InboxBlock.id == block_id).values(data=data, rows=rows, rejected=0)
    if rows_touched(session, change) != 1:
        raise Conflict(f"inbox block {block_id} is gone", code="blocks_gone")


def _fitting(sizes: Iterable[tuple[int, int]], max_rows: int) -> list[int]:
    ids: list[int] = []
    total = 0
    for block_id, rows in sizes:
        total += rows
        if ids and total > max_rows:
            break
        ids.append(block_id)
    return ids


def remove(session: Session, ids: Collection[int]) -> None:
    """Take folded blocks away, in the transaction that adds their counts.

    Call it after ``lease.fence`` and ``monitors.lock``, which keep the blocks that were read in their place:
    SQLite gives an id again once the newest block is gone.

    Raises:
        Conflict: some are gone already, so their rows are counted elsewhere or their monitor was deleted;
            the transaction must not commit.
    """
    gone = rows_touched(session, delete(InboxBlock).where(InboxBlock.id.in_(ids)))
    if gone != len(set(ids)):
        raise Conflict(f"{len(set(ids)) - gone} of {len(set(ids))} inbox blocks are gone", code="blocks_gone")


def pending(session: Session, monitor_ids: Collection[str]) -> dict[str, int]:
    """Rows acknowledged but not yet folded, for each of the monitors (0 without any)."""
    found = session.execute(
        select(InboxBlock.monitor_id, func.sum(InboxBlock.rows))
        .where(InboxBlock.monitor_id.in_(monitor_ids))
        .group_by(InboxBlock.monitor_id)
    )
    return dict.fromkeys(monitor_ids, 0) | {monitor_id: int(rows) for monitor_id, rows in found}


def total_pending(session: Session) -> int:
    """Rows acknowledged but not yet folded, of all monitors."""
    return int(session.scalar(select(func.sum(InboxBlock.rows))) or 0)


def oldest_age(session: Session, now: int) -> int | None:
    """How long the oldest block has waited, in ms; ``None`` when the inbox is empty."""
    received_at = session.scalar(select(InboxBlock.received_at).order_by(InboxBlock.id).limit(1))
    return None if received_at is None else max(0, now - received_at)


def monitors_with_blocks(session: Session) -> list[str]:
    """Ids of the existing monitors with something to fold, the longest waiting first."""
    return list(
        session.scalars(
            select(InboxBlock.monitor_id)
            .where(_monitor_exists())
            .group_by(InboxBlock.monitor_id)
            .order_by(func.min(InboxBlock.id))
        )
    )


def _monitor_exists() -> ColumnElement[bool]:
    return exists().where(Monitor.id == InboxBlock.monitor_id)


# --- idempotency keys ------------------------------------------------------------------------------------


def recall_key(session: Session, monitor_id: str, key: str, digest: str) -> Answer | None:
    """What an earlier post with this key was answered; ``None`` if there was none.

    Args:
        key: The ``Idempotency-Key`` header.
        digest: SHA-256 (hex) of the post's media type and body.

    Raises:
        Conflict: the key came with other content.
    """
    known = session.get(IdempotencyKey, (monitor_id, _hash(key)), populate_existing=True)
    if known is None:
        return None
    if known.digest != digest:
        raise Conflict(
            "this Idempotency-Key was used before with other content",
            hint="use a new key for new rows; repeat a key only with the very same body and Content-Type",
            code="idempotency_key_reused",
        )
    return Answer(rows=known.rows, rejected=known.rejected)


def remember_key(
    session: Session, monitor_id: str, key: str, digest: str, answer: Answer, now: int
) -> Answer | None:
    """Claim a key, before :func:`add` in the same transaction.

    Returns:
        ``None``: it is ours, go on. Otherwise a post with the same key was faster: its answer, store nothing.

    Raises:
        Conflict: the faster post had other content.
    """
    try:
        with session.begin_nested():
            session.add(
                IdempotencyKey(
                    monitor_id=monitor_id,
                    key_hash=_hash(key),
                    digest=digest,
                    rows=answer.rows,
                    rejected=answer.rejected,
                    created_at=now,
                )
            )
    except IntegrityError:
        return recall_key(session, monitor_id, key, digest)
    return None


def prune(session: Session, now: int) -> int:
    """Forget keys older than seven days and blocks whose monitor is gone; returns how many of both."""
    keys = rows_touched(session, delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEY_TTL_MS))
    return keys + rows_touched(session, delete(InboxBlock).where(~_monitor_exists()))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
