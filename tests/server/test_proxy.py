"""Behind nginx that ends TLS: at the root of a host, and below a prefix that the proxy cuts off."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.running import Server, eventually, free_port, running_server

pytestmark = [pytest.mark.server, pytest.mark.long]

HOST = "mlflow.example.com"
PREFIX = "/tools/mlflow"
# Left alone it would log and store below /var; as another user it could not enter the test's folder.
SETTINGS = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{ proxy_pass http://127.0.0.1:{server}; }}
        location {prefix}/ {{ proxy_pass http://127.0.0.1:{server}/; }}
    }}
}}
"""


def nginx() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or shutil.which("nginx")
    if found is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    return found


def make_certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def proxy(program: str, folder: Path, server: Server) -> Iterator[requests.Session]:
    """A client of nginx in front of ``server`` that asks for ``HOST``; its ``.url`` is nginx's address."""
    make_certificate(folder)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    text = SETTINGS.format(user=user, folder=folder, port=port, server=server.port, prefix=PREFIX)
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        with requests.Session() as client:
            client.trust_env = False  # REQUESTS_CA_BUNDLE would win over the next line
            client.verify = str(folder / "cert.pem")
            client.headers["Host"] = HOST
            client.url = f"https://127.0.0.1:{port}"
            assert eventually(lambda: answers(client), 30)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def answers(client: requests.Session) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return client.get(f"{client.url}/health", timeout=30).ok
    return False


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[requests.Session]:
    program, folder = nginx(), tmp_path_factory.mktemp("proxy")
    allowed = ("--allowed-hosts", f"{HOST},127.0.0.1:*", "--cors-allowed-origins", f"https://{HOST}")
    with running_server(folder, *allowed) as server, proxy(program, folder, server) as session:
        yield session


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_the_page_and_what_it_asks_for_come_through(client, prefix):
    root = client.url + prefix
    page = client.get(f"{root}/sentinel/", timeout=60)
    assert "text/html" in page.headers["Content-Type"]
    assert client.get(f"{root}/api/v1/health", timeout=60).json()["status"] == "ok"
    assert client.get(f"{root}/api/v1/docs", timeout=60).ok
    assert client.get(f"{root}/version", timeout=60).ok


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_the_page_is_found_without_the_slash_at_its_end(client, prefix):
    answer = client.get(f"{client.url}{prefix}/sentinel", timeout=60, allow_redirects=False)
    assert answer.status_code == 308
    assert (
        answer.headers["Location"] == "sentinel/"
    )  # a full address would name plain http, without the prefix


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_a_change_from_the_page_is_accepted_and_a_foreign_one_is_not(client, prefix):
    url, body = f"{client.url}{prefix}/api/v1/monitors", {"name": f"churn{len(prefix)}"}
    foreign = client.post(url, json=body, headers={"Origin": "https://evil.example"}, timeout=60)
    own = client.post(url, json=body, headers={"Origin": f"https://{HOST}"}, timeout=60)
    assert (foreign.status_code, own.status_code) == (403, 201)


def test_a_body_of_20_mb_comes_through(client):
    body = b"age\n" + b"30\n" * 7_000_000
    answer = client.post(
        f"{client.url}/api/v1/predictions?monitor=none",
        data=body,
        headers={"Content-Type": "text/csv"},
        timeout=120,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "monitor_not_found")


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_the_socket_opens_for_the_page_and_for_no_other(client, prefix):
    url = f"{client.url}{prefix}/ws/live"
    assert handshake(client, url, f"https://{HOST}") == 101
    assert handshake(client, url, "https://evil.example") == 403


def handshake(client: requests.Session, url: str, origin: str) -> int:
    """The status that a page of ``origin`` is answered when it opens a socket."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Origin": origin,
    }
    with client.get(url, headers=headers, timeout=60, stream=True) as answer:
        return answer.status_code
