"""Who is signed in."""

from __future__ import annotations

from flask import Response

from mlflow_sentinel_plugin.api.auth import allow, current_user
from mlflow_sentinel_plugin.api.context import workspace
from mlflow_sentinel_plugin.api.errors import reply
from mlflow_sentinel_plugin.api.openapi import blueprint
from mlflow_sentinel_plugin.api.schemas import MeReply

api = blueprint("me", "Who is signed in")


@api.get("/me", responses={200: MeReply})
@allow("signed_in")
def get_me() -> Response:
    """The user that this request acts for."""
    user = current_user()
    return reply(MeReply(name=user.name, admin=user.is_admin, workspace=workspace()))
