from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from mlflow_sentinel_plugin.cli import main
from mlflow_sentinel_plugin.store import keys, migrate
from mlflow_sentinel_plugin.store.engine import Database


@pytest.fixture
def db(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/mlflow.db")
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def run(db, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("SENTINEL_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", f"sqlite:///{db.path}")
    return lambda *arguments: CliRunner().invoke(main, ["keys", *arguments])


def stored(db, **query):
    with db.read() as session:
        return keys.list_page(session, **query).items


def create(run, *more):
    return run("create", "--name", "ci", "--scope", "ingest", *more)


def test_the_key_alone_is_on_stdout_so_that_a_script_can_keep_it(run, db):
    done = create(run)
    key_id, secret = keys.split(done.stdout.strip())
    assert "cannot be shown again" in done.stderr
    (row,) = stored(db)
    assert (row.id, keys.fits(row, secret)) == (key_id, True)


def test_a_key_is_as_the_options_say(run, db):
    done = create(
        run,
        *("--owner", "ada", "--monitor", "churn", "--monitor", "fraud"),
        *("--expires-in", "90d", "--workspace", "team-a"),
    )
    assert done.exit_code == 0
    (row,) = stored(db, workspace="team-a")
    assert (row.name, row.scope, row.owner, row.monitors) == ("ci", "ingest", "ada", ["churn", "fraud"])
    assert row.expires_at - row.created_at == 90 * 86_400_000


def test_without_options_a_key_is_for_all_monitors_and_never_ends(run, db):
    create(run)
    (row,) = stored(db)
    assert (row.owner, row.monitors, row.expires_at, row.workspace) == (None, None, None, "default")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--expires-in", "soon", "not a duration"),
        ("--expires-in", "0d", "too short"),
        ("--monitor", "a/b", "monitor's name"),
        ("--name", " ", "key's name"),
        ("--scope", "write", "'ingest', 'read', 'admin'"),
    ],
)
def test_a_wrong_option_makes_no_key_and_says_what_would_be_right(run, db, option, value, said):
    done = create(run, option, value)
    assert (done.exit_code, said in done.output, stored(db)) == (2, True, [])


def test_the_list_shows_every_key_but_no_secret(run):
    secrets = [keys.split(create(run, "--owner", owner).stdout.strip()) for owner in ("ada", "bob")]
    lines = run("list").stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"ID", *(key_id for key_id, _ in secrets)}
    assert not any(secret in line for _, secret in secrets for line in lines)


def test_the_list_can_be_of_one_owner(run):
    for owner in ("ada", "bob"):
        create(run, "--owner", owner)
    lines = run("list", "--owner", "bob").stdout.splitlines()
    assert [line.split()[3] for line in lines[1:]] == ["bob"]


def test_the_list_is_whole_however_long(run, monkeypatch):
    monkeypatch.setattr("mlflow_sentinel_plugin.store.paging.MAX_LIMIT", 2)
    for _ in range(5):
        create(run)
    assert len(run("list").stdout.splitlines()) == 6


def test_a_revoked_key_says_so_in_the_list(run, db):
    key_id, _ = keys.split(create(run).stdout.strip())
    assert run("revoke", key_id).exit_code == 0
    assert run("list").stdout.splitlines()[1].split()[:2] == [key_id, "revoked"]


@pytest.mark.parametrize("more", [(), ("--workspace", "team-a")])
def test_a_key_that_does_not_exist_there_cannot_be_revoked(run, db, more):
    create(run)
    key_id = stored(db)[0].id if more else "0123456789abcdef"
    done = run("revoke", key_id, *more)
    assert (done.exit_code, done.output) == (1, f"Error: there is no API key with the id '{key_id}'\n")
    assert stored(db)[0].revoked_at is None


def test_without_tables_it_says_how_to_make_them(run, db):
    migrate.drop(db)
    done = run("list")
    assert (done.exit_code, "run mlflow-sentinel db upgrade" in done.output) == (1, True)
