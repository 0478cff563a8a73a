"""Sentinel inside a real ``mlflow server``: both work, one worker leads, start and stop are MLflow's."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time

import pytest
import requests

from tests.server.running import command, environment, eventually, free_port, running_server

pytestmark = pytest.mark.server


def leader_pid(server) -> int | None:
    """The leader's process id, which its name ends with."""
    leader = server.leader()
    return int(leader.split(":")[1]) if leader else None


# --- side by side ----------------------------------------------------------------------------------------


def test_mlflows_own_routes_answer_as_before(server):
    assert server.get("/health").text == "OK"
    assert server.get("/version").ok
    assert "<html" in server.get("/").text
    assert server.mlflow_answers()
    assert server.get("/api/2.0/mlflow/nothing").status_code == 404


def test_sentinels_routes_answer_from_each_worker(server):
    assert {answer.status_code for answer in server.ask_everywhere("/api/v1/health")} == {200}
    assert server.get("/api/v1/monitors").json() == {"items": [], "next": None}


def test_the_page_the_docs_and_the_document_are_served(server):
    assert server.get("/sentinel", allow_redirects=False).status_code == 308
    assert "text/html" in server.get("/sentinel/").headers["Content-Type"]
    assert server.get("/api/v1/docs").ok
    assert server.get("/api/v1/docs/js/swagger-ui-bundle.js").ok
    assert "/api/v1/predictions" in server.get("/api/v1/openapi.json").json()["paths"]


def test_paths_that_do_not_exist_have_the_error_body(server):
    answer = server.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_foreign_host_header_is_refused(server):
    answer = requests.get(f"{server.api}/monitors", headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 403


def test_a_cross_origin_change_is_refused(server):
    answer = server.post("/api/v1/monitors", json={"name": "a"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert server.get("/api/v1/monitors").json()["items"] == []


# --- large bodies ----------------------------------------------------------------------------------------


def test_800_mb_are_refused_at_once_and_take_no_memory(server):
    before = server.memory_mb()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    begin = time.monotonic()
    connection.putrequest("POST", "/api/v1/predictions?monitor=a")
    connection.putheader("Content-Length", str(800 * 1024 * 1024))
    connection.putheader("Content-Type", "text/csv")
    connection.endheaders()
    connection.send(b"a,b\n" * 1000)
    answer = connection.getresponse()
    seconds = time.monotonic() - begin
    assert answer.status == 413
    assert b'"too_large"' in answer.read()
    assert seconds < 5  # of a body that never ends
    assert server.memory_mb() - before < 20


def test_a_client_that_sends_all_of_800_mb_reads_the_answer_too(server):
    before, most = server.memory_mb(), 0.0

    def body():
        nonlocal most
        for number in range(800):
            if number % 50 == 0:
                most = max(most, server.memory_mb())
            yield b"x" * 1024 * 1024

    try:
        status = server.post("/api/v1/predictions?monitor=a", data=body()).status_code
    except requests.ConnectionError:
        status = 413  # the server hung up in the middle, which a client that only writes sees first
    assert status == 413
    assert most - before < 150


# --- who leads -------------------------------------------------------------------------------------------


def test_one_of_four_workers_leads_and_a_killed_leader_is_replaced_within_10_s(start_server):
    server = start_server(workers=4)
    assert len(server.workers()) == 4
    leaders = {answer.json()["leader"] for answer in server.ask_everywhere("/api/v1/ready")}
    assert len(leaders) == 1
    first = leader_pid(server)
    assert first in server.workers()
    os.kill(first, signal.SIGKILL)
    begin = time.monotonic()
    second = eventually(lambda: (pid := leader_pid(server)) is not None and pid != first and pid, 20)
    seconds = time.monotonic() - begin
    print(f"\na new leader after {seconds:.1f} s")
    assert second
    assert seconds < 10
    assert eventually(lambda: len(server.workers()) == 4, 60)
    assert len({server.leader() for _ in range(20)}) == 1


# --- start and stop --------------------------------------------------------------------------------------


def all_workers_started(server) -> bool:
    """A signal that comes while a worker still starts waits for its imports."""
    return server.log.count("Application startup complete") >= 4


def test_stopping_takes_no_longer_than_plain_mlflow(tmp_path):
    seconds = {}
    for name in ("sentinel", None):
        folder = tmp_path / str(name)
        folder.mkdir()
        with running_server(folder, workers=4, app_name=name, ready=all_workers_started) as server:
            if name:
                assert eventually(lambda: server.get("/api/v1/ready").status_code == 200, 30)
            seconds[name] = server.stop()
    print(f"\nSIGTERM: with Sentinel {seconds['sentinel']:.2f} s, MLflow alone {seconds[None]:.2f} s")
    assert seconds["sentinel"] <= seconds[None] + 1


def test_wrong_settings_stop_the_start_with_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "sentinel.yaml").write_text("drift: {algoritms: [psi]}")
    done = subprocess.run(
        command(tmp_path, free_port()),
        env=environment(SENTINEL_CONFIG=str(tmp_path / "sentinel.yaml")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    ours = [line for line in done.stderr.splitlines() if "sentinel.yaml" in line]
    assert done.returncode == 1
    assert len(ours) == 1
    assert "drift.algoritms: unknown key; did you mean drift.algorithms?" in ours[0]
    assert "Traceback" not in done.stderr


def test_a_config_of_a_stand_alone_sentinel_starts_as_it_is(start_server, request):
    config = request.path.parents[1] / "data" / "standalone-config.yaml"
    server = start_server(environ={"SENTINEL_CONFIG": str(config)})
    assert server.health().status_code == 200
    assert (server.folder / "sentinel.db").is_file()
    assert "SENTINEL_SLACK_WEBHOOK is not set" in server.log
    assert server.log.count("api.port has no effect") == 1


def test_switched_off_it_is_mlflow_alone(start_server):
    server = start_server(
        environ={"SENTINEL_ENABLED": "false"}, ready=lambda running: running.mlflow_answers()
    )
    answer = server.get("/api/v1/health")
    assert answer.status_code == 404
    assert "error" not in answer.text
    assert server.get("/sentinel/").status_code == 404


def test_below_a_static_prefix_everything_moves(start_server):
    server = start_server(prefix="/x")
    assert server.get("/api/v1/health").status_code == 200
    assert server.get("/sentinel").url == f"{server.root}/sentinel/"
    assert requests.get(f"http://127.0.0.1:{server.port}/api/v1/health", timeout=10).status_code == 404
    assert server.get("/api/v1/openapi.json").json()["servers"] == [{"url": "/x"}]


def test_under_gunicorn_both_work_too(start_server):
    server = start_server("--gunicorn-opts", "--worker-class gthread --threads 4")
    assert server.mlflow_answers()
    assert server.get("/api/v1/monitors").status_code == 200
    evil = requests.get(f"{server.api}/monitors", headers={"Host": "evil.example"}, timeout=10)
    assert evil.status_code == 403
    server.stop()
    assert "no longer leads" in server.log


def test_under_gunicorn_with_preload_a_worker_leads(start_server):
    server = start_server("--gunicorn-opts", "--worker-class gthread --threads 4 --preload")
    assert leader_pid(server) in server.workers()
