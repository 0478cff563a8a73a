"""The demo's calls: who it logs in as, and what it makes of a refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mlflow_sentinel_plugin.demo.api import SentinelApi, new_session
from mlflow_sentinel_plugin.demo.server import DemoFailed


class Server(HTTPServer):
    """Gives one answer to every request."""

    answer = (200, "{}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "MLFLOW_TRACKING_USERNAME"), (403, "--allowed-hosts"), (404, "--app-name")]
)
def test_a_refusal_is_not_waited_for_and_says_what_would_help(server: Server, status: int, hint: str) -> None:
    server.answer = (status, "no")
    with pytest.raises(DemoFailed) as caught:
        SentinelApi(server.url, "m").wait_ready(timeout=60)
    assert hint in (caught.value.hint or "")


def test_a_server_that_does_not_get_ready_says_why(server: Server) -> None:
    server.answer = (503, '{"error": {"message": "no worker leads"}}')
    with pytest.raises(DemoFailed, match="no worker leads"):
        SentinelApi(server.url, "m").wait_ready(timeout=0)


def test_a_ready_server_is_not_waited_for(server: Server) -> None:
    SentinelApi(server.url, "m").wait_ready(timeout=0)


def test_a_monitor_that_is_not_there_has_no_windows(server: Server) -> None:
    server.answer = (404, "{}")
    api = SentinelApi(server.url, "m")
    assert (api.monitor(), api.windows()) == (None, [])


def test_a_failure_is_no_missing_monitor(server: Server) -> None:
    server.answer = (503, "{}")
    with pytest.raises(DemoFailed, match="HTTP 503"):
        SentinelApi(server.url, "m").monitor()


def test_the_login_is_the_one_of_mlflows_client() -> None:
    user = {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "pw"}
    assert new_session(user).auth == ("me", "pw")
    assert new_session({"MLFLOW_TRACKING_TOKEN": "t"}).headers["Authorization"] == "Bearer t"
    assert new_session({}).auth is None


def test_certificates_and_workspace_are_those_of_mlflows_client() -> None:
    assert new_session({}).verify is True
    assert new_session({"MLFLOW_TRACKING_INSECURE_TLS": "true"}).verify is False
    assert new_session({"MLFLOW_TRACKING_SERVER_CERT_PATH": "/ca.pem"}).verify == "/ca.pem"
    assert new_session({"MLFLOW_WORKSPACE": "team"}).headers["X-MLFLOW-WORKSPACE"] == "team"
