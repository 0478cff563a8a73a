"""MLflow's own API answers the same with and without Sentinel, with and without a login."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server.principals import ADMIN, PASSWORD
from tests.server.running import Server, command, environment, free_port, running_server
from tests.server.test_auth_matrix import login_environment

pytestmark = [pytest.mark.server, pytest.mark.long]

BOB = ("bob", PASSWORD)
API = "/api/2.0/mlflow"
TRACES = "/api/3.0/mlflow/traces"
JOBS = "/ajax-api/3.0/jobs"
JOB = """
from mlflow.server.jobs import job


@job(name="add", max_workers=1)
def add(a: int, b: int) -> int:
    return a + b
"""
JOB_S = 90
STRANGERS = {None: "nobody", ADMIN: "admin", BOB: "bob"}


def test_without_a_login_mlflow_answers_as_it_did(tmp_path):
    plain, with_sentinel = (transcript(tmp_path, name, asking=[None]) for name in (None, "sentinel"))
    assert refused(plain, "nobody") == [["/v1/traces", "400"], [f"{JOBS}/", "400"]]
    assert any("SUCCEEDED" in line for line in plain)
    assert with_sentinel == plain


def test_behind_its_login_mlflow_answers_as_it_did(tmp_path):
    asking = [None, ADMIN, BOB]
    plain, with_sentinel = (
        transcript(tmp_path, name, asking=asking) for name in ("basic-auth", "sentinel-basic-auth")
    )
    assert statuses(plain, "nobody", API) == {"401"}
    assert refused(plain, "admin") == [["/v1/traces", "400"], [f"{JOBS}/", "400"]]
    assert statuses(plain, "bob", API) >= {"200", "403"}
    assert with_sentinel == plain


def test_without_its_secret_key_the_login_stops_the_start_and_nothing_listens(tmp_path):
    given = environment(**login_environment(tmp_path))
    del given["MLFLOW_FLASK_SERVER_SECRET_KEY"]
    line = command(tmp_path, free_port(), app_name="sentinel-basic-auth")
    done = subprocess.run(line, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert "MLFLOW_FLASK_SERVER_SECRET_KEY is not set" in done.stderr.splitlines()[-1]


def test_switched_off_sentinel_is_gone_and_the_login_stays(tmp_path):
    with running_server(
        tmp_path,
        app_name="sentinel-basic-auth",
        workers=1,
        environ={**login_environment(tmp_path), "SENTINEL_ENABLED": "false"},
        ready=is_up,
    ) as server:
        assert server.get("/api/v1/me", auth=ADMIN).status_code == 404
        assert server.get("/sentinel/", auth=ADMIN).status_code == 404
        body = {"max_results": 1}
        assert server.post(f"{API}/experiments/search", json=body).status_code == 401
        assert server.post(f"{API}/experiments/search", json=body, auth=ADMIN).status_code == 200


def statuses(lines: list[str], who: str, below: str) -> set[str]:
    """What ``who`` got from paths that begin with ``below``."""
    parts = [line.split() for line in lines]
    return {part[3] for part in parts if part[0] == who and part[2].startswith(below)}


def refused(lines: list[str], who: str) -> list[list[str]]:
    """Path and status of what ``who`` did not get."""
    parts = [line.split()[:4] for line in lines]
    return [part[2:] for part in parts if part[0] == who and part[3] != "200"]


def is_up(server: Server) -> bool:
    return server.get("/health").status_code == 200


def transcript(tmp_path: Path, app_name: str | None, *, asking: list[tuple[str, str] | None]) -> list[str]:
    """What a server said to a day's work by each of ``asking``, without ids and times."""
    folder = tmp_path / (app_name or "mlflow")
    folder.mkdir()
    environ = {
        **(login_environment(folder) if "basic-auth" in (app_name or "") else {}),
        **environment_with_a_job(folder),
    }
    with running_server(folder, app_name=app_name, workers=1, environ=environ, ready=is_up) as server:
        if BOB in asking:
            user = {"username": BOB[0], "password": PASSWORD}
            assert server.post(f"{API}/users/create", json=user, auth=ADMIN).status_code == 200
        return [line for who in asking for line in Day(server, who).lines()]


def environment_with_a_job(folder: Path) -> dict[str, str]:
    """MLflow runs jobs, and knows one more of them."""
    (folder / "adding.py").write_text(JOB)
    return {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true",
        "PYTHONPATH": str(folder),
        "_MLFLOW_SUPPORTED_JOB_FUNCTION_LIST": "adding.add",
        "_MLFLOW_ALLOWED_JOB_NAME_LIST": "add",
    }


