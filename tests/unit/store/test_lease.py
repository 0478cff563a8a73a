from __future__ import annotations

import pytest
from sqlalchemy import text

from mlflow_sentinel_plugin.errors import LeaseLost
from mlflow_sentinel_plugin.store import cursors
from mlflow_sentinel_plugin.store.lease import Lease, fence, status

HOUR = 3_600_000


class Watch:
    seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def ada(db, watch):
    return Lease(db, "ada", HOUR, monotonic=watch)


@pytest.fixture
def bob(db, watch):
    return Lease(db, "bob", HOUR, monotonic=watch)


def expire(db):
    with db.write() as session:
        session.execute(text("UPDATE sentinel_lease SET expires_at = 1"))


def test_the_first_to_ask_leads_and_the_second_does_not(ada, bob):
    assert ada.try_acquire() == 1
    assert bob.try_acquire() is None


def test_asking_again_keeps_the_epoch(ada):
    assert ada.try_acquire() == ada.try_acquire() == ada.epoch == 1


def test_an_expired_lease_goes_to_the_next_with_a_higher_epoch(db, ada, bob):
    ada.try_acquire()
    expire(db)
    assert bob.try_acquire() == 2


def test_an_expired_lease_that_nobody_took_stays_with_its_owner(db, ada):
    ada.try_acquire()
    expire(db)
    assert ada.beat()
    assert ada.try_acquire() == 1


def test_a_released_lease_is_taken_at_once(ada, bob):
    ada.try_acquire()
    ada.release()
    assert bob.try_acquire() == 2
    assert ada.epoch is None


def test_a_late_release_does_not_hurt_the_new_leader(db, ada, bob):
    ada.try_acquire()
    expire(db)
    bob.try_acquire()
    ada.release()
    assert bob.beat()


def test_a_beat_prolongs_the_lease(db, ada, bob):
    ada.try_acquire()
    expire(db)
    ada.beat()
    assert bob.try_acquire() is None


def test_a_beat_of_the_former_leader_fails(db, ada, bob):
    ada.try_acquire()
    expire(db)
    bob.try_acquire()
    assert not ada.beat()
    assert ada.epoch is None and not ada.is_held()


def test_a_beat_without_a_lease_fails(ada):
    assert not ada.beat()


def test_without_beats_the_leader_stops_trusting_its_lease_at_four_fifths_of_its_life(ada, watch):
    ada.try_acquire()
    watch.seconds += 0.8 * HOUR / 1000 - 1
    assert ada.is_held()
    watch.seconds += 2
    assert not ada.is_held()
    ada.beat()
    assert ada.is_held()


def test_the_leaders_transaction_commits(db, ada):
    epoch = ada.try_acquire()
    with db.write() as session:
        fence(session, epoch)
        cursors.set(session, "runs", {"by": "ada"})
    with db.read() as session:
        assert cursors.get(session, "runs") == {"by": "ada"}


def test_a_late_leader_cannot_commit(db, ada, bob):
    late = ada.try_acquire()
    expire(db)
    bob.try_acquire()
    with pytest.raises(LeaseLost), db.write() as session:
        cursors.set(session, "runs", {"by": "ada"})
        fence(session, late)
    with db.read() as session:
        assert cursors.get(session, "runs") is None


def test_after_a_release_nobodys_transaction_commits(db, ada):
    epoch = ada.try_acquire()
    ada.release()
    with pytest.raises(LeaseLost), db.write() as session:
        fence(session, epoch)


def test_without_any_lease_no_transaction_commits(db):
    with pytest.raises(LeaseLost), db.write() as session:
        fence(session, 1)


def test_leases_of_different_names_are_independent(db, ada):
    ada.try_acquire()
    assert Lease(db, "bob", HOUR, name="other").try_acquire() == 1


def test_the_status_says_who_leads(db, ada):
    with db.read() as session:
        assert status(session).owner is None
    ada.try_acquire()
    with db.read() as session:
        now = status(session)
    assert (now.owner, now.epoch) == ("ada", 1)
    assert 0 <= now.age_ms < 60_000


def test_an_expired_leader_does_not_lead(db, ada):
    ada.try_acquire()
    expire(db)
    with db.read() as session:
        assert status(session).owner is None
