"""Start a real ``mlflow server --app-name sentinel`` in a folder, and end every process of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType

import requests
import yaml

from mlflow_sentinel_plugin.errors import SentinelError

START_SECONDS = 180
STOP_SECONDS = 20
OWN_VARIABLES = ("SENTINEL_", "MLFLOW_", "_MLFLOW_")


class DemoFailed(SentinelError):
    """The demo could not go on; the message says why."""

    code = "demo_failed"


class MLflowServer:
    """The server process; as a context manager it is stopped with all its workers."""

    def __init__(self, folder: Path, port: int, webhook: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "server.log"
        self._folder = folder
        self._port = port
        self._webhook = webhook
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> MLflowServer:
        config = self._folder / "config.yaml"
        config.write_text(yaml.safe_dump(sentinel_config(self._webhook)), encoding="utf-8")
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the demo alone, and the whole group can be ended.
            self._process = subprocess.Popen(
                server_command(self._folder, self._port),
                env=server_environment(os.environ, config),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            _end_group(self._process)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_ready(self, timeout: float = START_SECONDS) -> None:
        """Return when Sentinel answers and a leader runs its jobs.

        Raises:
            DemoFailed: the process ended, or nothing was ready in time.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running():
                raise DemoFailed("the MLflow server ended while starting")
            if _ready(self.url):
                return
            time.sleep(0.3)
        raise DemoFailed(f"the MLflow server was not ready after {timeout:.0f} s")

    def last_lines(self, count: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def sentinel_config(webhook: str) -> dict[str, object]:
    """Sentinel's ``config.yaml``: defaults, and the demo's own receiver as the one sink."""
    sink = {"type": "http", "enabled": True, "url": webhook, "allow_private": True}
    return {"alerting": {"sinks": {"demo": sink}}}


def server_command(folder: Path, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "mlflow", "server", "--app-name", "sentinel"),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]


def server_environment(environ: Mapping[str, str], config: Path) -> dict[str, str]:
    """The caller's environment without its MLflow and Sentinel settings: the demo is the same everywhere."""
    kept = dict(environ)
    forget_settings(kept)
    return {
        **kept,
        "SENTINEL_CONFIG": str(config),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def forget_settings(environ: MutableMapping[str, str]) -> None:
    """Remove MLflow's and Sentinel's own variables: ``MLFLOW_RUN_ID``, say, would resume a run elsewhere."""
    for name in [name for name in environ if name.startswith(OWN_VARIABLES)]:
        del environ[name]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _ready(url: str) -> bool:
    try:
        reply = requests.get(f"{url}/api/v1/ready", timeout=5)
        return reply.status_code == 200 and bool(reply.json()["ready"])
    except (requests.RequestException, ValueError, KeyError):
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:  # also after a second Ctrl-C
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
