"""Whatever happens to Sentinel's database or settings: MLflow answers, Sentinel says why, and comes back."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.server.running import Server, eventually

pytestmark = pytest.mark.server

COMES_BACK_S = 20
STARTED = "Application startup complete"


@pytest.fixture
def server(start_server, tmp_path):
    """A server whose Sentinel has a file of its own, and settings that can be broken."""
    config = tmp_path / "sentinel.yaml"
    config.write_text(settings(tmp_path))
    return start_server(environ={"SENTINEL_CONFIG": str(config)})


def settings(folder: Path) -> str:
    return f"storage: {{uri: 'sqlite:///{folder}/own.db'}}\n"


def reason(server: Server) -> str | None:
    """Why Sentinel does not answer, asked of every worker; ``None`` while one still does."""
    answers = server.ask_everywhere("/api/v1/health")
    if any(answer.status_code != 503 for answer in answers):
        return None
    assert all(answer.headers["Retry-After"] for answer in answers)
    return answers[0].json()["error"]["message"]


def assert_down(server: Server, *, says: str) -> None:
    """Sentinel answers 503 and why on every worker, MLflow answers as always."""
    assert eventually(lambda: says in (reason(server) or ""), COMES_BACK_S), reason(server)
    assert server.mlflow_answers()
    assert server.get("/api/v1/monitors").status_code == 503
    assert "text/html" in server.get("/sentinel/").headers["Content-Type"]


def assert_back(server: Server) -> None:
    """Every worker answers again, with the data of before."""

    def up() -> bool:
        return {answer.status_code for answer in server.ask_everywhere("/api/v1/health")} == {200}

    assert eventually(up, COMES_BACK_S)
    assert eventually(lambda: server.get("/api/v1/ready").status_code == 200, COMES_BACK_S)
    assert [item["name"] for item in server.get("/api/v1/monitors").json()["items"]] == ["kept"]


def kill_a_worker(server: Server) -> None:
    """SIGKILL one worker and wait for the one that takes its place."""
    started = server.log.count(STARTED)
    os.kill(server.workers()[0], signal.SIGKILL)
    assert eventually(lambda: server.log.count(STARTED) > started, 90)


def make_monitor(server: Server) -> None:
    assert server.post("/api/v1/monitors", json={"name": "kept"}).status_code == 201


def test_a_file_that_cannot_be_read_takes_sentinel_down_and_it_comes_back(server):
    make_monitor(server)
    file, kept = server.folder / "own.db", server.folder / "kept.db"
    file.rename(kept)
    file.mkdir()
    assert_down(server, says="database")
    kill_a_worker(server)
    assert_down(server, says="database")
    file.rmdir()
    kept.rename(file)
    assert_back(server)


def test_a_file_of_garbage_takes_sentinel_down_and_it_comes_back(server):
    make_monitor(server)
    file, kept = server.folder / "own.db", server.folder / "kept.db"
    file.rename(kept)
    file.write_bytes(os.urandom(100_000))
    assert_down(server, says="database")
    kill_a_worker(server)
    assert_down(server, says="not a database")
    kept.replace(file)
    assert_back(server)


def test_a_newer_schema_takes_sentinel_down_and_it_comes_back(server):
    make_monitor(server)
    with sqlite3.connect(server.folder / "own.db") as db:
        (now,) = db.execute("SELECT version_num FROM alembic_version_sentinel").fetchone()
        db.execute("UPDATE alembic_version_sentinel SET version_num = 'ffff'")
    assert_down(server, says="version")
    kill_a_worker(server)
    assert_down(server, says="version")
    with sqlite3.connect(server.folder / "own.db") as db:
        db.execute("UPDATE alembic_version_sentinel SET version_num = ?", (now,))
    assert_back(server)


def test_broken_settings_take_down_only_the_workers_that_read_them(server):
    make_monitor(server)
    config = server.folder / "sentinel.yaml"
    config.write_text("drift: {algoritms: [psi]}")
    kill_a_worker(server)
    by_status = {answer.status_code: answer for answer in server.ask_everywhere("/api/v1/health", 100)}
    assert set(by_status) == {200, 503}
    assert "drift.algoritms: unknown key" in by_status[503].json()["error"]["message"]
    assert server.mlflow_answers()
    config.write_text(settings(server.folder))
    assert_back(server)


def test_a_database_that_is_away_at_the_start_does_not_stop_mlflow(start_server, tmp_path):
    blocked = tmp_path / "own.db"
    blocked.mkdir()
    server = start_server(
        environ={"SENTINEL_STORAGE__URI": f"sqlite:///{blocked}"}, ready=lambda it: it.mlflow_answers()
    )
    assert "MLflow starts without it" in server.log
    assert_down(server, says="database")
    blocked.rmdir()
    assert eventually(lambda: server.get("/api/v1/ready").status_code == 200, COMES_BACK_S)


def test_tables_that_only_a_person_may_make_are_waited_for(start_server, tmp_path):
    uri = f"sqlite:///{tmp_path}/own.db"
    server = start_server(
        environ={"SENTINEL_STORAGE__URI": uri, "SENTINEL_STORAGE__MIGRATE": "manual"},
        ready=lambda it: it.mlflow_answers(),
    )
    assert_down(server, says="missing")
    from mlflow_sentinel_plugin.store import migrate
    from mlflow_sentinel_plugin.store.engine import Database

    migrate.upgrade(Database.open(uri))
    assert eventually(lambda: server.get("/api/v1/ready").status_code == 200, COMES_BACK_S)