class Day:
    """MLflow's main paths: experiments, runs, metrics, artifacts, models, traces, jobs, and its page."""

    def __init__(self, server: Server, who: tuple[str, str] | None) -> None:
        self._server = server
        self._who = who
        self._name = STRANGERS[who]
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        experiment = self._tell("POST", "/experiments/create", name=f"of {self._name}").get(
            "experiment_id", "1"
        )
        self._tell("GET", "/experiments/get", experiment_id=experiment)
        self._tell("POST", "/experiments/search", max_results=5)
        self._tell("POST", "/experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v")
        self._tell("POST", "/experiments/set-experiment-tag", experiment_id="0", key="k", value="v")
        run = self._run(experiment)
        self._model(run)
        self._traces(experiment)
        self._job()
        self._page()
        return self._lines

    def _run(self, experiment: str) -> str:
        made = self._tell("POST", "/runs/create", experiment_id=experiment, run_name="train", start_time=1)
        run: str = made.get("run", {}).get("info", {}).get("run_id", "0" * 32)
        self._tell("POST", "/runs/log-metric", run_id=run, key="loss", value=0.5, timestamp=1, step=0)
        self._tell("POST", "/runs/log-parameter", run_id=run, key="depth", value="3")
        self._tell("GET", "/metrics/get-history", run_id=run, metric_key="loss")
        self._tell("POST", "/runs/search", experiment_ids=[experiment])
        artifact = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/a.txt"
        self._say("PUT", artifact, data=b"text")
        self._say("GET", artifact)
        self._tell("GET", "/artifacts/list", run_id=run)
        self._tell("POST", "/runs/update", run_id=run, status="FINISHED", end_time=2)
        self._tell("GET", "/runs/get", run_id=run)
        return run

    def _model(self, run: str) -> None:
        name = f"model of {self._name}"
        self._tell("POST", "/registered-models/create", name=name)
        source = f"runs:/{run}/model"
        self._tell("POST", "/model-versions/create", name=name, source=source, run_id=run)
        self._tell("GET", "/registered-models/search", max_results=5)
        self._tell("POST", "/registered-models/alias", name=name, alias="live", version="1")
        self._tell("GET", "/registered-models/get", name=name)

    def _traces(self, experiment: str) -> None:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
        trace = f"tr-{self._name:a<32}"
        info = {"trace_id": trace, "trace_location": place, "state": "OK"}
        info |= {"request_time": "2026-01-01T00:00:00Z", "execution_duration": "1s"}
        self._say("POST", TRACES, json={"trace": {"trace_info": info}})
        self._say("PATCH", f"{TRACES}/{trace}/tags", json={"key": "k", "value": "v"})
        self._say("GET", f"{TRACES}/{trace}")
        self._say("POST", f"{TRACES}/search", json={"locations": [place]})
        spans = {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": experiment}
        self._say("POST", "/v1/traces", data=b"", headers=spans)
        self._say(
            "POST", f"{TRACES}/delete-traces", json={"experiment_id": experiment, "request_ids": [trace]}
        )

    def _job(self) -> None:
        """One is started, runs in a process of its own, and is asked for until it is over."""
        self._say("POST", f"{JOBS}/", json={"job_name": "no such job", "params": {}})
        made = self._say("POST", f"{JOBS}/", json={"job_name": "add", "params": {"a": 1, "b": 2}})
        job = made.get("job_id", "0" * 32)
        self._wait_for(job)
        self._say("GET", f"{JOBS}/{job}")
        self._say("POST", f"{JOBS}/search", json={"job_name": "add", "statuses": ["SUCCEEDED"]})

    def _wait_for(self, job: str) -> None:
        deadline = time.monotonic() + JOB_S
        while time.monotonic() < deadline:
            answer = requests.get(f"{self._server.root}{JOBS}/{job}", auth=self._who, timeout=60)
            if not answer.ok or answer.json()["status"] not in ("PENDING", "RUNNING"):
                return
            time.sleep(0.5)

    def _page(self) -> None:
        self._say("GET", "/version")
        self._say("GET", "/health", shown=False)
        self._say("GET", "/", shown=False)
        self._say("GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=1")

    def _tell(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"json": body} if method == "POST" else {"params": body}
        return self._say(method, API + path, **given)

    def _say(self, method: str, path: str, *, shown: bool = True, **given: Any) -> dict[str, Any]:
        answer = requests.request(
            method, self._server.root + path, auth=self._who, timeout=120, allow_redirects=False, **given
        )
        headers = {name: answer.headers.get(name) for name in ("Content-Type", "WWW-Authenticate")}
        text = steady(in_order(answer)) if shown else ""
        self._lines.append(f"{self._name} {method} {steady(path)} {answer.status_code} {headers} {text}")
        found = answer.json() if answer.ok and "json" in answer.headers.get("Content-Type", "") else {}
        return found if isinstance(found, dict) else {}


def in_order(answer: requests.Response) -> str:
    """The body; of JSON with its keys sorted: those of a map come in any order."""
    if "json" not in answer.headers.get("Content-Type", ""):
        return answer.text
    return json.dumps(answer.json(), sort_keys=True)


def steady(text: str) -> str:
    """Without what differs from server to server: ids, times and folders."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", "<id>", text)
    text = re.sub(r"\b1[0-9]{12}\b", "<time>", text)
    text = re.sub(r"/tmp/[^\"]*?/(mlflow|sentinel|basic-auth|sentinel-basic-auth)/", "<folder>/", text)
    return text
