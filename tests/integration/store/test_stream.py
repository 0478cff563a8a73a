from __future__ import annotations

import threading

from alembic import command
from sqlalchemy import inspect

from mlflow_sentinel_plugin.store import keys, lease, migrate, monitors, stream
from mlflow_sentinel_plugin.store.lease import Lease


def move(db, revision, step):
    """To a revision of the schema, up or down."""
    with db.connect() as connection:
        step(migrate._config(connection), revision)


def test_the_second_schema_gets_the_table_and_keeps_its_data(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
        row, _ = keys.create(session, "ci", "read", now=1)
    move(db, "0002", command.downgrade)
    assert migrate.check(db) == "outdated"
    assert migrate.upgrade(db)
    with db.read() as session:
        assert keys.find(session, row.id).name == "ci"
        assert stream.after(session, 0) == []


def test_the_way_back_takes_the_table_only(db):
    with db.write() as session:
        monitors.create(session, "flights", now=1)
    move(db, "0002", command.downgrade)
    with db.connect() as connection:
        assert not inspect(connection).has_table("sentinel_stream")
    assert migrate.upgrade(db)
    with db.read() as session:
        assert monitors.get(session, "flights").name == "flights"


def test_an_entry_comes_back_as_it_went_in(db):
    epoch = Lease(db, "one").try_acquire()
    with db.write() as session:
        monitor = monitors.create(session, "flüge", now=1)
        lease.fence(session, epoch)
        stream.append(session, monitor.id, "window", {"state": "ok", "rows": 2**40}, 1_800_000_000_000)
    with db.read() as session:
        entry = stream.after(session, 0)[0]
    assert (entry.id, entry.data) == (
        1_800_000_000_000,
        {"monitor": "flüge", "state": "ok", "rows": 2**40},
    )


def test_overlapping_writers_are_numbered_in_the_order_of_their_commits(db):
    """The second waits at the fence, so a reader that saw its entry has seen the first one's."""
    epoch = Lease(db, "one", ttl_ms=60_000).try_acquire()
    with db.write() as session:
        monitor = monitors.create(session, "flights", now=1)
    seen = []

    def second():
        with db.write() as session:
            lease.fence(session, epoch)
            stream.append(session, monitor.id, "monitor", {"writer": 2}, 5)
        with db.read() as session:
            seen.extend(entry.data["writer"] for entry in stream.after(session, 0))

    other = threading.Thread(target=second)
    with db.write() as session:
        lease.fence(session, epoch)
        stream.append(session, monitor.id, "monitor", {"writer": 1}, 9)
        session.flush()
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(30)
    assert seen == [1, 2]
