from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.store import lease, monitors, stream

DAY = stream.KEEP_MS


@pytest.fixture
def epoch(db):
    return lease.Lease(db, "test", ttl_ms=600_000).try_acquire()


@pytest.fixture
def monitor(db):
    with db.write() as session:
        return monitors.create(session, "flights", experiment_id="7", workspace="team", now=1)


def append(db, epoch, monitor, now, kind="monitor", **data):
    with db.write() as session:
        lease.fence(session, epoch)
        stream.append(session, monitor.id, kind, data, now)


def ids(db, since=0):
    with db.read() as session:
        return [entry.id for entry in stream.after(session, since)]


def reaches_back(db, since, now):
    with db.read() as session:
        return stream.reaches_back(session, since, now)


def prune(db, now):
    with db.write() as session:
        return stream.prune(session, now)


def test_only_who_passed_the_fence_may_write(db, monitor):
    with pytest.raises(RuntimeError, match="fence"), db.write() as session:
        stream.append(session, monitor.id, "monitor", {}, 1)
    assert ids(db) == []


def test_an_entry_says_whose_it_is_today(db, epoch, monitor):
    append(db, epoch, monitor, 5, "monitor", state="drift")
    with db.write() as session:
        monitors.update(session, monitors.get(session, "flights", workspace="team"), now=6, experiment_id="9")
    with db.read() as session:
        entry = stream.after(session, 0)[0]
    assert (entry.workspace, entry.experiment_id, entry.data) == (
        "team",
        "9",
        {"monitor": "flights", "state": "drift"},
    )


def test_ids_grow_within_a_millisecond_and_when_the_clock_goes_back(db, epoch, monitor):
    for now in (100, 100, 40, 200):
        append(db, epoch, monitor, now)
    assert ids(db) == [100, 101, 102, 200]


def test_several_entries_of_one_transaction_keep_their_order(db, epoch, monitor):
    with db.write() as session:
        lease.fence(session, epoch)
        for kind in ("window", "drift", "alert"):
            stream.append(session, monitor.id, kind, {}, 50)
    with db.read() as session:
        assert [entry.kind for entry in stream.after(session, 0)] == ["window", "drift", "alert"]


def test_only_what_came_after_is_read_and_no_more_than_the_limit(db, epoch, monitor):
    for now in (10, 20, 30):
        append(db, epoch, monitor, now)
    with db.read() as session:
        assert [entry.id for entry in stream.after(session, 10, limit=1)] == [20]
    assert ids(db, 30) == []


def test_a_deleted_monitor_takes_its_entries_along(db, epoch, monitor):
    append(db, epoch, monitor, 10)
    with db.write() as session:
        monitors.delete(session, monitor.id)
    assert ids(db) == []


def test_pruning_leaves_a_day_and_always_the_newest(db, epoch, monitor):
    for now in (10, 20, 30):
        append(db, epoch, monitor, now)
    assert prune(db, DAY + 20) == 2
    assert prune(db, 3 * DAY) == 0
    assert ids(db) == [30]


def test_a_reader_may_come_back_within_a_day(db, epoch, monitor):
    for now in (10, 20):
        append(db, epoch, monitor, now)
    assert reaches_back(db, 10, now=DAY + 9)
    assert not reaches_back(db, 10, now=DAY + 10)


def test_who_has_seen_the_newest_has_missed_nothing_however_long_ago(db, epoch, monitor):
    append(db, epoch, monitor, 10)
    prune(db, 9 * DAY)
    assert reaches_back(db, 10, now=9 * DAY)
    assert not reaches_back(db, 9, now=9 * DAY)


def test_an_empty_stream_has_nothing_to_miss(db):
    assert reaches_back(db, 0, now=9 * DAY)
