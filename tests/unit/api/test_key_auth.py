from __future__ import annotations

from contextlib import contextmanager

import pytest
from flask import Flask

from mlflow_sentinel_plugin.api import key_auth
from mlflow_sentinel_plugin.errors import Unauthenticated, Unavailable
from mlflow_sentinel_plugin.store import keys, migrate
from mlflow_sentinel_plugin.store.engine import Database

MINUTE = keys.USE_NOTED_EVERY_MS
NOW = 1_000_000


class CountedDatabase:
    """A database that counts what is asked of it, and can be away for writing."""

    def __init__(self, db):
        self.db = db
        self.reads = self.writes = 0
        self.is_locked = False

    @contextmanager
    def read(self):
        self.reads += 1
        with self.db.read() as session:
            yield session

    @contextmanager
    def write(self):
        self.writes += 1
        if self.is_locked:
            raise Unavailable("the database is locked")
        with self.db.write() as session:
            yield session


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    made = Database.open(f"sqlite:///{tmp_path_factory.mktemp('keys')}/sentinel.db")
    migrate.upgrade(made)
    yield made
    made.close()


@pytest.fixture
def db(database):
    return CountedDatabase(database)


class Timer:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def timer():
    return Timer()


@pytest.fixture
def ring(timer):
    return key_auth.KeyRing(timer)


def make(db, **options):
    with db.db.write() as session:
        return keys.create(session, "ci", "read", now=NOW, **options)


def revoke(db, row):
    with db.db.write() as session:
        keys.revoke(session, row.id, now=NOW)


def refusal(ring, db, key, now=NOW):
    with pytest.raises(Unauthenticated) as caught:
        ring.check(db, key, now)
    return caught.value.code


def test_a_good_key_is_read_once_and_then_known(db, ring):
    row, key = make(db)
    assert [ring.check(db, key, NOW).id for _ in range(3)] == [row.id] * 3
    assert db.reads == 1


@pytest.mark.parametrize("key", ["snt_", "snt_x_y", f"snt_{'0' * 16}_{'0' * 64}"])
def test_a_key_that_was_never_made_is_unknown(db, ring, key):
    assert refusal(ring, db, key) == "key_unknown"


def test_a_wrong_secret_is_refused_as_an_unknown_key_is(db, ring):
    _, key = make(db)
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert refusal(ring, db, wrong) == "key_unknown"


def test_ids_that_do_not_exist_push_no_key_out(db, monkeypatch):
    monkeypatch.setattr(key_auth, "_CACHED_KEYS", 2)
    ring = key_auth.KeyRing()
    _, key = make(db)
    ring.check(db, key, NOW)
    for number in range(3):
        refusal(ring, db, f"snt_{number:016x}_{'0' * 64}")
    before = db.reads
    ring.check(db, key, NOW)
    assert db.reads == before


def test_a_known_key_expires_on_time(db, ring):
    _, key = make(db, expires_at=NOW + 1)
    ring.check(db, key, NOW)
    assert refusal(ring, db, key, NOW + 1) == "key_expired"


def test_a_key_revoked_elsewhere_is_refused_within_seconds(db, ring, timer):
    row, key = make(db)
    ring.check(db, key, NOW)
    revoke(db, row)
    timer.seconds = key_auth.CACHE_S
    assert refusal(ring, db, key) == "key_revoked"


def test_a_key_revoked_in_this_worker_is_refused_at_once(db, ring):
    row, key = make(db)
    ring.check(db, key, NOW)
    revoke(db, row)
    ring.forget(row.id)
    assert refusal(ring, db, key) == "key_revoked"


def test_its_use_is_written_once_a_minute(db, ring, timer):
    row, key = make(db)
    for now in range(NOW, NOW + 2 * MINUTE, 1_000):
        timer.seconds = now / 1000
        ring.note_use(db, ring.check(db, key, now), now)
    assert db.writes == 2
    with db.read() as session:
        assert keys.find(session, row.id).last_used_at == NOW + MINUTE


def test_a_use_that_cannot_be_written_stops_no_request_and_is_not_tried_again_at_once(db, ring, caplog):
    _, key = make(db)
    db.is_locked = True
    for _ in range(3):
        ring.note_use(db, ring.check(db, key, NOW), NOW)
    assert db.writes == 1
    assert "is not noted" in caplog.text
    assert key not in caplog.text


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer snt_a_b", "snt_a_b"),
        ("bearer   snt_a_b ", "snt_a_b"),
        ("Bearer snt_a=b, Basic x", "snt_a=b, Basic x"),
        ("Bearer eyJhbGciOi.a.b", None),
        ("Bearer", None),
        ("Basic c250X2E6", None),
        ("snt_a_b", None),
        (None, None),
    ],
)
def test_only_a_bearer_with_our_prefix_is_a_key(header, key):
    headers = {} if header is None else {"Authorization": header}
    with Flask("x").test_request_context("/", headers=headers):
        assert key_auth.key_of_request() == key
