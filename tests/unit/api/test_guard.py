from __future__ import annotations

import asyncio
import json

from mlflow_sentinel_plugin.api.guard import Gate, Guard

MIB = 1024 * 1024


class Client:
    """Sends one request to an ASGI app and keeps what comes back."""

    def __init__(self, path="/api/v1/predictions", chunks=(b"",), *, headers=(), method="POST", stalls=False):
        self.scope = {"type": "http", "path": path, "method": method, "headers": list(headers)}
        self.chunks = list(chunks)
        self.stalls = stalls
        self.sent: list[dict] = []
        self.received = 0

    async def receive(self):
        if not self.chunks:
            if self.stalls:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}
        chunk = self.chunks.pop(0)
        self.received += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks) or self.stalls}

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return dict(self.sent[0]["headers"])

    @property
    def error(self):
        return json.loads(b"".join(message.get("body", b"") for message in self.sent[1:]))["error"]


class Inner:
    """The guarded app: says how many bytes came, after waiting for ``hold``."""

    def __init__(self, hold: asyncio.Event | None = None):
        self.hold = hold
        self.running = self.most = 0
        self.bodies: list[bytes] = []

    async def __call__(self, scope, receive, send):
        self.running += 1
        self.most = max(self.most, self.running)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        if self.hold is not None:
            await self.hold.wait()
        self.bodies.append(body)
        self.running -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})


def guarded(inner, *, limit=MIB, prefix="", **kwargs):
    return Guard(inner, prefix, lambda: limit, **kwargs)


def call(guard, *clients):
    async def run():
        await asyncio.gather(*(guard(client.scope, client.receive, client.send) for client in clients))

    asyncio.run(run())


def test_a_body_within_the_limit_arrives_whole():
    inner, client = Inner(), Client(chunks=[b"ab", b"cd"])
    call(guarded(inner), client)
    assert (client.status, inner.bodies) == (200, [b"abcd"])


def test_a_body_announced_too_large_is_refused_before_it_is_read():
    inner, client = Inner(), Client(chunks=[b"x"] * 3, headers=[(b"content-length", b"838860800")])
    call(guarded(inner, linger_s=0), client)
    assert (client.status, client.error["code"]) == (413, "too_large")
    assert client.headers[b"connection"] == b"close"
    assert inner.bodies == []


def test_the_answer_is_complete_before_the_refused_body_is_thrown_away():
    client = Client(chunks=[b"x" * 1000] * 5, headers=[(b"content-length", b"838860800")])
    seen = []

    async def send(message):
        seen.append((message["type"], client.received))

    asyncio.run(guarded(Inner())(client.scope, client.receive, send))
    assert seen[:2] == [("http.response.start", 0), ("http.response.body", 0)]
    assert client.received == 5000


def test_a_body_that_grows_too_large_is_refused_without_an_announcement():
    inner, client = Inner(), Client(chunks=[b"x" * MIB, b"x", b"x"])
    call(guarded(inner), client)
    assert (client.status, inner.bodies) == (413, [])


def test_a_false_announcement_does_not_let_a_large_body_through():
    client = Client(chunks=[b"x" * MIB, b"x"], headers=[(b"content-length", b"5")])
    call(guarded(Inner()), client)
    assert client.status == 413


def test_mlflows_own_paths_are_not_limited():
    inner, client = Inner(), Client("/api/2.0/mlflow-artifacts/artifacts/a", chunks=[b"x" * MIB, b"x"])
    call(guarded(inner), client)
    assert (client.status, len(inner.bodies[0])) == (200, MIB + 1)


def test_the_limit_holds_below_a_static_prefix_only():
    refused = Client("/x/api/v1/predictions", chunks=[b"x" * 2 * MIB])
    passed = Client("/api/v1/predictions", chunks=[b"x" * 2 * MIB])
    call(guarded(Inner(), prefix="/x"), refused, passed)
    assert (refused.status, passed.status) == (413, 200)


