"""MLflow's own login, and every private name of it that Sentinel uses."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_sentinel_plugin.errors import ConfigError, Forbidden, Unauthenticated, Unavailable
from mlflow_sentinel_plugin.mlflow_compat import SUPPORTED

if TYPE_CHECKING:
    from flask import Flask

MODULE = "mlflow.server.auth"
"""Module of MLflow's own login."""

_NEEDED = [
    "_before_request",
    "_get_experiment_permission",
    "_role_based_read_predicate",
    "auth_config",
    "authenticate_request",
    "create_admin_user",
    "create_app",
    "store",
]
"""Names of :data:`MODULE`, which needs the extra ``mlflow[auth]``."""

_SECRET_KEY = "MLFLOW_FLASK_SERVER_SECRET_KEY"


def prepare() -> None:
    """Do in the process of ``mlflow server`` what MLflow does there only for ``--app-name basic-auth``.

    Without it workers would race to migrate the login's database and to make the first administrator, and
    what is wrong would restart them for ever.

    Raises:
        ConfigError: the login cannot be put in place; the message says why.
    """
    if not os.environ.get(_SECRET_KEY):
        raise ConfigError(
            f"MLflow's login needs a secret key: {_SECRET_KEY} is not set",
            hint="set it to a long random text, the same on every server",
        )
    try:
        auth = _login()
        _bootstrap(auth)
    except Exception as error:
        raise ConfigError(f"MLflow's login cannot be put in place: {error}") from error
    os.environ["_MLFLOW_INTERNAL_GATEWAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _login() -> Any:
    auth = importlib.import_module(MODULE)
    missing = [name for name in _NEEDED if not hasattr(auth, name)]
    if missing:
        raise Unavailable(f"{MODULE} lacks {', '.join(missing)}", hint=f"Sentinel works with {SUPPORTED}")
    return auth


def _bootstrap(auth: Any) -> None:
    if hasattr(auth, "bootstrap_admin_user"):  # since MLflow 3.16
        auth.bootstrap_admin_user()
        os.environ["_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED"] = "true"
        return
    config = auth.auth_config
    auth.store.init_db(config.database_uri, read_db_uri=config.read_database_uri)
    auth.create_admin_user(config.admin_username, config.admin_password)


def app_with_login(app: Flask) -> Any:
    """MLflow's application behind its own login: ASGI under uvicorn, else ``app``.

    Raises whatever keeps the login from being put in place: an open MLflow must never be served instead.
    """
    auth = _login()
    made = auth.create_app(app)
    if auth._before_request not in app.before_request_funcs.get(None, []):
        raise RuntimeError(f"{MODULE} left MLflow open")
    return made


def secret_key() -> str:
    """What MLflow's login signs with, the same in all workers.

    Raises:
        Unavailable: there is none.
    """
    key = os.environ.get(_SECRET_KEY)
    if not key:
        raise Unavailable(f"{_SECRET_KEY} is not set in this process")
    return key


def signed_in_name() -> str:
    """The user of the current request, as MLflow's login finds them; takes one password hash.

    Raises:
        Unauthenticated: no or wrong credentials.
        Unavailable: the login cannot be asked now, or gave no user.
        HTTPException: the login (a custom ``authorization_function``) answers by itself.
    """
    from flask import Response, abort
    from werkzeug.datastructures import Authorization

    auth = importlib.import_module(MODULE)
    with _asking_login():
        answer = auth.authenticate_request()
    if isinstance(answer, Authorization) and answer.username:
        return answer.username
    if not isinstance(answer, Response):
        function = auth.auth_config.authorization_function
        raise Unavailable(f"{function} gave no user, but {answer!r:.80}", code="unsupported_login")
    if answer.status_code == 401:
        error = Unauthenticated("no or wrong credentials", hint="sign in as a user of MLflow")
        error.challenge = answer.headers.get("WWW-Authenticate")
        raise error
    abort(answer)


def is_admin(user: str) -> bool | None:
    """Whether MLflow's login has the user as an administrator; ``None``: it has no such user.

    Raises:
        Unavailable: the login cannot be asked now.
    """
    auth = importlib.import_module(MODULE)
    try:
        with _asking_login():
            return bool(auth.store.get_user(user).is_admin)
    except Forbidden:
        return None


def permissions(user: str, experiment_id: str) -> frozenset[str]:
    """Which of ``read``, ``edit`` and ``manage`` MLflow gives the user on the experiment.

    Raises:
        Unavailable: the login cannot be asked now.
    """
    auth = importlib.import_module(MODULE)
    try:
        with _asking_login():
            if _denied_runs(auth, user):
                return frozenset()
            found = auth._get_experiment_permission(experiment_id, user)
    except Forbidden:
        return frozenset()
    may = {"read": found.can_read, "edit": found.can_update, "manage": found.can_manage}
    return frozenset(name for name, given in may.items() if given)


def readable_experiments(user: str, ids: Iterable[str]) -> frozenset[str]:
    """Those of ``ids`` that MLflow's own lists would show to the user in the current workspace.

    Raises:
        Unavailable: the login cannot be asked now.
    """
    auth = importlib.import_module(MODULE)
    try:
        with _asking_login():
            if _denied_runs(auth, user):
                return frozenset()
            may_read = auth._role_based_read_predicate(user, "experiment")
            return frozenset(experiment_id for experiment_id in ids if may_read(experiment_id))
    except Forbidden:
        return frozenset()


def _denied_runs(auth: Any, user: str) -> bool:
    """Who may see no run may not see what was made of runs."""
    may_have_some = getattr(auth, "_run_tier_not_denied_in_workspace", None)  # since MLflow 3.17
    return may_have_some is not None and not may_have_some(user)


@contextmanager
def _asking_login() -> Iterator[None]:
    """Raises :class:`Unavailable` when the login is away, :class:`Forbidden` when it knows no such thing."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.get_http_status_code() >= 500:
            raise Unavailable(f"MLflow's login cannot be asked now: {error.message}") from error
        raise Forbidden(error.message) from None
