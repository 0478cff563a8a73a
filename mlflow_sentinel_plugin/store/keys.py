"""API keys: made once, shown once, found by their id, checked by a digest.

A key is ``snt_<id>_<secret>``: 16 and 64 hex digits. Only the secret's SHA-256 is stored. A slow hash, as for
passwords, would add nothing: it protects what people can remember, and nobody guesses 256 random bits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, KeyScope, KeyStatus
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import ApiKey
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page

PREFIX = "snt_"
"""What every key begins with, so that scanners for leaked secrets can find one."""

USE_NOTED_EVERY_MS = 60_000

_FORM = re.compile(r"snt_([0-9a-f]{16})_([0-9a-f]{64})")


def split(key: str) -> tuple[str, str] | None:
    """Id and secret of a key; ``None`` when it has not the form of one."""
    match = _FORM.fullmatch(key)
    return (match[1], match[2]) if match else None


def fits(row: ApiKey, secret: str) -> bool:
    """Whether ``secret`` is the one of this key; takes the same time either way."""
    return hmac.compare_digest(row.digest, _digest(secret))


def status(row: ApiKey, now: int) -> KeyStatus:
    """``revoked`` wins over ``expired``; a key is expired from the very ms of ``expires_at`` on."""
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    return "active"


def create(
    session: Session,
    name: str,
    scope: KeyScope,
    *,
    now: int,
    workspace: str = DEFAULT_WORKSPACE,
    owner: str | None = None,
    monitors: Collection[str] | None = None,
    expires_at: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key: its row, and the key itself, which cannot be had again.

    Args:
        owner: User whose rights bound the key's; ``None`` on a server without a login.
        monitors: Names of the only monitors it works on; ``None``: all.
        expires_at: ms since the epoch; ``None``: never.
    """
    key_id, secret = secrets.token_hex(8), secrets.token_hex(32)
    row = ApiKey(
        id=key_id,
        workspace=workspace,
        name=name,
        owner=owner,
        scope=scope,
        monitors=None if monitors is None else sorted(set(monitors)),
        digest=_digest(secret),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, f"{PREFIX}{key_id}_{secret}"


def find(session: Session, key_id: str) -> ApiKey | None:
    """The key of any workspace and status, by its id."""
    return session.get(ApiKey, key_id)


def list_page(
    session: Session,
    *,
    workspace: str = DEFAULT_WORKSPACE,
    owner: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ApiKey]:
    """Keys of every status, newest first.

    Args:
        owner: Only that user's; ``None``: everybody's.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = select(ApiKey).where(ApiKey.workspace == workspace)
    if owner is not None:
        query = query.where(ApiKey.owner == owner)
    return page(session, query, ApiKey.created_at, ApiKey.id, descending=True, limit=limit, cursor=cursor)


def revoke(
    session: Session, key_id: str, *, now: int, workspace: str = DEFAULT_WORKSPACE, owner: str | None = None
) -> ApiKey:
    """End a key for good. Once more changes nothing.

    Args:
        owner: Only if it is that user's; ``None``: whoever owns it.

    Raises:
        NotFound: there is no such key, or it is another user's.
    """
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None or row.workspace != workspace or owner not in (None, row.owner):
        raise NotFound(f"there is no API key with the id {key_id!r}", code="key_not_found")
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
    return row


def note_use(session: Session, key_id: str, now: int) -> None:
    """Remember when the key was last used, unless some worker did so within the last minute."""
    session.execute(
        sa.update(ApiKey)
        .where(ApiKey.id == key_id)
        .where(or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - USE_NOTED_EVERY_MS))
        .values(last_used_at=now)
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
