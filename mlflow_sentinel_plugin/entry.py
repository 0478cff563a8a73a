"""What ``--app-name sentinel`` names.

``mlflow server`` imports this module once in its own process, before there are workers: the only place where
wrong settings can stop the start, and where the tables are made once. Any other import of it does nothing.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.errors import SentinelError


def create_app() -> Any:
    """MLflow's application with Sentinel inside it; called in each worker."""
    from mlflow_sentinel_plugin.app import create_app as create

    return create()


def prepare() -> None:
    """Check the settings and make the tables; a database that is away now is left to the workers.

    Raises:
        SystemExit: the settings are wrong; one line on stderr says what.
    """
    from mlflow_sentinel_plugin.app import preparation
    from mlflow_sentinel_plugin.config import load_config
    from mlflow_sentinel_plugin.errors import ConfigError, Unavailable

    try:
        loaded = load_config()
        if not loaded.config.server.enabled:
            return _say("switched off (server.enabled: false); this is MLflow alone")
        mlflow_compat.check()
        preparation.check_names(loaded.config)
        db = preparation.open_database(loaded.config)
    except (ConfigError, Unavailable) as error:
        _stop(error)
    for hint in loaded.hints:
        _say(hint)
    _say("this server has no login: Sentinel is as open as MLflow")
    try:
        preparation.ensure_schema(db, loaded.config)
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


if mlflow_compat.is_server_command():
    prepare()
