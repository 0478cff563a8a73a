"""What several commands share: options, settings, the database, and errors without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mlflow_sentinel_plugin.errors import SentinelError

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config import Loaded
    from mlflow_sentinel_plugin.store.engine import Database

CONFIG = click.option(
    "--config", "path", type=click.Path(dir_okay=False), help="Settings; default: $SENTINEL_CONFIG."
)
BACKEND = click.option(
    "--backend-store-uri",
    envvar="MLFLOW_BACKEND_STORE_URI",
    help="MLflow's database, where Sentinel's tables are unless storage.uri says otherwise.",
)


def load(path: str | None) -> Loaded:
    """The settings in force."""
    from mlflow_sentinel_plugin.config import load_config

    return load_config(path)


@contextmanager
def open_database(path: str | None, backend_store_uri: str | None) -> Iterator[Database]:
    """The database that the settings name, else MLflow's."""
    from mlflow_sentinel_plugin.store.engine import Database

    loaded = load(path)
    uri = loaded.config.storage.uri or backend_store_uri
    if uri is None:
        raise click.UsageError("which database? Give --backend-store-uri, or set storage.uri")
    database = Database.open(loaded.config.database_uri(uri), wal=loaded.config.storage.wal)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def reported() -> Iterator[None]:
    """Errors raised on purpose as lines on stderr with exit code 1, never a traceback."""
    try:
        yield
    except SentinelError as error:
        raise click.ClickException(_text(error)) from None


def _text(error: SentinelError) -> str:
    lines: list[Any] = error.details.get("errors") or [error.message]
    return "\n".join(str(line) for line in lines) + (f"\n{error.hint}" if error.hint else "")
