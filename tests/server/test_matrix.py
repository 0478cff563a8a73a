"""The main job on each database and each server, with and without a prefix: from a baseline to an alert.

Under a server that is not supported: one line, and MLflow as without Sentinel.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlflow_sentinel_plugin.demo.receiver import Receiver
from tests.databases import empty_database
from tests.server.running import Server, command, environment, eventually, free_port, running_server

pytestmark = [pytest.mark.server, pytest.mark.long]

ANSWERS_S = 120
GUNICORN = ("--gunicorn-opts", "--worker-class gthread --threads 8 --timeout 120")
CSV = {"Content-Type": "text/csv"}
ROWS = 300


@dataclass(frozen=True)
class Setting:
    """One way to run the server."""

    database: str = "sqlite"
    gunicorn: bool = False
    workers: int = 4
    prefix: str = ""
    apart: bool = False
    """Sentinel's tables are not in MLflow's database: MLflow keeps its runs in files."""

    def __str__(self) -> str:
        server = "gunicorn" if self.gunicorn else "uvicorn"
        where = "beside-a-file-store" if self.apart else ""
        parts = (self.database, server, str(self.workers), self.prefix.strip("/").replace("/", "."), where)
        return "-".join(part for part in parts if part)


SETTINGS = [
    Setting(),
    Setting(gunicorn=True, prefix="/x"),
    Setting("postgresql", prefix="/tools/mlflow"),
    Setting("postgresql", gunicorn=True),
    Setting("mysql"),
    Setting("mysql", gunicorn=True, prefix="/x"),
    Setting("postgresql", workers=1, apart=True),
]


def parameter(setting: Setting) -> Any:
    """Marked by the kind of database server it needs."""
    marks = [] if setting.database == "sqlite" else [pytest.mark.database]
    return pytest.param(setting, id=str(setting), marks=marks)


@contextmanager
def running(setting: Setting, folder: Path, receiver: Receiver) -> Iterator[Server]:
    """A server set up like that, which tells ``receiver`` of alerts."""
    environ = {
        "SENTINEL_ALERTING__SINKS__HTTP__URL": receiver.url,
        "SENTINEL_ALERTING__SINKS__HTTP__ALLOW_PRIVATE": "true",
    }
    with empty_database(setting.database, folder) as uri:
        backend = uri
        if setting.apart:
            backend = str(folder / "mlruns")
            environ |= {"MLFLOW_ALLOW_FILE_STORE": "true", "SENTINEL_STORAGE__URI": uri}
        arguments = ("--backend-store-uri", backend, *(GUNICORN if setting.gunicorn else ()))
        options: dict[str, Any] = {"workers": setting.workers, "prefix": setting.prefix, "environ": environ}
        with running_server(folder, *arguments, **options) as server:
            yield server


def csv(start: int) -> str:
    """Rows of one number and one category; ``start`` moves the number."""
    lines = [f"{start + n % 50},{'Ulm' if n % 3 else 'Bonn'}" for n in range(ROWS)]
    return "\n".join(["age,city", *lines, ""])


def post(server: Server, path: str, **kwargs: Any) -> dict[str, Any]:
    answer = server.post(f"/api/v1{path}", **kwargs)
    assert answer.ok, f"{answer.text}\n{server.log[-3000:]}"
    return answer.json()


def items(server: Server, path: str) -> list[dict[str, Any]]:
    return server.get(f"/api/v1{path}").json()["items"]


@pytest.mark.parametrize("setting", [parameter(setting) for setting in SETTINGS])
def test_from_a_baseline_to_an_alert(setting, tmp_path):
    with Receiver() as receiver, running(setting, tmp_path, receiver) as server:
        assert server.mlflow_answers()
        post(server, "/monitors", json={"name": "churn", "window": {"rows": ROWS}})
        post(server, "/baseline?monitor=churn", data=csv(20), headers=CSV)
        accepted = post(server, "/predictions?monitor=churn", data=csv(60), headers=CSV)
        assert (accepted["rows"], accepted["rejected"]) == (ROWS, 0)

        assert eventually(lambda: items(server, "/drift?monitor=churn"), ANSWERS_S)
        assert receiver.wait_for(1, ANSWERS_S)
        (event,), (alert,) = items(server, "/drift"), items(server, "/alerts")
        (message,) = receiver.messages
        assert (event["monitor"], alert["status"]) == ("churn", "firing")
        assert message["type"] == "drift.alert.firing"
        assert server.get("/api/v1/monitors/churn").json()["rows"] == {
            "accepted": ROWS,
            "pending": 0,
            "rejected": 0,
        }
        assert "text/html" in server.get("/sentinel/").headers["Content-Type"]
        assert server.mlflow_answers()


def test_under_a_worker_class_without_threads_mlflow_runs_alone_and_one_line_says_so(start_server):
    server = start_server("--gunicorn-opts", "--timeout 120", workers=1, ready=Server.mlflow_answers)
    said = [line for line in server.log.splitlines() if line.startswith("mlflow-sentinel:")]
    assert len(said) == 1
    assert "worker class sync; use uvicorn" in said[0]
    assert "mlflow_sentinel:" not in server.log
    answer = server.get("/api/v1/health")
    assert answer.status_code == 503
    assert "does not work under this worker class" in answer.json()["error"]["message"]


def test_under_waitress_the_start_stops_with_one_line(tmp_path):
    done = subprocess.run(
        [*command(tmp_path, free_port()), "--waitress-opts", ""],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("mlflow-sentinel:")]
    assert len(said) == 1
    assert "Sentinel does not work under waitress; use uvicorn" in said[0]
    assert "Traceback" not in done.stderr
