"""Tickets for the socket."""

from __future__ import annotations

from flask import Response

from mlflow_sentinel_plugin.api import tickets
from mlflow_sentinel_plugin.api.auth import allow, current_user
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.api.schemas import TicketReply
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import Forbidden

api = blueprint("ws-ticket", "Live updates")


@api.post("/ws-ticket", responses={200: TicketReply})
@allow("signed_in")
def post_ws_ticket() -> Response:
    """A ticket to open `/ws/live?ticket=` with, for you, within 30 seconds."""
    user = current_user()
    if user.key is not None:
        raise Forbidden(
            "an API key gets no ticket",
            hint="open the socket with the header Authorization: Bearer",
            code="key_scope",
        )
    ticket = None if user.name is None else tickets.issue(user.name, now_ms())
    return reply(TicketReply(ticket=ticket, expires_in=tickets.TTL_MS // 1000))
