"""In the process of ``mlflow server``, before there are workers: the only place where what is wrong can stop
the start, and where tables are made once.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from mlflow_sentinel_plugin import mlflow_compat, mlflow_login
from mlflow_sentinel_plugin.app import preparation, servers
from mlflow_sentinel_plugin.config import Config, load_config
from mlflow_sentinel_plugin.errors import ConfigError, SentinelError, Unavailable
from mlflow_sentinel_plugin.store.engine import Database


def prepare(*, login: bool) -> None:
    """Check the settings and make the tables; a database that is away now is left to the workers.

    Args:
        login: Also do the boot work of MLflow's own login, whether Sentinel is switched on or not.

    Raises:
        SystemExit: the settings are wrong, or the login cannot be put in place; one line on stderr says what.
    """
    try:
        loaded = load_config()
        if login:
            mlflow_login.prepare()
        if not loaded.config.server.enabled:
            return _say("switched off (server.enabled: false); this is MLflow alone")
        if _is_refused():
            return None
        mlflow_compat.check()
        preparation.check_names(loaded.config)
        db = preparation.open_database(loaded.config)
    except (ConfigError, Unavailable) as error:
        _stop(error)
    for hint in loaded.hints:
        _say(hint)
    if not login:
        _say("this server has no login: Sentinel is as open as MLflow")
    _make_tables(db, loaded.config)


def _is_refused() -> bool:
    """Whether Sentinel stays off under this web server; said in one line."""
    server, options = mlflow_compat.chosen_server()
    reason = servers.refusal_at_start(server, options)
    if reason is None:
        return False
    if servers.cannot_start(server):
        _stop(ConfigError(f"{reason}. MLflow cannot run any --app-name under it here"))
    _say(f"{reason}. MLflow starts without it")
    return True


def _make_tables(db: Database, config: Config) -> None:
    try:
        preparation.ensure_schema(db, config)
    except Unavailable as error:
        _say(f"cannot use its database now, MLflow starts without it: {_line(error)}")
    finally:
        db.close()


def _stop(error: SentinelError) -> NoReturn:
    _say(_line(error))
    raise SystemExit(1)


def _line(error: SentinelError) -> str:
    text = f"{error.message}; {error.hint}" if error.hint else error.message
    return " ".join(text.split())


def _say(text: str) -> None:
    print(f"mlflow-sentinel: {text}", file=sys.stderr)
