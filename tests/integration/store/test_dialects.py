"""What must be the same on SQLite, PostgreSQL and MySQL, one process at a time."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, LeaseLost, NotFound, Unavailable
from mlflow_sentinel_plugin.store import baselines, cursors, inbox, migrate, monitors
from mlflow_sentinel_plugin.store.engine import db_now_ms
from mlflow_sentinel_plugin.store.inbox import Answer
from mlflow_sentinel_plugin.store.lease import Lease, fence, status

MB = 1_000_000


@pytest.fixture
def m(db):
    with db.write() as session:
        return monitors.create(session, "flights", now=1).id


def add_baseline(session, m, data=b"grid"):
    return baselines.add(session, m, data=data, rows=1, digest="d", source={}, features=[], now=1)


def test_the_databases_clock_is_in_milliseconds_utc(db):
    with db.read() as session:
        assert abs(db_now_ms(session) - time.time() * 1000) < 2_000


def test_the_databases_clock_goes_on_within_a_transaction(db):
    with db.write() as session:
        first = db_now_ms(session)
        deadline = time.monotonic() + 5
        while (later := db_now_ms(session)) == first and time.monotonic() < deadline:
            pass
    assert later > first


def test_blobs_of_the_largest_baseline_survive(db, m):
    data = bytes(range(256)) * (8 * MB // 256)
    with db.write() as session:
        stored = add_baseline(session, m, data).id
    with db.read() as session:
        assert baselines.load(session, stored) == data


def test_any_text_survives_and_names_differ_by_case_and_accent(db):
    names = ["Flüge ✈️ 航班", "Fluge ✈️ 航班", "flüge ✈️ 航班"]
    with db.write() as session:
        for name in names:
            monitors.create(session, name, now=1, settings={"note": "𝛘² \ud800 \x00"})
    with db.read() as session:
        assert [monitors.get(session, name).name for name in names] == names
        assert monitors.get(session, names[0]).settings == {"note": "𝛘² \ud800 \x00"}
        assert len(monitors.list_page(session, search="✈").items) == 3


def test_pages_cover_every_name_once(db):
    names = ["a", "B", "b", "ä", "Z", "_", "10", "9"]
    with db.write() as session:
        for name in names:
            monitors.create(session, name, now=1)
    seen, cursor = [], None
    with db.read() as session:
        while len(seen) < 2 * len(names):
            page = monitors.list_page(session, limit=3, cursor=cursor)
            seen += [monitor.name for monitor in page.items]
            if (cursor := page.next) is None:
                break
    assert sorted(seen) == sorted(names)


@pytest.mark.parametrize("name", ["\x00", "\ud800"])
def test_a_name_that_cannot_be_stored_is_never_an_internal_error(db, name):
    with pytest.raises((InvalidInput, NotFound)), db.read() as session:
        monitors.get(session, name)


def test_a_value_too_long_for_its_column_never_stores_a_part_of_it(db):
    try:
        with db.write() as session:
            monitors.create(session, "flights", now=1, model="x" * 300)
    except InvalidInput:
        return
    with db.read() as session:
        assert monitors.get(session, "flights").model == "x" * 300


def test_a_taken_name_leaves_the_transaction_usable(db, m):
    with db.write() as session:
        with pytest.raises(Conflict):
            monitors.create(session, "flights", now=1)
        cursors.set(session, "after", {"ok": True})
    with db.read() as session:
        assert cursors.get(session, "after") == {"ok": True}


def test_setting_a_cursor_to_the_same_value_again_works(db):
    for _ in range(2):
        with db.write() as session:
            cursors.set(session, "runs", {"at": 1})


def test_a_block_goes_through_the_inbox_once(db, m):
    with db.write() as session:
        block = inbox.add(session, m, b"\x00arrow", 3, 1, now=1).id
    with db.write() as session:
        assert [b.id for b in inbox.oldest(session, m, 10)] == [block]
        assert inbox.monitors_with_blocks(session) == [m]
        assert inbox.pending(session, [m]) == {m: 3}
        inbox.remove(session, [block])
    with pytest.raises(Conflict), db.write() as session:
        inbox.remove(session, [block])


def test_a_key_is_remembered_and_pruned(db, m):
    with db.write() as session:
        inbox.remember_key(session, m, "k", "d", Answer(1, 0), now=1)
        assert inbox.remember_key(session, m, "k", "d", Answer(2, 0), now=1) == Answer(1, 0)
    with db.write() as session:
        assert inbox.prune(session, now=inbox.KEY_TTL_MS + 2) == 1


def test_a_monitor_is_deleted_with_its_rows(db, m):
    with db.write() as session:
        stored = add_baseline(session, m).id
        inbox.add(session, m, b"", 1, 0, now=1)
        monitors.delete(session, m)
    with db.read() as session:
        assert inbox.total_pending(session) == 0
        with pytest.raises(NotFound):
            baselines.load(session, stored)


def test_a_baseline_is_activated(db, m):
    with db.write() as session:
        first, second = add_baseline(session, m), add_baseline(session, m)
        baselines.activate(session, second.id, now=5)
    with db.read() as session:
        assert (first.version, second.version) == (1, 2)
        assert monitors.get(session, "flights").baseline_id == second.id
        assert [b.version for b in baselines.list_page(session, monitor_id=m).items] == [2, 1]


def test_a_lease_passes_on_with_a_higher_epoch(db):
    ada, bob = Lease(db, "ada"), Lease(db, "bob")
    assert (ada.try_acquire(), bob.try_acquire(), ada.beat(), ada.try_acquire()) == (1, None, True, 1)
    ada.release()
    assert bob.try_acquire() == 2
    with pytest.raises(LeaseLost), db.write() as session:
        fence(session, 1)
    with db.write() as session:
        fence(session, 2)
        assert status(session).owner == "bob"


def test_an_expired_lease_passes_on_by_the_databases_clock(db):
    ada, bob = Lease(db, "ada", ttl_ms=-1_000), Lease(db, "bob")
    assert ada.try_acquire() == 1
    assert bob.try_acquire() == 2


def test_missing_tables_are_unavailable(db):
    migrate.drop(db)
    with pytest.raises(Unavailable) as caught, db.read() as session:
        cursors.get(session, "runs")
    assert caught.value.code == "schema_missing"


def test_a_mistake_in_a_statement_stays_visible(db):
    with pytest.raises(Exception, match=r"(?i)syntax"), db.read() as session:
        session.execute(text("SELEC 1"))
