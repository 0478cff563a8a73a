"""The demo itself, as a person runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.running import Server, environment, eventually

pytestmark = [pytest.mark.server, pytest.mark.long]

DEMO = "from mlflow_sentinel_plugin.demo.command import demo_command; demo_command()"


def test_the_demo_finds_the_storms_and_nothing_else_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-c", DEMO, "--once", "--dir", str(folder)],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "▲ Fri 8 Feb: drift, high; dep_delay 51% missing (1.9% in training)" in done.stdout
    assert "Sun 10 Feb to Thu 7 Mar: 26 days ok" in done.stdout
    assert "drift.alert.firing" in done.stdout
    # With their environments: workers have the folder in theirs.
    processes = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
    still_running = str(folder) in processes
    assert not still_running


def test_the_demo_into_a_running_server_goes_on_where_it_was_stopped_and_adds_each_flight_once(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    command = [sys.executable, "-c", DEMO, "--into", server.root]

    def closed() -> int:
        reply = server.get("/api/v1/monitors/late-flights/windows?limit=500")
        return sum(not window["open"] for window in reply.json().get("items", ()))

    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as first:
        eventually(lambda: closed() >= 3 or first.poll() is not None, 300)
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 130
    assert closed() < 36

    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "going on with its days" in done.stdout
    assert "drift, high, firing" in done.stdout
    rows = server.get("/api/v1/monitors/late-flights").json()["rows"]
    assert (rows["accepted"], rows["pending"], rows["rejected"]) == (32_460, 0, 0)
