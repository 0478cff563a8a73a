"""Who may do what: every rule declares a permission, and what is not allowed is denied."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, cast

from flask import Flask, Response, current_app, g, request

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api import errors, key_auth, tickets
from mlflow_sentinel_plugin.api.context import services
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import Forbidden, NotFound, Unauthenticated
from mlflow_sentinel_plugin.store.models import ApiKey

_log = logging.getLogger("mlflow_sentinel.api")

Permission = Literal["public", "signed_in", "read", "edit", "manage", "admin"]
"""``public`` needs no sign-in, ``signed_in`` no more than that. ``read``, ``edit`` and ``manage`` are
MLflow's permissions on the experiment the thing belongs to. ``admin`` is for MLflow's administrators."""

ExperimentPermission = Literal["read", "edit", "manage"]
"""Mildest first: each holds those before it."""

AUTHORIZER = "sentinel_authorizer"
KEY_RING = "sentinel_key_ring"
_ON_EXPERIMENT: tuple[ExperimentPermission, ...] = ("read", "edit", "manage")
_ATTRIBUTE = "sentinel_permission"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class User:
    """Who sent the request; ``name`` is ``None`` when the server has no login."""

    name: str | None
    is_admin: bool
    key: ApiKey | None = None
    """The API key that acts for this user; it may do less than the user."""


class Authorizer(Protocol):
    """What Sentinel asks of the server's login. One adapter per login; an unknown login is denied."""

    def sign_in(self) -> User:
        """The user of the current request.

        Raises:
            Unauthenticated: no or wrong credentials.
            Forbidden: the credentials are right, but MLflow does not know the user.
            Unavailable: this login is not supported, or is away.
        """
        ...

    def owner(self, name: str | None) -> User:
        """The user that an API key acts for; ``None``: it was made on a server without a login.

        Raises:
            Unauthenticated: there is no such user, or no longer.
            Unavailable: this login is not supported.
        """
        ...

    def may(self, user: User, permission: Permission, experiment_id: str) -> bool:
        """Whether ``user`` has ``permission`` on the experiment."""
        ...

    def visible(self, user: User) -> frozenset[str] | None:
        """Ids of the experiments ``user`` may read; ``None`` means all of them."""
        ...


def allow(permission: Permission) -> Callable[[View], View]:
    """Declare what a route needs; goes below the route's decorator.

    A route under ``read``, ``edit`` or ``manage`` must call :func:`authorize` or :func:`visible_experiments`,
    else its answer is withheld.
    """

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, permission)
        return view

    return mark


def authorize(experiment_id: str, permission: Permission | None = None) -> None:
    """Check the route's permission (or a stronger one) on the experiment a thing belongs to.

    Raises:
        NotFound: the user may not even read it; the same answer as for a thing that does not exist.
        Forbidden: the user may read it, but not do this.
    """
    g.sentinel_authorized = True
    wanted = permission or g.sentinel_permission
    user, adapter = current_user(), authorizer()
    if user.key is not None and not key_auth.scope_allows(user.key, wanted):
        raise Forbidden(f"this needs more than the scope {user.key.scope} of this API key", code="key_scope")
    if adapter.may(user, wanted, experiment_id):
        return
    if not adapter.may(user, "read", experiment_id):
        raise NotFound("there is no such thing, or you may not see it")
    raise Forbidden(f"this needs the permission {wanted.upper()} on experiment {experiment_id}")


def granted(experiment_id: str) -> ExperimentPermission | None:
    """The strongest permission that the request has on an experiment; ``None``: it may not even read it."""
    user, adapter = current_user(), authorizer()
    for wanted in reversed(_ON_EXPERIMENT):
        in_scope = user.key is None or key_auth.scope_allows(user.key, wanted)
        if in_scope and adapter.may(user, wanted, experiment_id):
            return wanted
    return None


