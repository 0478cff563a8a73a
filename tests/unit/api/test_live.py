"""The socket's parts: who is told what, from where on, and for how long."""

from __future__ import annotations

import json
import threading

import pytest

from mlflow_sentinel_plugin.api import tickets
from mlflow_sentinel_plugin.api.auth import User
from mlflow_sentinel_plugin.api.live.feed import Feed
from mlflow_sentinel_plugin.api.live.socket import Live
from mlflow_sentinel_plugin.api.live.viewer import TRUSTED_S, Asked, Viewer
from mlflow_sentinel_plugin.app import gunicorn
from mlflow_sentinel_plugin.errors import Unauthenticated, Unavailable
from mlflow_sentinel_plugin.store import lease, migrate, monitors, stream
from mlflow_sentinel_plugin.store.engine import Database

DAY = stream.KEEP_MS
NOW = 10 * DAY


@pytest.fixture
def db(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/sentinel.db")
    migrate.upgrade(database)
    yield database
    database.close()


class Leader:
    """Writes entries."""

    def __init__(self, db):
        self._db = db
        self._epoch = lease.Lease(db, "test", ttl_ms=600_000).try_acquire()
        self._ids = {}

    def monitor(self, name, experiment_id="1", workspace="default"):
        with self._db.write() as session:
            made = monitors.create(session, name, experiment_id=experiment_id, workspace=workspace, now=1)
        self._ids[name] = made.id

    def tell(self, name, now, **data):
        with self._db.write() as session:
            lease.fence(session, self._epoch)
            stream.append(session, self._ids[name], "monitor", data, now)


@pytest.fixture
def leader(db):
    made = Leader(db)
    made.monitor("churn")
    return made


@pytest.fixture
def feed(db):
    return Feed(lambda: db, clock=lambda: NOW, kept=3)


class Login:
    """Knows what each experiment's readers are, and counts how often it is asked."""

    def __init__(self, readable=("1",)):
        self.readable = set(readable)
        self.asked = 0
        self.gone = False

    def again(self):
        if self.gone:
            raise Unauthenticated("no such user")
        return User("ada", is_admin=False)

    def may(self, user, permission, experiment_id):
        self.asked += 1
        return (user.name, permission) == ("ada", "read") and experiment_id in self.readable


class Timer:
    now = 100.0

    def __call__(self):
        return self.now


def viewer(feed, login=None, timer=None, **asked):
    login = login or Login()
    return Viewer(
        feed, login, Asked(login.again, asked.pop("workspace", "default"), **asked), timer or Timer()
    )


def told(texts):
    return [json.loads(text)["data"].get("state") for text in texts]


# --- from where on ---------------------------------------------------------------------------------------


def test_a_new_page_is_greeted_with_the_newest_id_and_told_only_what_comes_then(feed, leader):
    leader.tell("churn", NOW - 5, state="old")
    page = viewer(feed)
    hello = json.loads(page.greeting())
    assert (hello["id"], hello["kind"], hello["data"]) == (NOW - 5, "hello", {})
    assert page.news() == []
    leader.tell("churn", NOW, state="new")
    message = json.loads(page.news()[0])
    assert message == {
        "id": NOW,
        "kind": "monitor",
        "at": "1970-01-11T00:00:00.000Z",
        "data": {"monitor": "churn", "state": "new"},
    }
    assert page.news() == []


def test_a_page_that_comes_back_is_told_what_it_missed(feed, leader):
    for state, now in (("a", NOW - 30), ("b", NOW - 20), ("c", NOW - 10)):
        leader.tell("churn", now, state=state)
    page = viewer(feed, since=NOW - 30)
    assert json.loads(page.greeting())["kind"] == "hello"
    assert told(page.news()) == ["b", "c"]


def test_a_page_that_was_away_too_long_is_reset_to_the_newest(feed, leader):
    leader.tell("churn", NOW - 10, state="a")
    page = viewer(feed, since=NOW - DAY - 1)
    reset = json.loads(page.greeting())
    assert (reset["kind"], reset["id"]) == ("reset", NOW - 10)
    assert page.news() == []


def test_an_id_from_the_future_is_taken_for_now(feed, leader):
    page = viewer(feed, since=NOW + DAY)
    assert json.loads(page.greeting())["id"] == NOW
    leader.tell("churn", NOW + 1, state="a")
    assert told(page.news()) == ["a"]


# --- who is told -----------------------------------------------------------------------------------------


def test_only_messages_of_readable_experiments_are_told(feed, leader):
    leader.monitor("secret", experiment_id="2")
    page = viewer(feed)
    page.greeting()
    leader.tell("secret", NOW, state="hidden")
    leader.tell("churn", NOW + 1, state="seen")
    assert told(page.news()) == ["seen"]


def test_only_messages_of_the_own_workspace_are_told(feed, leader):
    leader.monitor("other", workspace="other")
    page = viewer(feed)
    page.greeting()
    leader.tell("other", NOW, state="hidden")
    assert page.news() == []


def test_only_the_monitors_asked_for_are_told_of(feed, leader):
    leader.monitor("flights")
    page = viewer(feed, monitors=frozenset({"flights"}))
    page.greeting()
    leader.tell("churn", NOW, state="hidden")
    leader.tell("flights", NOW + 1, state="seen")
    assert told(page.news()) == ["seen"]


def test_a_permission_is_asked_for_once_in_a_while_and_taken_away_then(feed, leader):
    login, timer = Login(), Timer()
    page = viewer(feed, login, timer)
    page.greeting()
    leader.tell("churn", NOW, state="a")
    leader.tell("churn", NOW + 1, state="b")
    assert told(page.news()) == ["a", "b"] and login.asked == 1
    login.readable.clear()
    timer.now += TRUSTED_S
    leader.tell("churn", NOW + 2, state="c")
    assert page.news() == [] and login.asked == 2


def test_nobody_is_asked_while_nothing_happens(feed, leader):
    login = Login()
    page = viewer(feed, login)
    page.greeting()
    login.gone = True
    assert page.news() == [] and login.asked == 0


def test_a_user_who_is_gone_is_found_out_by_news_and_in_quiet_times(feed, leader):
    login, timer = Login(), Timer()
    page = viewer(feed, login, timer)
    page.greeting()
    assert json.loads(page.sign_of_life())["kind"] == "alive"
    login.gone = True
    timer.now += TRUSTED_S
    with pytest.raises(Unauthenticated):
        page.sign_of_life()
    leader.tell("churn", NOW, state="a")
    with pytest.raises(Unauthenticated):
        page.news()


# --- the one reader --------------------------------------------------------------------------------------


class Broken:
    """A database that is away until it is repaired."""

    def __init__(self, db):
        self._db = db
        self.away = False

    def __call__(self):
        if self.away:
            raise Unavailable("away")
        return self._db


def test_memory_and_database_tell_the_same(feed, db, leader):
    leader.tell("churn", NOW - 100, state="before")
    with feed.watched(lambda: None):
        feed.read()
        for number in range(5):  # two more than are kept
            leader.tell("churn", NOW + number, state=str(number))
        feed.read()
        for since in (0, NOW - 100, NOW, NOW + 1, NOW + 3, NOW + 4):
            with db.read() as session:
                assert list(feed.after(since)) == stream.after(session, since)


def test_what_came_before_the_reader_began_wakes_too(feed, leader):
    """A socket that began, and read, before an entry that the reader takes for the end of the stream."""
    page = viewer(feed)
    page.greeting()
    leader.tell("churn", NOW, state="between")
    woken = threading.Event()
    with feed.watched(woken.set):
        assert woken.wait(10)
    assert told(page.news()) == ["between"]


def test_an_open_socket_is_woken_by_what_comes(db, leader):
    feed = Feed(lambda: db, clock=lambda: NOW, every_s=0.01)
    first, woken = threading.Event(), threading.Event()
    with feed.watched(lambda: (woken if first.is_set() else first).set()):
        assert first.wait(10)
        leader.tell("churn", NOW, state="a")
        assert woken.wait(10)


def test_there_is_one_reader_for_all_sockets_and_none_afterwards(feed):
    def readers():
        return [thread for thread in threading.enumerate() if thread.name == "sentinel-live"]

    before = len(readers())
    with feed.watched(lambda: None), feed.watched(lambda: None):
        mine = [thread for thread in readers() if thread.is_alive()][-1]
        assert len(readers()) == before + 1
    mine.join(10)
    assert not mine.is_alive()


def test_the_reader_outlives_a_database_that_is_away(db, leader, caplog):
    source = Broken(db)
    feed = Feed(source, clock=lambda: NOW, every_s=0.01)
    source.away = True
    woken = threading.Event()
    with feed.watched(woken.set):
        assert not woken.wait(0.1)
        source.away = False
        assert woken.wait(10)
    assert caplog.text.count("hear nothing for now") == 1


# --- places, tickets, threads ----------------------------------------------------------------------------


def test_there_are_no_more_sockets_than_places(feed):
    live = Live(feed, places=1)
    live.enter()
    with pytest.raises(Unavailable, match="1 of 1") as caught:
        live.enter()
    assert caught.value.code == "no_free_socket"
    live.leave()
    live.enter()


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "a long random text")


