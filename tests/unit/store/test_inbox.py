from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.errors import Conflict
from mlflow_sentinel_plugin.store import inbox, monitors
from mlflow_sentinel_plugin.store.inbox import Answer

DAY = 86_400_000


@pytest.fixture
def session(db):
    with db.write() as session:
        yield session


@pytest.fixture
def m(session):
    return monitors.create(session, "flights", now=1).id


def add(session, m, rows, now=1, rejected=0):
    return inbox.add(session, m, b"arrow", rows, rejected, now).id


def ids(blocks):
    return [block.id for block in blocks]


def test_a_block_comes_back_as_it_was_stored(session, m):
    inbox.add(session, m, b"\x00arrow", 3, 2, 77)
    session.expire_all()
    (block,) = inbox.oldest(session, m, 10)
    assert (block.data, block.rows, block.rejected, block.received_at) == (b"\x00arrow", 3, 2, 77)


def test_the_oldest_blocks_come_first_up_to_the_row_limit(session, m):
    first, second, _ = (add(session, m, rows) for rows in (4, 4, 4))
    assert ids(inbox.oldest(session, m, 8)) == [first, second]


def test_a_block_larger_than_the_limit_still_comes_alone(session, m):
    first, _ = add(session, m, 100), add(session, m, 1)
    assert ids(inbox.oldest(session, m, 10)) == [first]


def test_a_block_of_only_rejected_rows_comes_too(session, m):
    assert ids(inbox.oldest(session, m, 10)) == [] and add(session, m, 0, rejected=5)
    assert inbox.oldest(session, m, 10)[0].rejected == 5


def test_blocks_of_another_monitor_are_left_alone(session, m):
    other = monitors.create(session, "hotels", now=1).id
    add(session, other, 1)
    assert inbox.oldest(session, m, 10) == []


def test_removed_blocks_are_gone(session, m):
    first, second = add(session, m, 1), add(session, m, 1)
    inbox.remove(session, [first])
    assert ids(inbox.oldest(session, m, 10)) == [second]


def test_removing_a_block_that_is_gone_raises(session, m):
    gone, waiting = add(session, m, 1), add(session, m, 1)
    inbox.remove(session, [gone])
    with pytest.raises(Conflict, match="1 of 2"):
        inbox.remove(session, [gone, waiting])


def test_pending_rows_are_summed_per_monitor_with_zero_for_none(session, m):
    add(session, m, 2)
    add(session, m, 3)
    assert inbox.pending(session, [m, "absent"]) == {m: 5, "absent": 0}
    assert inbox.total_pending(session) == 5


def test_an_empty_inbox_has_no_pending_rows_and_no_age(session):
    assert inbox.total_pending(session) == 0
    assert inbox.oldest_age(session, now=9) is None


def test_the_age_is_that_of_the_oldest_block_and_never_negative(session, m):
    add(session, m, 1, now=100)
    add(session, m, 1, now=400)
    assert inbox.oldest_age(session, now=500) == 400
    assert inbox.oldest_age(session, now=50) == 0


def test_monitors_with_blocks_are_listed_longest_waiting_first(session, m):
    other = monitors.create(session, "hotels", now=1).id
    for monitor_id in (other, m, other):
        add(session, monitor_id, 1)
    assert inbox.monitors_with_blocks(session) == [other, m]


def test_blocks_of_a_deleted_monitor_are_neither_listed_nor_kept(session, m):
    add(session, "deleted", 1)
    add(session, m, 1)
    assert inbox.monitors_with_blocks(session) == [m]
    assert inbox.prune(session, now=1) == 1
    assert inbox.total_pending(session) == 1


def test_an_unknown_key_recalls_nothing(session, m):
    assert inbox.recall_key(session, m, "k", "digest") is None


def test_a_key_recalls_the_first_answer(session, m):
    assert inbox.remember_key(session, m, "k", "digest", Answer(3, 1), now=1) is None
    assert inbox.recall_key(session, m, "k", "digest") == Answer(3, 1)


def test_a_key_with_other_content_is_a_conflict(session, m):
    inbox.remember_key(session, m, "k", "digest", Answer(3, 1), now=1)
    with pytest.raises(Conflict) as caught:
        inbox.recall_key(session, m, "k", "other")
    assert caught.value.code == "idempotency_key_reused"


def test_who_remembers_a_key_second_gets_the_first_answer_and_can_go_on(session, m):
    inbox.remember_key(session, m, "k", "digest", Answer(3, 1), now=1)
    assert inbox.remember_key(session, m, "k", "digest", Answer(9, 9), now=2) == Answer(3, 1)
    assert add(session, m, 1)


def test_the_same_key_means_nothing_to_another_monitor(session, m):
    inbox.remember_key(session, m, "k", "digest", Answer(3, 1), now=1)
    assert inbox.recall_key(session, "other", "k", "digest") is None


@pytest.mark.parametrize("key", ["x" * 10_000, "\x00", "\ud800", "schlüssel"])
def test_any_text_can_be_a_key(session, m, key):
    inbox.remember_key(session, m, key, "digest", Answer(1, 0), now=1)
    assert inbox.recall_key(session, m, key, "digest") == Answer(1, 0)


def test_keys_are_forgotten_after_seven_days(session, m):
    inbox.remember_key(session, m, "old", "digest", Answer(1, 0), now=0)
    inbox.remember_key(session, m, "young", "digest", Answer(1, 0), now=1)
    assert inbox.prune(session, now=7 * DAY + 1) == 1
    session.expunge_all()
    assert inbox.recall_key(session, m, "old", "digest") is None
    assert inbox.recall_key(session, m, "young", "digest") == Answer(1, 0)