def visible_experiments() -> frozenset[str] | None:
    """Ids that lists must be limited to; ``None`` means no limit."""
    g.sentinel_authorized = True
    if "sentinel_visible" not in g:
        g.sentinel_visible = authorizer().visible(current_user())
    return cast("frozenset[str] | None", g.sentinel_visible)


def current_user() -> User:
    """The signed-in user of the current request."""
    return cast(User, g.sentinel_user)


def install(app: Flask, adapter: Authorizer, extra: dict[str, Permission] | None = None) -> None:
    """Deny by default: run the checks before each request of ``app``.

    Args:
        app: The sub-app with all its rules.
        adapter: That of the server's login.
        extra: Permissions of endpoints whose views cannot be decorated.

    Raises:
        RuntimeError: a rule declares no permission.
    """
    permissions = _permissions(app, extra or {})
    app.extensions[AUTHORIZER] = adapter
    app.extensions[KEY_RING] = key_auth.KeyRing()

    def check() -> Response | None:
        return _check(permissions)

    app.before_request(check)
    app.teardown_request(_leave_workspace)
    app.after_request(_withhold_unchecked)


def declared(app: Flask) -> dict[str, Permission]:
    """Endpoint -> permission of every decorated view."""
    return {
        name: getattr(view, _ATTRIBUTE)
        for name, view in app.view_functions.items()
        if hasattr(view, _ATTRIBUTE)
    }


def _permissions(app: Flask, extra: dict[str, Permission]) -> dict[str, Permission]:
    known = {**declared(app), **extra}
    missing = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - set(known))
    if missing:
        raise RuntimeError(f"no permission is declared for: {', '.join(missing)}")
    return known


def _check(permissions: dict[str, Permission]) -> Response | None:
    refused = mlflow_compat.check_request()
    if refused is not None:
        raise Forbidden(refused)
    if request.endpoint is None or request.method == "OPTIONS":
        return None  # Flask answers 404, 405 or the list of methods, and nothing of ours runs
    permission = permissions[request.endpoint]
    if permission == "public":
        return None
    g.sentinel_workspace = mlflow_compat.enter_workspace()
    g.sentinel_user = _sign_in(permission)
    g.sentinel_permission = permission  # not before: a login may answer by itself
    if permission == "admin" and not g.sentinel_user.is_admin:
        raise Forbidden("this is for MLflow's administrators")
    return None


def _sign_in(permission: Permission) -> User:
    if mlflow_compat.is_socket() and "ticket" in request.args:
        return _holder(request.args["ticket"])
    key = key_auth.key_of_request()
    if key is None:
        return authorizer().sign_in()
    ring, db, now = key_ring(), services().db, now_ms()
    row = ring.check(db, key, now)
    key_auth.check_use(row, permission)
    user = replace(authorizer().owner(row.owner), key=row)
    ring.note_use(db, row, now)
    return user


def _holder(ticket: str) -> User:
    name = tickets.holder(ticket, now_ms())
    try:
        return authorizer().owner(name)
    except Unauthenticated:
        raise Unauthenticated("the ticket's user is no user any more", code="ticket_invalid") from None


def _leave_workspace(_error: BaseException | None) -> None:
    if "sentinel_workspace" in g:
        mlflow_compat.leave_workspace()


def _withhold_unchecked(response: Response) -> Response:
    unchecked = g.get("sentinel_permission") in _ON_EXPERIMENT and not g.get("sentinel_authorized")
    if not unchecked or response.status_code >= 400:
        return response
    _log.error("%s answered without asking for permission; its answer is withheld", request.endpoint)
    return errors.error_reply(500, "internal_error", "this route asked for no permission")


def key_ring() -> key_auth.KeyRing:
    """What this worker knows of API keys."""
    return cast(key_auth.KeyRing, current_app.extensions[KEY_RING])


def authorizer() -> Authorizer:
    """The adapter of the server's login."""
    return cast(Authorizer, current_app.extensions[AUTHORIZER])
