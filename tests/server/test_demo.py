"""The demo itself, as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

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
