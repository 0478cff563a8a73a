from __future__ import annotations

import re
import sqlite3

import pytest

from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import keys

MINUTE = keys.USE_NOTED_EVERY_MS


def make(db, name="ci", scope="read", **options):
    with db.write() as session:
        return keys.create(session, name, scope, **{"now": 1_000, **options})


def found(db, row):
    with db.read() as session:
        return keys.find(session, row.id)


def test_a_key_names_its_row_and_holds_256_random_bits(db):
    row, key = make(db)
    assert re.fullmatch(r"snt_[0-9a-f]{16}_[0-9a-f]{64}", key)
    key_id, secret = keys.split(key)
    assert (key_id, keys.fits(found(db, row), secret)) == (row.id, True)
    assert make(db)[1] != key


def test_the_secret_is_nowhere_in_the_database(db):
    secret = keys.split(make(db)[1])[1]
    with sqlite3.connect(db.path) as connection:
        assert secret not in "\n".join(connection.iterdump())


def test_another_keys_secret_does_not_fit(db):
    mine, others = make(db)[0], make(db)[1]
    assert not keys.fits(mine, keys.split(others)[1])


@pytest.mark.parametrize(
    "change", [str.upper, lambda k: k[:-1], lambda k: f"{k}0", lambda k: k[4:], lambda k: ""]
)
def test_what_is_not_a_whole_key_is_none(db, change):
    assert keys.split(change(make(db)[1])) is None


def test_a_key_ends_at_the_very_millisecond(db):
    row, _ = make(db, expires_at=5_000)
    assert [keys.status(row, now) for now in (4_999, 5_000)] == ["active", "expired"]


def test_a_revoked_key_is_revoked_even_once_it_has_expired(db):
    row, _ = make(db, expires_at=5_000)
    with db.write() as session:
        keys.revoke(session, row.id, now=2_000)
    assert keys.status(found(db, row), 9_000) == "revoked"


def test_revoking_again_keeps_the_first_time(db):
    row, _ = make(db)
    for now in (2_000, 3_000):
        with db.write() as session:
            keys.revoke(session, row.id, now=now)
    assert found(db, row).revoked_at == 2_000


@pytest.mark.parametrize("of", [{"owner": "bob"}, {"workspace": "other"}])
def test_nobody_revokes_a_key_of_another_user_or_workspace(db, of):
    row, _ = make(db, owner="ada")
    with pytest.raises(NotFound, match=row.id), db.write() as session:
        keys.revoke(session, row.id, now=2_000, **of)
    assert found(db, row).revoked_at is None


def test_a_list_holds_the_keys_of_one_workspace_newest_first(db):
    for now, name in ((1, "old"), (2, "new")):
        make(db, name, now=now)
    make(db, "elsewhere", workspace="other")
    with db.read() as session:
        first = keys.list_page(session, limit=1)
        second = keys.list_page(session, limit=1, cursor=first.next)
    assert [row.name for row in (*first.items, *second.items)] == ["new", "old"]
    assert second.next is None


def test_a_list_can_be_of_one_owner(db):
    for owner in ("ada", "bob", None):
        make(db, f"{owner}'s", owner=owner)
    with db.read() as session:
        assert [row.name for row in keys.list_page(session, owner="ada").items] == ["ada's"]
        assert len(keys.list_page(session).items) == 3


def test_monitors_are_kept_once_each(db):
    assert found(db, make(db, monitors=["b", "a", "b"])[0]).monitors == ["a", "b"]


def test_a_use_is_written_at_most_once_a_minute_whichever_worker_saw_it(db):
    row, _ = make(db)
    seen = []
    for now in (10_000, 10_000 + MINUTE - 1, 10_000 + MINUTE):
        with db.write() as session:
            keys.note_use(session, row.id, now)
        seen.append(found(db, row).last_used_at)
    assert seen == [10_000, 10_000, 10_000 + MINUTE]
