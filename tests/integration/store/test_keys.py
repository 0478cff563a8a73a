from __future__ import annotations

from alembic import command
from sqlalchemy import inspect, text

from mlflow_sentinel_plugin.store import keys, migrate, monitors


def move(db, revision, step):
    """To a revision of the schema, up or down."""
    with db.connect() as connection:
        step(migrate._config(connection), revision)


def test_a_key_comes_back_as_it_went_in(db):
    with db.write() as session:
        row, key = keys.create(
            session, "ci ünï", "ingest", now=1, owner="ada", monitors=["b", "A", "a"], expires_at=2**45
        )
    with db.read() as session:
        found = keys.find(session, row.id)
    assert (found.name, found.monitors, found.expires_at) == ("ci ünï", ["A", "a", "b"], 2**45)
    assert keys.fits(found, keys.split(key)[1])


def test_its_use_is_written_once_a_minute(db):
    with db.write() as session:
        row, _ = keys.create(session, "ci", "read", now=1)
    for now in (5, 6, 5 + keys.USE_NOTED_EVERY_MS):
        with db.write() as session:
            keys.note_use(session, row.id, now)
        with db.read() as session:
            seen = keys.find(session, row.id).last_used_at
        assert seen == (now if now != 6 else 5)


def test_owners_that_differ_in_case_are_different_owners(db):
    with db.write() as session:
        keys.create(session, "ci", "read", now=1, owner="Ada")
    with db.read() as session:
        assert keys.list_page(session, owner="ada").items == []


def test_the_first_schema_gets_the_table_and_keeps_its_data(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
    move(db, "0001", command.downgrade)
    assert migrate.check(db) == "outdated"
    assert migrate.upgrade(db)
    with db.write() as session:
        keys.create(session, "ci", "read", now=1)
        assert monitors.get(session, "flights").name == "flights"


def test_the_way_back_takes_the_table_only(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
        keys.create(session, "ci", "read", now=1)
    move(db, "0001", command.downgrade)
    with db.connect() as connection:
        assert not inspect(connection).has_table("sentinel_keys")
        assert connection.scalar(text("SELECT name FROM sentinel_monitors")) == "flights"
    assert migrate.upgrade(db)


def test_a_table_of_an_interrupted_upgrade_is_made_anew(empty):
    move(empty, "0001", command.upgrade)
    with empty.connect() as connection:
        connection.execute(text("CREATE TABLE sentinel_keys (id INTEGER)"))
    assert migrate.upgrade(empty)
    with empty.write() as session:
        assert keys.create(session, "ci", "read", now=1)
