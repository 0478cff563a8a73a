"""Processes are killed at random while rows come: none is lost or counts twice, each window is judged once.

``TEST_CHAOS_KILLS`` and ``TEST_CHAOS_URI`` (of an empty database) make it longer, or run it elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from typing import Any

import pytest
import requests

from tests.server.running import Server, eventually
from tests.server.writers import LEVELS, FileWriter, Poster

pytestmark = [pytest.mark.server, pytest.mark.long]

KILLS = int(os.environ.get("TEST_CHAOS_KILLS", "3"))
WINDOW_ROWS = 500
SETTLE_S = 240


def test_kills_at_random_lose_and_double_no_row(start_server, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    uri = os.environ.get("TEST_CHAOS_URI")
    environ = {"SENTINEL_INGEST__ALLOWED_PATHS": str(logs), "SENTINEL_INGEST__READ_INTERVAL_SECONDS": "1"}
    server = start_server(*(("--backend-store-uri", uri) if uri else ()), workers=2, environ=environ)
    source = set_up(server, str(logs / "*.jsonl*"))
    posters = [Poster(server, "posts", name) for name in ("ada", "bob")]
    files = [FileWriter(logs, name) for name in ("serving", "batch")]
    with contextlib.ExitStack() as stack:
        for writer in posters + files:
            stack.enter_context(writer)
        hit = kill_at_random(server, KILLS)

    posted = sum((poster.written for poster in posters), Counter())
    appended = sum((file.written for file in files), Counter())
    assert eventually(lambda: rows(server, "posts")["accepted"] >= posted.total(), SETTLE_S, 1)
    assert eventually(lambda: rows(server, "files")["accepted"] >= appended.total(), SETTLE_S, 1)
    time.sleep(5)  # for what would come twice
    for monitor, expected in (("posts", posted), ("files", appended)):
        assert rows(server, monitor) == {"accepted": expected.total(), "pending": 0, "rejected": 0}
        assert counted(server, monitor) == expected
        assert_judged_once(server, monitor, expected.total())
    seen = ask(server, f"/sources/{source}")
    assert (seen["rows"], seen["rejected"], seen["state"]) == (appended.total(), 0, "ok")
    again, rotated = sum(p.again for p in posters), sum(file.rotations for file in files)
    print(f"\n{KILLS} kills ({hit} of the leader): 0 rows lost, 0 doubled")
    print(f"{posted.total()} rows in {sum(p.pieces for p in posters)} posts, {again} of them sent again")
    print(f"{appended.total()} rows in files that were rotated {rotated} times")


def set_up(server: Server, pattern: str) -> str:
    """Two monitors with a baseline, and the source of one; its id."""
    baseline = "level\n" + "".join(f"{level}\n" * 50 for level in LEVELS)
    for monitor in ("posts", "files"):
        settings = {"name": monitor, "window": {"rows": WINDOW_ROWS}}
        assert server.post("/api/v1/monitors", json=settings).ok
        csv = {"Content-Type": "text/csv"}
        assert server.post(f"/api/v1/baseline?monitor={monitor}", data=baseline, headers=csv).ok
    made = server.post("/api/v1/sources?monitor=files", json={"name": "logs", "path": pattern})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def kill_at_random(server: Server, kills: int) -> int:
    """Kill the leader or any worker, again and again while they work; how often it was the leader."""
    source, hit = random.Random(7), 0
    for number in range(kills):
        time.sleep(source.uniform(3, 9))
        leader = eventually(lambda: leader_pid(server), 60)
        assert leader, f"nobody leads before kill {number + 1}:\n{server.log[-3000:]}"
        victim = leader if number % 2 == 0 else source.choice(server.workers())
        hit += victim == leader
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: len(server.workers()) == 2 and leader_pid(server), 90)
    return hit


def leader_pid(server: Server) -> int | None:
    """The leader's process, once ``/ready`` names one that lives."""
    with contextlib.suppress(OSError, ValueError):
        leader = server.leader()
        pid = int(leader.split(":")[1]) if leader else None
        return pid if pid in server.workers() else None
    return None


def ask(server: Server, path: str) -> Any:
    """What the server says, also while the worker that is asked has only just started."""
    answers: list[requests.Response] = []

    def is_answered() -> bool:
        with contextlib.suppress(requests.RequestException):
            answers.append(server.get(f"/api/v1{path}"))
        return bool(answers) and answers[-1].status_code == 200

    assert eventually(is_answered, 60), answers[-1].text if answers else "no answer"
    return answers[-1].json()


def rows(server: Server, monitor: str) -> dict[str, int]:
    answer: dict[str, int] = ask(server, f"/monitors/{monitor}")["rows"]
    return answer


def windows(server: Server, monitor: str) -> list[dict[str, Any]]:
    """All of them."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=500&cursor={cursor}" if cursor else "?limit=500"
        page = ask(server, f"/monitors/{monitor}/windows{query}")
        found, cursor = found + page["items"], page["next"]
    return found


def counted(server: Server, monitor: str) -> Counter[str]:
    """Rows of each level in all windows."""
    found: Counter[str] = Counter()
    for window in windows(server, monitor):
        query = f"?monitor={monitor}&feature=level&window={window['id']}"
        seen = ask(server, f"/drift/distribution{query}")
        for one in seen["bins"]:
            found[one["label"]] += round(one["current"] * seen["n_current"])
    return +found


def assert_judged_once(server: Server, monitor: str, total: int) -> None:
    """Full windows are closed and have one verdict, the rest is open."""
    assert eventually(
        lambda: all(one["open"] or one["state"] != "waiting" for one in windows(server, monitor)), 60, 1
    )
    found = windows(server, monitor)
    full = [one for one in found if not one["open"]]
    assert [one["rows"] for one in full] == [WINDOW_ROWS] * (total // WINDOW_ROWS)
    assert sum(one["rows"] for one in found) == total
    assert all(one["scored_at"] and one["history"] == [] for one in full)
