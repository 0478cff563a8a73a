"""Start a real ``mlflow server``, ask it things, and end every process of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

START_S = 300
STOP_S = 90


@dataclass
class Server:
    """A running server process and what a test asks of it."""

    folder: Path
    port: int
    prefix: str = ""
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def api(self) -> str:
        return f"{self.root}/api/v1"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """``GET`` below the static prefix; one connection each, so that every worker is met."""
        return requests.get(self.root + path, timeout=30, headers={"Connection": "close"}, **kwargs)

    def ask_everywhere(self, path: str, times: int = 24) -> list[requests.Response]:
        """Many ``GET`` at once: one after the other, the same idle worker would take them all."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(self.get, [path] * times))

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Connection": "close", **kwargs.pop("headers", {})}
        return requests.post(self.root + path, timeout=60, headers=headers, **kwargs)

    def health(self) -> requests.Response | None:
        """Sentinel's answer, ``None`` while nothing listens."""
        with contextlib.suppress(requests.RequestException):
            return self.get("/api/v1/health")
        return None

    def mlflow_answers(self) -> bool:
        """Whether MLflow itself works, its database included."""
        with contextlib.suppress(requests.RequestException):
            body = {"max_results": 1}
            return self.post("/api/2.0/mlflow/experiments/search", json=body).status_code == 200
        return False

    def leader(self) -> str | None:
        """Who leads, by ``/ready``."""
        body = self.get("/api/v1/ready").json()
        facts = body if "leader" in body else body.get("error", {}).get("details", {})
        return facts.get("leader")

    def workers(self) -> list[int]:
        """Process ids of the workers, found by what they do: they are children of the server's child."""
        return [pid for child in children(self.process.pid) for pid in children(child) if is_worker(pid)]

    def memory_mb(self) -> float:
        """Resident memory of the largest worker."""
        return max(resident_mb(pid) for pid in self.workers())

    def stop(self, sig: int = signal.SIGTERM) -> float:
        """End the server; seconds until its process is gone."""
        begin = time.monotonic()
        self.process.send_signal(sig)
        self.process.wait(STOP_S)
        return time.monotonic() - begin


def eventually(check: Callable[[], Any], seconds: float, every: float = 0.2) -> Any:
    """The first true answer of ``check`` within ``seconds``, else its last."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(every)


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def is_worker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(folder: Path, port: int, *arguments: str, app_name: str | None = "sentinel") -> list[str]:
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
        *(("--app-name", app_name) if app_name else ()),
        *arguments,
    ]


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without settings of MLflow and Sentinel."""
    own = ("SENTINEL_", "MLFLOW_", "_MLFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**kept, **quiet, **extra}


@contextlib.contextmanager
def running_server(
    folder: Path,
    *arguments: str,
    workers: int = 2,
    environ: dict[str, str] | None = None,
    prefix: str = "",
    app_name: str | None = "sentinel",
    ready: Callable[[Server], Any] | None = None,
) -> Iterator[Server]:
    """A server in ``folder``, up when ``ready`` says so; all its processes are ended afterwards."""
    server = Server(folder, free_port(), prefix)
    arguments = (*arguments, "--workers", str(workers), *(("--static-prefix", prefix) if prefix else ()))
    with (folder / "server.log").open("ab") as log:
        server.process = subprocess.Popen(
            command(folder, server.port, *arguments, app_name=app_name),
            env=environment(**(environ or {})),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
    try:
        _wait(server, ready or _sentinel_is_ready)
        yield server
    finally:
        _end(server.process)


def _wait(server: Server, ready: Callable[[Server], Any]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.process.poll() is None, f"the server ended:\n{server.log[-3000:]}"
        with contextlib.suppress(requests.RequestException):
            if ready(server):
                return
        time.sleep(0.2)
    pytest.fail(f"the server was not ready after {START_S} s:\n{server.log[-3000:]}")


def _sentinel_is_ready(server: Server) -> bool:
    return server.get("/api/v1/ready").status_code == 200


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server's whole process group, gently first."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
