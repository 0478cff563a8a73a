"""The group of commands, and those that are a few lines long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.cli.common import BACKEND, CONFIG, load, open_database, reported
from mlflow_sentinel_plugin.cli.keys import keys
from mlflow_sentinel_plugin.cli.prune import prune
from mlflow_sentinel_plugin.cli.worker import worker

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.config import Config


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


main.add_command(keys)
main.add_command(prune)
main.add_command(worker)


@main.group()
def config() -> None:
    """Look at the settings."""


@config.command("check")
@CONFIG
def config_check(path: str | None) -> None:
    """Check the settings; exit code 1 and one line for each mistake."""
    with reported():
        loaded = load(path)
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

    with reported():
        loaded = load(path)
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

    with reported(), open_database(path, backend_store_uri) as database:
        changed = migrate.upgrade(database)
        click.echo(f"{database}: {'brought up to date' if changed else 'already up to date'}")


@db.command("check")
@CONFIG
@BACKEND
def db_check(path: str | None, backend_store_uri: str | None) -> None:
    """Say whether the tables fit this version; exit code 1 if they do not."""
    from mlflow_sentinel_plugin.store import migrate

    with reported(), open_database(path, backend_store_uri) as database:
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

    with reported(), open_database(path, backend_store_uri) as database:
        if not yes:
            click.confirm(f"Remove all of Sentinel's tables and data from {database}?", abort=True)
        dropped = migrate.drop(database)
        click.echo(f"{database}: removed {len(dropped)} tables")


def _check_storage(config: Config) -> None:
    """Refuse a ``storage.uri`` that names no usable kind of database, or one without its driver."""
    from mlflow_sentinel_plugin.store.engine import Database

    if config.storage.uri:
        Database.open(config.database_uri(None))
