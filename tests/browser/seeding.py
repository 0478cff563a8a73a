"""Give a real server models to watch: rows of a fixed random stream, posted as a client would."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator

import requests

from tests.server.running import Server, eventually

CITIES = ("Ulm", "Bonn", "Kiel")
WINDOW = 200
SCORED_S = 120


def rows(count: int, *, seed: int, wind: float = 0.0) -> str:
    """``count`` rows as CSV; ``wind`` moves the mean of one feature by so many standard deviations."""
    stream = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["age", "wind", "city"])
    for _ in range(count):
        age, blow = stream.gauss(40, 12), stream.gauss(20 + 5 * wind, 5)
        writer.writerow([f"{age:.3f}", f"{blow:.3f}", stream.choice(CITIES)])
    return out.getvalue()


def watch(server: Server, monitor: str, seed: int = 1) -> None:
    """A monitor with a baseline and windows of a fixed number of rows."""
    _post(server, f"/api/v1/baseline?monitor={monitor}", rows(2000, seed=seed))
    window = {"window": {"rows": WINDOW}}
    patched = requests.patch(f"{server.api}/monitors/{monitor}", json=window, timeout=30)
    assert patched.ok, patched.text


def live(server: Server, monitor: str, *, windows: int, seed: int, wind: float = 0.0) -> None:
    _post(server, f"/api/v1/predictions?monitor={monitor}", rows(windows * WINDOW, seed=seed, wind=wind))


def drift(server: Server, monitor: str) -> None:
    """Four quiet windows, then two in which the wind is stronger; returns when all have their verdict."""
    watch(server, monitor)
    live(server, monitor, windows=4, seed=2)
    live(server, monitor, windows=2, seed=3, wind=1.5)
    assert eventually(lambda: _scored(server, monitor) >= 6, SCORED_S), list(_states(server, monitor))


def _scored(server: Server, monitor: str) -> int:
    return sum(state != "waiting" for state in _states(server, monitor))


def _states(server: Server, monitor: str) -> Iterator[str]:
    listed = server.get(f"/api/v1/monitors/{monitor}/windows").json()["items"]
    return (window["state"] for window in listed if window["scored_at"])


def _post(server: Server, path: str, body: str) -> None:
    reply = server.post(path, data=body.encode(), headers={"Content-Type": "text/csv"})
    assert reply.ok, reply.text
