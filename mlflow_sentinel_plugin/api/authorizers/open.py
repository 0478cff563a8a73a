"""A server without a login."""

from __future__ import annotations

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.api.auth import Permission, User
from mlflow_sentinel_plugin.errors import Unavailable


class OpenAuthorizer:
    """For a server without a login: as open as MLflow itself."""

    def sign_in(self) -> User:
        return User(None, is_admin=True)

    def owner(self, name: str | None) -> User:
        return User(name, is_admin=True)

    def may(self, user: User, permission: Permission, experiment_id: str) -> bool:
        return True

    def visible(self, user: User) -> frozenset[str] | None:
        return None


class GuardedAuthorizer(OpenAuthorizer):
    """Open only while MLflow has no login; a login that Sentinel has no adapter for closes Sentinel."""

    def sign_in(self) -> User:
        self._check_unguarded()
        return super().sign_in()

    def owner(self, name: str | None) -> User:
        self._check_unguarded()
        return super().owner(name)

    def _check_unguarded(self) -> None:
        login = mlflow_compat.active_login()
        if login is not None:
            raise Unavailable(
                f"MLflow's login is active ({login}) and Sentinel has no adapter for it, so it stays closed",
                hint="start the server with an --app-name that Sentinel supports",
                code="unsupported_login",
            )
