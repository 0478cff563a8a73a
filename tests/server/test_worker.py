"""``server.background: worker``: the servers answer, ``mlflow-sentinel worker`` works."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

import pytest

from tests.server.running import environment, eventually, running_server

pytestmark = pytest.mark.server

TRAINING = [{"age": float(n % 40), "city": "Ulm" if n % 3 else "Bonn"} for n in range(300)]


@contextlib.contextmanager
def running_worker(folder):
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from mlflow_sentinel_plugin.cli import main; main()", "worker"),
                *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
                *("--artifacts-destination", str(folder / "artifacts")),
            ],
            env=environment(SENTINEL_SERVER__BACKGROUND="worker"),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_worker_alone_works_and_stops_cleanly(tmp_path):
    environ = {"SENTINEL_SERVER__BACKGROUND": "worker"}
    healthy = lambda server: server.get("/api/v1/health").status_code == 200  # noqa: E731
    with running_server(tmp_path, environ=environ, ready=healthy) as server:
        assert server.post("/api/v1/baseline?monitor=churn", json=TRAINING).status_code == 201
        assert server.post("/api/v1/predictions?monitor=churn", json=TRAINING).status_code == 202
        time.sleep(3)
        assert server.leader() is None
        assert server.get("/api/v1/monitors/churn").json()["rows"]["pending"] == 300

        with running_worker(tmp_path) as worker:
            rows = lambda: server.get("/api/v1/monitors/churn").json()["rows"]  # noqa: E731
            assert eventually(lambda: rows()["accepted"] == 300, 60), (tmp_path / "worker.log").read_text()
            assert str(worker.pid) in server.leader()
            begin = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(10) == 0
            assert time.monotonic() - begin < 5
        assert server.leader() is None
