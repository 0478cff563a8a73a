"""``/ws/live`` on real servers: heard in every worker, refused where it must be, never in the end's way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import Server, running_server
from tests.server.sockets import Page

pytestmark = [pytest.mark.server, pytest.mark.long]

USUAL = [{"age": number % 17, "kind": number % 5} for number in range(400)]
MOVED = [{"age": number % 17 + 9, "kind": 0} for number in range(100)]
GTHREAD = ("--gunicorn-opts", "--worker-class gthread --threads 8")


@pytest.fixture(scope="module", params=["uvicorn", "gunicorn"])
def live(request, tmp_path_factory) -> Iterator[Server]:
    """Two workers under a prefix, with a monitor of windows of 100 rows."""
    options = GTHREAD if request.param == "gunicorn" else ()
    folder = tmp_path_factory.mktemp(request.param)
    with running_server(folder, *options, workers=2, prefix="/ml") as server:
        made = server.post("/api/v1/monitors", json={"name": "churn", "window": {"rows": 100}})
        assert made.status_code == 201
        assert server.post("/api/v1/baseline?monitor=churn", json=USUAL).status_code == 201
        yield server


def page(server: Server, query: str = "", **options) -> Page:
    return Page(server.port, f"{server.prefix}/ws/live{query}", **options)


def worker_of(opened: Page, server: Server) -> int:
    """Process id of the worker at the other end of the socket."""
    local = opened.connection.getsockname()[1]
    return next(pid for pid in server.workers() if local in peers(pid))


def peers(pid: int) -> set[int]:
    """Ports at the other end of a process's TCP connections."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(line[2].split(":")[1], 16) for line in lines if line[9] in inodes}


@contextlib.contextmanager
def pages_in_every_worker(server: Server) -> Iterator[list[Page]]:
    """One open page for each worker."""
    found: dict[int, Page] = {}
    opened = []
    for _ in range(40):
        one = page(server)
        if one.status != 101:
            time.sleep(0.2)
            continue
        opened.append(one)
        if found.setdefault(worker_of(one, server), one) is not one:
            one.leave()
            time.sleep(0.6)  # gunicorn's thread finds out, and its place is free again
        if len(found) == 2:
            break
    assert len(found) == 2, "no two pages met different workers"
    try:
        yield list(found.values())
    finally:
        for one in opened:
            one.leave()


def test_pages_on_different_workers_hear_the_same(live):
    with pages_in_every_worker(live) as pages:
        assert [one.next()["kind"] for one in pages] == ["hello", "hello"]
        assert live.post("/api/v1/predictions?monitor=churn", json=MOVED).status_code == 202
        heard = [[one.next() for _ in range(4)] for one in pages]
    assert heard[0] == heard[1]
    assert [message["kind"] for message in heard[0]][:2] == ["window", "drift"]
    assert heard[0][0]["data"]["state"] == "drift"


def test_a_page_that_comes_back_is_told_what_it_missed(live):
    first = page(live)
    since = first.next()["id"]
    first.leave()
    live.post("/api/v1/predictions?monitor=churn", json=MOVED)
    again = page(live, f"?since={since}")
    assert again.next()["kind"] == "hello"
    missed = again.until("window")
    assert missed["id"] > since and missed["data"]["monitor"] == "churn"
    again.leave()


def test_a_page_that_was_away_for_days_is_told_to_read_everything_anew(live):
    page(live).leave()
    live.post("/api/v1/predictions?monitor=churn", json=MOVED)
    page(live).until("window")
    opened = page(live, "?since=1")
    assert opened.next()["kind"] == "reset"
    opened.leave()


@pytest.mark.parametrize(
    ("query", "options", "status", "code"),
    [
        ("", {"host": "evil.example"}, 403, "forbidden"),
        ("", {"headers": {"Origin": "http://evil.example"}}, 403, "forbidden"),
        ("", {"headers": {"Origin": "null"}}, 403, "forbidden"),
        ("?since=soon", {}, 400, "invalid_input"),
        ("?ticket=forged", {}, 401, "ticket_invalid"),
        ("", {"headers": {"Authorization": "Bearer snt_0123456789abcdef_x"}}, 401, "key_unknown"),
    ],
)
def test_a_handshake_that_must_not_be_accepted_is_not(live, query, options, status, code):
    refused = page(live, query, **options)
    assert (refused.status, refused.error) == (status, code)


def test_a_page_of_this_server_is_accepted(live):
    opened = page(live, headers={"Origin": f"http://127.0.0.1:{live.port}"})
    assert opened.next()["kind"] == "hello"
    opened.leave()


def test_a_page_that_says_something_is_disconnected(live):
    opened = page(live)
    opened.next()
    opened.say("hello")
    assert opened.next() is None and opened.closed == 1008


def test_a_plain_request_is_told_what_this_is(live):
    answer = live.get("/ws/live")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_input")


def test_without_a_login_no_ticket_is_needed(live):
    answer = live.post("/api/v1/ws-ticket")
    assert (answer.status_code, answer.json()) == (200, {"ticket": None, "expires_in": 30})


def test_half_of_gunicorns_threads_stay_free_and_open_sockets_do_not_hold_up_the_end(tmp_path):
    with running_server(tmp_path, *GTHREAD, workers=1) as server:
        pages = [page(server) for _ in range(6)]
        assert [one.status for one in pages] == [101] * 4 + [503] * 2
        assert pages[-1].error == "no_free_socket"
        assert server.get("/api/v1/health").status_code == 200
        pages[0].leave()
        time.sleep(1.5)
        assert page(server).status == 101
        [worker] = server.workers()
        begin = time.monotonic()
        server.process.terminate()
        assert [one.closed for one in pages[1:4] if one.until_closed()] == [1001] * 3
        assert worker and time.monotonic() - begin < 10


def test_uvicorn_closes_open_sockets_when_it_ends(tmp_path):
    with running_server(tmp_path, workers=1) as server:
        pages = [page(server) for _ in range(3)]
        assert [one.next()["kind"] for one in pages] == ["hello"] * 3
        begin = time.monotonic()
        server.process.terminate()
        assert [one.closed for one in pages if one.until_closed()] == [1012] * 3
        assert time.monotonic() - begin < 10
