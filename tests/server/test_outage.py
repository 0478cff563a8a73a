"""The database goes away under load and comes back: 503 meanwhile, MLflow as without us, no row lost."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

import pytest
import requests

from tests.server.own_postgresql import own_postgresql
from tests.server.running import Server, eventually

pytestmark = [pytest.mark.server, pytest.mark.database, pytest.mark.long]

AWAY_S = float(os.environ.get("TEST_OUTAGE_S", "10"))
BACK_S = 120
CSV = {"Content-Type": "text/csv"}
BASELINE = "age\n" + "".join(f"{n % 40}\n" for n in range(200))
BATCH = "age\n" + "".join(f"{n}\n" for n in range(20))
BATCH_ROWS = 20


@dataclass
class Poster:
    """Posts batch after batch; each again under its key until the server has taken it."""

    server: Server
    name: str
    taken: int = 0
    refusals: list[requests.Response] = field(default_factory=list)
    cut: int = 0
    """Requests whose connection broke before an answer."""

    def __post_init__(self) -> None:
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name)

    def __enter__(self) -> Poster:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(BACK_S)
        assert not self._thread.is_alive(), "the last batch was never taken"

    def _run(self) -> None:
        while not self._enough.is_set():
            while not self._is_taken(f"{self.name}-{self.taken}"):
                time.sleep(0.5)
            self.taken += 1
            time.sleep(0.1)

    def _is_taken(self, key: str) -> bool:
        headers = {**CSV, "Idempotency-Key": key}
        try:
            answer = self.server.post("/api/v1/predictions?monitor=m", data=BATCH, headers=headers)
        except requests.RequestException:
            self.cut += 1
            return False
        if answer.status_code != 202:
            self.refusals.append(answer)
        return answer.status_code == 202


def mlflow_is_up(server: Server) -> bool:
    """Whether MLflow answers what needs no database."""
    return server.get("/health").text == "OK" and server.get("/version").ok


def rows(server: Server) -> dict[str, int]:
    return server.get("/api/v1/monitors/m").json()["rows"]


def test_a_postgresql_that_stops_under_load_loses_no_row(start_server):
    with own_postgresql() as postgresql:
        server = start_server("--backend-store-uri", postgresql.uri, workers=2)
        for path, options in (
            ("/api/v1/monitors", {"json": {"name": "m", "window": {"rows": 500}}}),
            ("/api/v1/baseline?monitor=m", {"data": BASELINE, "headers": CSV}),
        ):
            assert server.post(path, **options).ok
        with Poster(server, "a") as ada, Poster(server, "b") as bob:
            assert eventually(lambda: min(ada.taken, bob.taken) >= 5, BACK_S)
            postgresql.stop()
            away_until = time.monotonic() + AWAY_S
            while time.monotonic() < away_until:
                answer = server.get("/api/v1/monitors")
                assert answer.status_code == 503
                assert answer.headers["Retry-After"]
                assert mlflow_is_up(server)
                time.sleep(0.5)
            before = ada.taken, bob.taken
            postgresql.start()
            begin = time.monotonic()
            assert eventually(lambda: ada.taken > before[0] + 3 and bob.taken > before[1] + 3, BACK_S)
            print(f"\nboth clients go on {time.monotonic() - begin:.1f} s after the database is back")

        assert {answer.status_code for answer in ada.refusals + bob.refusals} == {503}
        assert all(answer.headers["Retry-After"] for answer in ada.refusals + bob.refusals)
        assert eventually(server.mlflow_answers, BACK_S)
        assert eventually(lambda: server.get("/api/v1/ready").status_code == 200, BACK_S)
        posted = BATCH_ROWS * (ada.taken + bob.taken)
        assert eventually(lambda: rows(server)["pending"] == 0, BACK_S)
        assert rows(server) == {"accepted": posted, "pending": 0, "rejected": 0}
        print(f"{posted} rows posted and counted, {len(ada.refusals + bob.refusals)} refusals")
