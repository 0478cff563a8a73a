"""MLflow's own login: its users, and its permissions by experiment."""

from __future__ import annotations

from mlflow_sentinel_plugin import mlflow_compat, mlflow_login
from mlflow_sentinel_plugin.api.auth import Permission, User
from mlflow_sentinel_plugin.api.context import services
from mlflow_sentinel_plugin.errors import Forbidden, Unauthenticated, Unavailable
from mlflow_sentinel_plugin.store import experiments

_ITS_HOOKS = (mlflow_login.MODULE, "flask_wtf")


class BasicAuthAuthorizer:
    """Asks MLflow who sent the request and what they may do; remembers nothing between requests."""

    def sign_in(self) -> User:
        other = mlflow_compat.active_login(besides=_ITS_HOOKS)
        if other is not None:
            raise Unavailable(
                f"a second login is active ({other}) and Sentinel has no adapter for it, so it stays closed",
                code="unsupported_login",
            )
        name = mlflow_login.signed_in_name()
        is_admin = mlflow_login.is_admin(name)
        if is_admin is None:
            raise Forbidden(
                f"you are signed in as {name!r}, but MLflow has no such user", code="unknown_user"
            )
        return User(name, is_admin)

    def owner(self, name: str | None) -> User:
        if name is None:
            raise Unauthenticated(
                "this API key was made while the server had no login, so it acts for nobody",
                hint="sign in and make a new one",
                code="key_without_owner",
            )
        is_admin = mlflow_login.is_admin(name)
        if is_admin is None:
            raise Unauthenticated("the owner of this API key is no user any more", code="key_without_owner")
        return User(name, is_admin)

    def may(self, user: User, permission: Permission, experiment_id: str) -> bool:
        return user.is_admin or permission in mlflow_login.permissions(_name(user), experiment_id)

    def visible(self, user: User) -> frozenset[str] | None:
        if user.is_admin:
            return None
        with services().db.read() as session:
            known = experiments.referenced(session)
        return mlflow_login.readable_experiments(_name(user), known)


def _name(user: User) -> str:
    """Every user of this login has one."""
    assert user.name is not None
    return user.name
