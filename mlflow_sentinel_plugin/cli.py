"""The command ``mlflow-sentinel``. Each command imports what it needs when it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.errors import SentinelError

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config import Config, Loaded
    from mlflow_sentinel_plugin.store.engine import Database

CONFIG = click.option(
    "--config", "path", type=click.Path(dir_okay=False), help="Settings; default: $SENTINEL_CONFIG."
)
BACKEND = click.option(
    "--backend-store-uri",
    envvar="MLFLOW_BACKEND_STORE_URI",
    help="MLflow's database, where Sentinel's tables are unless storage.uri says otherwise.",
)


class LazyGroup(click.Group):
    """A group with one command that is imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "demo"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "demo":
            return super().get_command(ctx, cmd_name)
        from mlflow_sentinel_plugin.demo.command import demo_command

        return demo_command


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="mlflow-sentinel")
def main() -> None:
    """Drift monitoring inside the MLflow tracking server."""


@main.group()
def config() -> None:
    """Look at the settings."""


@config.command("check")
@CONFIG
def config_check(path: str | None) -> None:
    """Check the settings; exit code 1 and one line for each mistake."""
    with _reported():
        loaded = _load(path)
        from mlflow_sentinel_plugin.app.preparation import check_names

        check_names(loaded.config)
        _check_storage(loaded.config)
    for hint in loaded.hints:
        click.echo(hint)
    click.echo(f"ok: {loaded.file or 'no file, environment and defaults'}")


@config.command("show")
@CONFIG
def config_show(path: str | None) -> None:
    """Print the settings in force, secrets masked."""
    import yaml

    from mlflow_sentinel_plugin.config.masking import masked

    with _reported():
        loaded = _load(path)
    for hint in loaded.hints:
        click.echo(hint, err=True)
    click.echo(yaml.safe_dump(masked(loaded.config), sort_keys=False, allow_unicode=True).rstrip())


@main.group()
def db() -> None:
    """Look after Sentinel's tables."""


@db.command("upgrade")
@CONFIG
@BACKEND
def db_upgrade(path: str | None, backend_store_uri: str | None) -> None:
    """Make the tables, or bring them up to date."""
    from mlflow_sentinel_plugin.store import migrate

    with _reported(), _database(path, backend_store_uri) as database:
        changed = migrate.upgrade(database)
        click.echo(f"{database}: {'brought up to date' if changed else 'already up to date'}")


@db.command("check")
@CONFIG
@BACKEND
def db_check(path: str | None, backend_store_uri: str | None) -> None:
    """Say whether the tables fit this version; exit code 1 if they do not."""
    from mlflow_sentinel_plugin.store import migrate

    with _reported(), _database(path, backend_store_uri) as database:
        state = migrate.check(database)
        click.echo(f"{database}: {state}")
    if state != "current":
        raise SystemExit(1)


@db.command("drop")
@CONFIG
@BACKEND
@click.option("--yes", is_flag=True, help="Do not ask.")
def db_drop(path: str | None, backend_store_uri: str | None, yes: bool) -> None:
    """Remove every table of Sentinel with all its data; MLflow's tables stay."""
    from mlflow_sentinel_plugin.store import migrate

    with _reported(), _database(path, backend_store_uri) as database:
        if not yes:
            click.confirm(f"Remove all of Sentinel's tables and data from {database}?", abort=True)
        dropped = migrate.drop(database)
        click.echo(f"{database}: removed {len(dropped)} tables")


def _load(path: str | None) -> Loaded:
    from mlflow_sentinel_plugin.config import load_config

    return load_config(path)


def _check_storage(config: Config) -> None:
    """Refuse a ``storage.uri`` that names no usable kind of database, or one without its driver."""
    from mlflow_sentinel_plugin.store.engine import Database

    if config.storage.uri:
        Database.open(config.database_uri(None))


@contextmanager
def _database(path: str | None, backend_store_uri: str | None) -> Iterator[Database]:
    from mlflow_sentinel_plugin.store.engine import Database

    loaded = _load(path)
    uri = loaded.config.storage.uri or backend_store_uri
    if uri is None:
        raise click.UsageError("which database? Give --backend-store-uri, or set storage.uri")
    database = Database.open(loaded.config.database_uri(uri), wal=loaded.config.storage.wal)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _reported() -> Iterator[None]:
    """Errors raised on purpose as lines on stderr with exit code 1, never a traceback."""
    try:
        yield
    except SentinelError as error:
        raise click.ClickException(_text(error)) from None


def _text(error: SentinelError) -> str:
    lines: list[Any] = error.details.get("errors") or [error.message]
    return "\n".join(str(line) for line in lines) + (f"\n{error.hint}" if error.hint else "")