def test_a_ticket_names_its_user_for_thirty_seconds(secret):
    ticket = tickets.issue("ada", NOW)
    assert tickets.holder(ticket, NOW + tickets.TTL_MS - 1) == "ada"
    with pytest.raises(Unauthenticated) as caught:
        tickets.holder(ticket, NOW + tickets.TTL_MS)
    assert caught.value.code == "ticket_expired"


@pytest.mark.parametrize("change", [lambda t: t[:-2] + "xx", lambda t: "", lambda t: "ü.x"])
def test_a_ticket_that_was_changed_is_none(secret, change):
    with pytest.raises(Unauthenticated) as caught:
        tickets.holder(change(tickets.issue("ada", NOW)), NOW)
    assert caught.value.code == "ticket_invalid"


def test_a_ticket_of_another_server_is_none(secret, monkeypatch):
    ticket = tickets.issue("ada", NOW)
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "another long random text")
    with pytest.raises(Unauthenticated):
        tickets.holder(ticket, NOW)


@pytest.mark.parametrize(
    ("argv", "variable", "expected"),
    [
        (["gunicorn", "--threads", "8"], "", 8),
        (["gunicorn", "--threads=8"], "--threads 4", 8),
        (["gunicorn", "-b", ":5000"], "--threads 4", 4),
        (["gunicorn"], "", 1),
        (["gunicorn", "--threads", "many"], "", 1),
    ],
)
def test_gunicorns_threads_are_read_from_its_command_line(monkeypatch, argv, variable, expected):
    monkeypatch.setattr("sys.argv", argv)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", variable)
    assert gunicorn.threads() == expected