def test_two_uploads_run_at_once_and_the_others_wait_for_them():
    async def run():
        inner = Inner(hold := asyncio.Event())
        guard = guarded(inner)
        clients = [Client() for _ in range(10)]
        tasks = [asyncio.create_task(guard(c.scope, c.receive, c.send)) for c in clients]
        while any(client.chunks for client in clients) or inner.running < 2:
            await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(*tasks)
        return inner, clients

    inner, clients = asyncio.run(run())
    assert inner.most == 2
    assert {client.status for client in clients} == {200}


def test_who_waits_too_long_is_told_to_come_back():
    async def run():
        guard = guarded(Inner(hold := asyncio.Event()), gate=Gate(at_once=1, max_waiting=64, max_wait=0.02))
        first, second = Client(), Client()
        running = asyncio.create_task(guard(first.scope, first.receive, first.send))
        await asyncio.sleep(0)
        await guard(second.scope, second.receive, second.send)
        hold.set()
        await running
        return first, second

    first, second = asyncio.run(run())
    assert (first.status, second.status) == (200, 429)
    assert second.headers[b"retry-after"] == b"1"
    assert second.error["code"] == "busy"


def test_nobody_waits_behind_a_full_line():
    async def run():
        guard = guarded(Inner(hold := asyncio.Event()), gate=Gate(at_once=1, max_waiting=1, max_wait=30))
        clients = [Client() for _ in range(3)]
        tasks = [asyncio.create_task(guard(c.scope, c.receive, c.send)) for c in clients]
        await asyncio.wait_for(tasks[2], 1)
        hold.set()
        await asyncio.gather(*tasks)
        return [client.status for client in clients]

    assert asyncio.run(run()) == [200, 200, 429]


def test_a_place_is_free_again_after_waiters_gave_up():
    async def run():
        gate = Gate(at_once=1, max_waiting=1, max_wait=0.01)
        assert await gate.enter()
        gave_up = [await gate.enter() for _ in range(3)]
        gate.leave()
        return gave_up, await gate.enter()

    assert asyncio.run(run()) == ([False, False, False], True)


def test_a_waiter_that_is_cancelled_keeps_no_place():
    async def run():
        gate = Gate(at_once=1, max_waiting=5, max_wait=5)
        await gate.enter()
        waiter = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        gate.leave()
        return await gate.enter()

    assert asyncio.run(run())


def test_reading_paths_do_not_queue_behind_uploads():
    async def run():
        inner = Inner(hold := asyncio.Event())
        guard = guarded(inner, gate=Gate(at_once=1, max_waiting=0, max_wait=0.01))
        upload, look = Client(), Client("/api/v1/runs", method="GET")
        tasks = [asyncio.create_task(guard(c.scope, c.receive, c.send)) for c in (upload, look)]
        while inner.running < 2:
            await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(*tasks)
        return inner.most, look.status

    assert asyncio.run(run()) == (2, 200)


def test_a_body_that_stops_arriving_is_given_up_and_holds_no_place():
    inner, client = Inner(), Client(chunks=[b"x"], stalls=True)
    call(guarded(inner, idle_s=0.01, linger_s=0.01), client)
    assert (client.status, client.error["code"]) == (400, "body_timeout")
    assert inner.bodies == []


def test_a_sender_that_leaves_is_forgotten():
    client = Client(chunks=[])
    call(guarded(Inner()), client)
    assert client.sent == []


def test_too_many_large_bodies_at_once_are_refused_before_they_fill_the_memory():
    async def run():
        guard = guarded(Inner(hold := asyncio.Event()), limit=100)
        clients = [Client(chunks=[b"x" * 100]) for _ in range(5)]
        tasks = [asyncio.create_task(guard(c.scope, c.receive, c.send)) for c in clients]
        await asyncio.wait_for(tasks[4], 1)
        hold.set()
        await asyncio.gather(*tasks)
        again = Client(chunks=[b"x" * 100])
        await guard(again.scope, again.receive, again.send)
        return [client.status for client in clients], again.status

    assert asyncio.run(run()) == ([200, 200, 200, 200, 429], 200)
