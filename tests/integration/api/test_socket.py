"""The handshake of ``/ws/live`` and what comes over the socket, through the ASGI route without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.websockets import WebSocket

from mlflow_sentinel_plugin.api import tickets
from mlflow_sentinel_plugin.api.auth import AUTHORIZER, User
from mlflow_sentinel_plugin.api.context import EXTENSION
from mlflow_sentinel_plugin.api.live import asgi, socket
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import Unauthenticated
from mlflow_sentinel_plugin.store import keys, lease, monitors, stream
from tests.integration.api.conftest import Server, people


class People:
    """Nobody signs in by password; ``ada`` reads experiment 1 and ``eve`` nothing."""

    deleted: str | None = None

    def sign_in(self) -> User:
        raise Unauthenticated("no credentials")

    def owner(self, name: str | None) -> User:
        if name not in ("ada", "eve") or name == self.deleted:
            raise Unauthenticated("no such user")
        return User(name, is_admin=False)

    def may(self, user: User, permission: str, experiment_id: str) -> bool:
        return (user.name, permission, experiment_id) == ("ada", "read", "1")

    def visible(self, user: User) -> frozenset[str] | None:
        return frozenset({"1"} if user.name == "ada" else ())


class Page:
    """The other side of the ASGI route: keeps what was sent, and leaves when told to."""

    def __init__(self, server: Server, query: str = "", headers: dict[str, str] | None = None) -> None:
        server.app.extensions |= {EXTENSION: server, AUTHORIZER: server.authorizer}
        self.app = server.app
        self.sent: list[dict[str, Any]] = []
        self.reads = True
        self.scope = {
            "type": "websocket",
            "scheme": "ws",
            "server": ("127.0.0.1", 5000),
            "client": ("127.0.0.1", 5001),
            "path": "/ws/live",
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {"Host": "localhost:5000", **(headers or {})}.items()
            ],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(one["text"]) for one in self.sent if one["type"] == "websocket.send"]

    def leave(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1001})

    def say(self, text: str) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    def visit(
        self,
        then: Callable[[Page], Any] = lambda page: page.leave(),
        after: int = 1,
        until: int | None = None,
    ) -> Page:
        """Open the socket, do something once ``after`` messages came, and leave once ``until`` came."""

        async def act() -> None:
            while len(self.told) < after:
                await asyncio.sleep(0.01)
            then(self)
            while until is not None and len(self.told) < until:
                await asyncio.sleep(0.01)
            if until is not None:
                self.leave()

        async def both() -> None:
            self._said = asyncio.Queue()
            self._said.put_nowait({"type": "websocket.connect"})
            acting = asyncio.ensure_future(act())
            page = WebSocket(self.scope, self._said.get, self._send)
            await asyncio.wait_for(asgi.Endpoint(self.app, "").open(page), 60)
            acting.cancel()

        asyncio.run(both())
        return self

    async def _send(self, message: dict[str, Any]) -> None:
        while not self.reads:
            await asyncio.sleep(0.01)
        self.sent.append(message)

    def refusal(self) -> tuple[int, str]:
        """Status and code of the answer that came instead of a socket."""
        self.visit()
        start, *parts = self.sent
        assert start["type"] == "websocket.http.response.start"
        assert self.types.count("websocket.accept") == 0
        body = b"".join(part["body"] for part in parts)
        return start["status"], json.loads(body)["error"]["code"]


@pytest.fixture(autouse=True)
def places(app, monkeypatch):
    monkeypatch.setattr(socket.of(app), "places", 2)
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "a long random text")


@pytest.fixture
def drifted(server) -> Server:
    """``churn`` in experiment 1 and ``secret`` in experiment 2 have drifted; people must sign in now."""
    for name, experiment in (("churn", "1"), ("secret", "2")):
        settings = {"name": name, "experiment_id": experiment, "window": {"rows": 100}}
        server.post("/monitors", 201, json=settings)
        server.baseline(name)
        server.send(people(100, shift=2), name)
    server.now = now_ms()
    server.tick()
    server.authorizer = People()
    return server


def ticket(name: str = "ada", at: int | None = None) -> str:
    return tickets.issue(name, now_ms() if at is None else at)


def made_key(server: Server, scope: str = "read", **columns: Any) -> str:
    with server.db.write() as session:
        return keys.create(session, "ci", scope, now=now_ms(), owner="ada", **columns)[1]


def since(server: Server) -> int:
    """An id from before all that happened, yet not too old to come back with."""
    return server.now - 1000


# --- refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {}, (401, "unauthenticated")),
        ("ticket=forged", {}, (401, "ticket_invalid")),
        ("since=-1", {"Authorization": "Bearer snt_0123456789abcdef_x"}, (401, "key_unknown")),
        ("", {"Host": "evil.example"}, (403, "forbidden")),
        ("", {"Origin": "http://evil.example"}, (403, "forbidden")),
        ("workspace=other", {}, (400, "invalid_input")),
    ],
)
def test_who_may_not_open_a_socket_is_answered_as_by_any_route(drifted, query, headers, expected):
    assert Page(drifted, query, headers).refusal() == expected


def test_an_old_ticket_and_one_of_a_deleted_user_open_nothing(drifted):
    old = ticket(at=now_ms() - tickets.TTL_MS)
    assert Page(drifted, f"ticket={old}").refusal() == (401, "ticket_expired")
    assert Page(drifted, f"ticket={ticket('bob')}").refusal() == (401, "ticket_invalid")


def test_a_ticket_opens_the_socket_and_nothing_else(drifted):
    client, path = Page(drifted).app.test_client(), f"/api/v1/monitors?ticket={ticket()}"
    assert client.get(path).status_code == 401
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert client.get(path, headers=upgrade).status_code == 405


def test_an_api_key_needs_the_scope_to_read(drifted):
    bearer = {"Authorization": f"Bearer {made_key(drifted, 'ingest')}"}
    assert Page(drifted, "", bearer).refusal() == (403, "key_scope")


def test_an_api_key_for_some_monitors_opens_no_socket(drifted):
    bearer = {"Authorization": f"Bearer {made_key(drifted, monitors=['churn'])}"}
    assert Page(drifted, "", bearer).refusal() == (403, "key_monitor")


def test_an_api_key_gets_no_ticket(drifted):
    bearer = {"Authorization": f"Bearer {made_key(drifted)}"}
    answer = drifted.call("POST", "/ws-ticket", headers=bearer)
    assert (answer.status, answer.body["error"]["code"]) == (403, "key_scope")


def test_without_a_free_place_the_page_is_told_to_poll(drifted, app, monkeypatch):
    monkeypatch.setattr(socket.of(app), "places", 0)
    assert Page(drifted, f"ticket={ticket()}").refusal() == (503, "no_free_socket")


def test_a_server_that_cannot_answer_a_handshake_refuses_it_all_the_same(drifted):
    page = Page(drifted)
    page.scope["extensions"] = {}
    assert page.visit().types == ["websocket.close"]


# --- opened ----------------------------------------------------------------------------------------------


def test_a_reader_is_told_of_their_monitors_and_no_others(drifted):
    page = Page(drifted, f"ticket={ticket()}&since={since(drifted)}").visit(after=5)
    assert [message["kind"] for message in page.told] == ["hello", "window", "drift", "monitor", "alert"]
    assert {message["data"].get("monitor", "churn") for message in page.told} == {"churn"}


def test_who_reads_nothing_is_told_nothing(drifted):
    page = Page(drifted, f"ticket={ticket('eve')}&since={since(drifted)}").visit()
    assert [message["kind"] for message in page.told] == ["hello"]


def test_an_api_key_that_reads_opens_the_socket(drifted):
    bearer = {"Authorization": f"Bearer {made_key(drifted)}"}
    page = Page(drifted, f"since={since(drifted)}", bearer).visit(after=5)
    assert page.told[1]["data"]["monitor"] == "churn"


def test_only_the_monitors_named_are_told_of(drifted):
    query = f"ticket={ticket()}&since={since(drifted)}&monitor=flights"
    assert len(Page(drifted, query).visit().told) == 1


def test_what_happens_while_the_page_is_open_is_told(drifted):
    def happen(_: Page) -> None:
        with drifted.db.write() as session:
            lease.fence(session, drifted.epoch)
            churn = monitors.get(session, "churn")
            stream.append(session, churn.id, "monitor", {"state": "ok"}, now_ms())

    page = Page(drifted, f"ticket={ticket()}").visit(happen, until=2)
    assert page.told[1]["data"] == {"monitor": "churn", "state": "ok"}


def test_the_place_is_free_again_when_the_page_leaves(drifted, app):
    for _ in range(3):  # there are two places
        assert len(Page(drifted, f"ticket={ticket()}").visit().told) == 1


def test_a_page_that_says_something_is_disconnected(drifted):
    page = Page(drifted, f"ticket={ticket()}").visit(lambda page: page.say("hello"))
    assert (page.sent[-1]["type"], page.sent[-1]["code"]) == ("websocket.close", 1008)


def test_a_page_that_reads_nothing_is_given_up(drifted, monkeypatch):
    monkeypatch.setattr(asgi, "SEND_S", 0.05)
    page = Page(drifted, f"ticket={ticket()}&since={since(drifted)}")
    accepted = page._send

    async def stuck(message: dict[str, Any]) -> None:
        page.reads = message["type"] != "websocket.send"
        await accepted(message)

    monkeypatch.setattr(page, "_send", stuck)
    assert page.visit().types == ["websocket.accept"]


def test_a_quiet_socket_says_that_it_is_alive(drifted, monkeypatch):
    monkeypatch.setattr(socket, "ALIVE_S", 0.05)
    page = Page(drifted, f"ticket={ticket()}").visit(after=3)
    assert [message["kind"] for message in page.told] == ["hello", "alive", "alive"]


def test_a_user_who_is_deleted_meanwhile_is_disconnected(drifted, monkeypatch):
    monkeypatch.setattr(socket, "ALIVE_S", 0.05)
    monkeypatch.setattr("mlflow_sentinel_plugin.api.live.viewer.TRUSTED_S", 0.0)

    page = Page(drifted, f"ticket={ticket()}").visit(lambda _: setattr(drifted.authorizer, "deleted", "ada"))
    assert (page.sent[-1]["type"], page.sent[-1]["code"]) == ("websocket.close", 1008)


def test_plain_requests_are_told_what_the_route_is(drifted):
    client = Page(drifted).app.test_client()
    assert client.get("/ws/live").status_code == 401
    bearer = {"Authorization": f"Bearer {made_key(drifted)}"}
    answer = client.get("/ws/live", headers=bearer)
    assert (answer.status_code, answer.json["error"]["message"]) == (400, "this is a WebSocket")


def test_a_server_that_passes_no_sockets_on_says_so(drifted):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = Page(drifted).app.test_client().get(f"/ws/live?ticket={ticket()}", headers=upgrade)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "no_sockets")
