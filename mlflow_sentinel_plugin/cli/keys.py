"""``mlflow-sentinel keys``: API keys, straight in the database; whoever can reach that needs no sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args

import click

from mlflow_sentinel_plugin.cli.common import BACKEND, CONFIG, open_database, reported
from mlflow_sentinel_plugin.clock import now_ms, to_rfc3339
from mlflow_sentinel_plugin.entities import (
    DEFAULT_WORKSPACE,
    KeyLifetime,
    KeyName,
    KeyScope,
    MonitorName,
    duration_ms,
)
from mlflow_sentinel_plugin.errors import Unavailable

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.store.engine import Database
    from mlflow_sentinel_plugin.store.models import ApiKey

WORKSPACE = click.option(
    "--workspace", default=DEFAULT_WORKSPACE, show_default=True, help="MLflow workspace of the keys."
)
_COLUMNS = ("ID", "STATUS", "SCOPE", "OWNER", "MONITORS", "EXPIRES", "LAST USED", "NAME")


def checked(kind: Any) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A click callback that refuses what the API would refuse, in the same words."""

    def check(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise click.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    return check


@click.group()
def keys() -> None:
    """Make, list and revoke API keys for machines."""


@keys.command("create")
@CONFIG
@BACKEND
@WORKSPACE
@click.option("--name", required=True, callback=checked(KeyName), help="What it is for.")
@click.option(
    "--scope",
    required=True,
    type=click.Choice(get_args(KeyScope)),
    help="ingest sends rows and baselines, read looks, admin does all its owner may.",
)
@click.option("--owner", help="User of MLflow's login that it acts for; needed if the server has a login.")
@click.option(
    "--monitor",
    "monitors",
    multiple=True,
    callback=checked(list[MonitorName]),
    help="The only monitor it works on; repeatable.",
)
@click.option("--expires-in", callback=checked(KeyLifetime | None), help="Such as 90d; never, if left out.")
def create(
    path: str | None,
    backend_store_uri: str | None,
    workspace: str,
    name: str,
    scope: KeyScope,
    owner: str | None,
    monitors: list[str],
    expires_in: str | None,
) -> None:
    """Make a key and print it, this once: the key alone on stdout, the rest on stderr."""
    from mlflow_sentinel_plugin.store import keys as stored

    now = now_ms()
    with _tables(path, backend_store_uri) as database, database.write() as session:
        row, key = stored.create(
            session,
            name,
            scope,
            workspace=workspace,
            owner=owner,
            monitors=monitors or None,
            expires_at=None if expires_in is None else now + duration_ms(expires_in),
            now=now,
        )
    click.echo(f"key {row.id}; keep it now, it cannot be shown again:", err=True)
    click.echo(key)


@keys.command("list")
@CONFIG
@BACKEND
@WORKSPACE
@click.option("--owner", help="Only this user's keys.")
def list_(path: str | None, backend_store_uri: str | None, workspace: str, owner: str | None) -> None:
    """List the keys of a workspace, newest first, revoked and expired ones too."""
    now = now_ms()
    with _tables(path, backend_store_uri) as database:
        lines = [_COLUMNS, *(_line(row, now) for row in _all(database, workspace, owner))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


@keys.command("revoke")
@CONFIG
@BACKEND
@WORKSPACE
@click.argument("key_id", metavar="ID")
def revoke(path: str | None, backend_store_uri: str | None, workspace: str, key_id: str) -> None:
    """End the key with this ID for good; running servers notice within 5 seconds."""
    from mlflow_sentinel_plugin.store import keys as stored

    with _tables(path, backend_store_uri) as database, database.write() as session:
        row = stored.revoke(session, key_id, workspace=workspace, now=now_ms())
    click.echo(f"key {row.id} ({row.name}) is revoked")


@contextmanager
def _tables(path: str | None, backend_store_uri: str | None) -> Iterator[Database]:
    """The database, once its tables are known to fit."""
    from mlflow_sentinel_plugin.store import migrate

    with reported(), open_database(path, backend_store_uri) as database:
        state = migrate.check(database)
        if state != "current":
            raise Unavailable(
                f"Sentinel's tables in {database} are {state}", hint="run mlflow-sentinel db upgrade"
            )
        yield database


def _all(database: Database, workspace: str, owner: str | None) -> Iterator[ApiKey]:
    from mlflow_sentinel_plugin.store import keys as stored
    from mlflow_sentinel_plugin.store.paging import MAX_LIMIT

    cursor = None
    while True:
        with database.read() as session:
            page = stored.list_page(session, workspace=workspace, owner=owner, limit=MAX_LIMIT, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _line(row: ApiKey, now: int) -> tuple[str, ...]:
    from mlflow_sentinel_plugin.store.keys import status

    return (
        row.id,
        status(row, now),
        row.scope,
        row.owner or "-",
        "all" if row.monitors is None else ", ".join(row.monitors),
        to_rfc3339(row.expires_at) or "never",
        to_rfc3339(row.last_used_at) or "never",
        row.name,
    )
