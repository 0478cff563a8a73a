"""Tickets: how a page that is signed in opens a socket, whose handshake cannot carry a header from a browser.

A ticket says for 30 seconds who the page's user is, and nothing more: what they may see is asked when the
socket opens, and while it is open. It is signed with the key of MLflow's login, so every worker takes it.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

from mlflow_sentinel_plugin import mlflow_login
from mlflow_sentinel_plugin.errors import Unauthenticated, Unavailable

TTL_MS = 30_000
_SALT = "mlflow-sentinel.ws-ticket"


def issue(user: str, now: int) -> str:
    """A ticket for ``user``, good until ``now`` + :data:`TTL_MS`."""
    return _signer().dumps([user, now + TTL_MS])


def holder(ticket: str, now: int) -> str:
    """The user of a ticket.

    Raises:
        Unauthenticated: it is none of ours, or it is too old.
    """
    try:
        user, until = _signer().loads(ticket)
    except (BadSignature, Unavailable):  # a server without a login has no key, and gives no tickets
        raise _refused("is none of this server's", "ticket_invalid") from None
    if now >= until:
        raise _refused("is older than 30 seconds", "ticket_expired")
    return str(user)


def _refused(why: str, code: str) -> Unauthenticated:
    return Unauthenticated(f"the ticket {why}", hint="get a new one: POST /api/v1/ws-ticket", code=code)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(mlflow_login.secret_key(), salt=_SALT)
