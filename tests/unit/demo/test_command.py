"""``mlflow-sentinel demo`` refuses what cannot work before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlflow_sentinel_plugin.demo.api import SentinelApi
from mlflow_sentinel_plugin.demo.command import demo_command
from mlflow_sentinel_plugin.demo.server import (
    DemoFailed,
    MLflowServer,
    free_port,
    sentinel_config,
    server_command,
    server_environment,
)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("mine")
    result = CliRunner().invoke(demo_command, ["--once", "--dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "is not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(demo_command, ["--dir", str(tmp_path / "new"), "--port", str(port)])
    assert result.exit_code == 1
    assert f"port {port} is in use; leave --port out for a free one" in result.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--into", "localhost:5000"], "begins with http:// or https://"),
        (["--into", "http://localhost:5000", "--port", "5000"], "--into starts none"),
    ],
)
def test_what_does_not_go_with_a_running_server_is_refused(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(demo_command, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_the_server_runs_without_the_users_own_settings() -> None:
    environ = {"PATH": "/bin", "MLFLOW_TRACKING_URI": "https://prod", "SENTINEL_ENABLED": "false"}
    assert server_environment(environ, Path("/tmp/config.yaml")) == {
        "PATH": "/bin",
        "SENTINEL_CONFIG": "/tmp/config.yaml",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def test_the_server_is_mlflows_own_with_its_default_workers() -> None:
    command = server_command(Path("/tmp/demo"), 5001)
    assert command[1:6] == ["-m", "mlflow", "server", "--app-name", "sentinel"]
    assert "--workers" not in command


def test_the_only_sink_is_the_demos_own_receiver() -> None:
    sinks = sentinel_config("http://127.0.0.1:1/webhook")["alerting"]["sinks"]  # type: ignore[index]
    assert list(sinks) == ["demo"]


def test_a_server_that_cannot_start_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with (
        MLflowServer(tmp_path, free_port(), "http://127.0.0.1:1/") as server,
        pytest.raises(DemoFailed, match="ended while starting"),
    ):
        server.wait_ready(timeout=10)


def test_a_server_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(DemoFailed, match="does not answer"):
        SentinelApi(f"http://127.0.0.1:{free_port()}", "late-flights").closed_windows()
