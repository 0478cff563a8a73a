"""Several threads, each with its own connection, as several workers would."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlflow_sentinel_plugin.errors import Conflict, LeaseLost, SentinelError
from mlflow_sentinel_plugin.store import baselines, cursors, inbox, monitors
from mlflow_sentinel_plugin.store.inbox import Answer
from mlflow_sentinel_plugin.store.lease import Lease, fence

WORKERS = 4


@pytest.fixture
def m(db):
    with db.write() as session:
        return monitors.create(session, "flights", now=1).id


@pytest.fixture
def at_once():
    """Runs a function of 0, 1, 2, 3 in four threads that start together; their results, or their errors."""

    def run(work):
        barrier = threading.Barrier(WORKERS)

        def one(number):
            barrier.wait(timeout=10)
            try:
                return work(number)
            except SentinelError as error:
                return error

        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, range(WORKERS)))

    return run


def test_one_of_four_creates_the_monitor_and_the_others_are_told(db, at_once):
    def create(number):
        with db.write() as session:
            return monitors.create(session, "hotels", now=number).id

    results = at_once(create)
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert sum(isinstance(result, str) for result in results) == 1


def test_four_posts_with_one_key_store_rows_once_and_get_one_answer(db, m, at_once):
    def post(number):
        answer = Answer(rows=10 + number, rejected=0)
        with db.write() as session:
            earlier = inbox.remember_key(session, m, "k", "digest", answer, now=1)
            if earlier is not None:
                return earlier
            inbox.add(session, m, b"arrow", answer.rows, 0, now=1)
        return answer

    results = at_once(post)
    assert len(set(results)) == 1
    with db.read() as session:
        assert inbox.total_pending(session) == results[0].rows


def test_four_baselines_at_once_get_four_versions(db, m, at_once):
    def add(number):
        with db.write() as session:
            return baselines.add(
                session, m, data=b"", rows=1, digest="d", source={}, features=[], now=number
            ).version

    assert sorted(at_once(add)) == [1, 2, 3, 4]


def test_two_folds_of_one_block_count_it_once(db, m, at_once):
    with db.write() as session:
        block = inbox.add(session, m, b"arrow", 5, 0, now=1).id

    def fold(_):
        with db.write() as session:
            inbox.remove(session, [block])
            monitor = monitors.lock(session, m)
            monitor.rows_accepted += 5

    results = at_once(fold)
    assert sum(isinstance(result, Conflict) for result in results) == 3
    with db.read() as session:
        assert monitors.get(session, "flights").rows_accepted == 5


def test_one_of_four_gets_the_lease(db, at_once):
    epochs = at_once(lambda number: Lease(db, f"worker-{number}").try_acquire())
    assert sorted(epochs, key=str) == [1, None, None, None]


def test_one_of_four_takes_an_expired_lease(db, at_once):
    Lease(db, "gone", ttl_ms=-1_000).try_acquire()
    epochs = at_once(lambda number: Lease(db, f"worker-{number}").try_acquire())
    assert sorted(epochs, key=str) == [2, None, None, None]


def test_nobody_takes_the_lease_while_a_fenced_transaction_runs(db):
    late = Lease(db, "late", ttl_ms=-1_000)
    epoch = late.try_acquire()
    with ThreadPoolExecutor(1) as pool:
        with db.write() as session:
            fence(session, epoch)
            taken = pool.submit(Lease(db, "next").try_acquire)
            with pytest.raises(TimeoutError):
                taken.result(timeout=0.5)
            cursors.set(session, "runs", {"by": "late"})
        assert taken.result(timeout=15) == 2
    with pytest.raises(LeaseLost), db.write() as session:
        fence(session, epoch)


def test_cursors_set_at_once_all_succeed(db, at_once):
    def put(number):
        with db.write() as session:
            cursors.set(session, "runs", {"by": number})
        return number

    assert at_once(put) == [0, 1, 2, 3]


def test_a_block_numbered_first_and_committed_later_is_not_skipped(db, m):
    if db.path is not None:
        pytest.skip("SQLite has one writer at a time: two transactions cannot overlap")
    with db.write() as slow:
        first = inbox.add(slow, m, b"first", 1, 0, now=1).id
        with db.write() as quick:
            second = inbox.add(quick, m, b"second", 2, 0, now=2).id
        assert first < second
        assert fold_all(db, m) == [b"second"]
    assert fold_all(db, m) == [b"first"]
    with db.read() as session:
        assert inbox.total_pending(session) == 0


def fold_all(db, m):
    """Take what is there, as the leader does."""
    with db.write() as session:
        blocks = inbox.oldest(session, m, 100)
        inbox.remove(session, [block.id for block in blocks])
    return [block.data for block in blocks]
