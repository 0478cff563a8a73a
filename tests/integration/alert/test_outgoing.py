"""Requests against a real local receiver: what goes out, what is refused, how long it may take."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mlflow_sentinel_plugin.alert import outgoing
from mlflow_sentinel_plugin.alert.outgoing import MAX_REPLY_BYTES, post
from mlflow_sentinel_plugin.alert.sink import DeliveryError

SECRET = "T0K3N"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _fails(url: str, **options: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        post(url, b"{}", {"X-Key": SECRET}, **options)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_body_and_headers_arrive_as_given(receiver: Any) -> None:
    reply = post(receiver.url(), b'{"a":1}', {"X-Key": "v"}, allow_private=True)
    assert (reply.status, reply.body) == (200, b"ok")
    (request,) = receiver.requests
    assert (request.body, request.headers["x-key"]) == (b'{"a":1}', "v")
    assert request.headers["user-agent"].startswith("mlflow-sentinel/")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0.0.0.0", "0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "localhost", "LOCALHOST", "localhost.",
        "169.254.169.254", "10.0.0.1", "192.168.0.1", "172.31.255.255", "100.64.0.1", "[fe80::1]",
        "[fd00::1]", "[64:ff9b::7f00:1]", "224.0.0.1",
    ],
)  # fmt: skip
def test_an_address_inside_the_network_is_refused_in_every_notation(receiver: Any, host: str) -> None:
    error = _fails(receiver.url(f"/{SECRET}", host=host))
    assert "private" in error.message
    assert not error.retry
    assert receiver.requests == []


def _resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names resolve to ``answers``, one after the other; returns the names asked for."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        ips = left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"]])
def test_a_name_that_resolves_into_the_network_is_refused(
    receiver: Any, monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    _resolve(monkeypatch, answer)
    assert not _fails(receiver.url(host="innocent.example")).retry
    assert receiver.requests == []


def test_a_name_is_looked_up_once_so_a_second_answer_cannot_redirect_the_connection(
    receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _resolve(monkeypatch, ["192.0.2.7"], ["127.0.0.1"])
    monkeypatch.setattr(outgoing, "is_public", lambda ip: ip == "192.0.2.7")
    _fails(receiver.url(host="rebinding.example"), timeout=1.0)
    assert asked == ["rebinding.example"]
    assert receiver.requests == []


def test_the_peer_of_the_connected_socket_is_checked_before_a_byte_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = iter([True, False])
    monkeypatch.setattr(outgoing, "is_public", lambda ip: next(verdicts))
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = _fails(f"http://127.0.0.1:{server.getsockname()[1]}/{SECRET}")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b""
    assert not error.retry


def test_a_redirect_is_an_answer_and_is_not_followed(make_receiver: Callable[..., Any]) -> None:
    target = make_receiver()
    receiver = make_receiver((302, {"Location": target.url()}))
    assert post(receiver.url(), b"{}", {}, allow_private=True).status == 302
    assert len(receiver.requests) == 1
    assert target.requests == []


def test_of_an_endless_answer_only_the_beginning_is_read(make_receiver: Callable[..., Any]) -> None:
    reply = post(make_receiver("endless").url(), b"{}", {}, allow_private=True)
    assert (reply.status, len(reply.body)) == (302, MAX_REPLY_BYTES)


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_receiver_that_hangs_or_drips_is_cut_off_in_time(
    make_receiver: Callable[..., Any], behaviour: str
) -> None:
    began = time.monotonic()
    error = _fails(make_receiver(behaviour).url(), allow_private=True, timeout=1.0)
    assert (error.message, error.retry) == ("it did not answer in time", True)
    assert 0.9 < time.monotonic() - began < 3


def test_a_receiver_that_never_finishes_the_tls_handshake_is_cut_off_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        assert _fails(url, allow_private=True, timeout=1.0).message == "it did not answer in time"


def test_a_broken_connection_is_worth_another_try(make_receiver: Callable[..., Any]) -> None:
    error = _fails(make_receiver("reset").url(), allow_private=True)
    assert (error.message, error.retry) == ("it broke the connection", True)


def test_a_refused_connection_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = _fails(f"http://127.0.0.1:{port}/{SECRET}", allow_private=True)
    assert (error.message, error.retry) == ("it refused the connection", True)


def test_a_name_that_does_not_resolve_is_worth_another_try() -> None:
    error = _fails(f"http://{SECRET}.invalid/")
    assert (error.message, error.retry) == ("its name does not resolve", True)


def test_debug_logs_of_the_http_library_hold_no_address(
    receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post(receiver.url(f"/{SECRET}"), b"{}", {}, allow_private=True)
    assert SECRET not in caplog.text


def test_the_http_librarys_other_users_keep_their_debug_logs(
    receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    post(receiver.url(), b"{}", {}, allow_private=True)
    logging.getLogger("urllib3.connectionpool").debug("of another user")
    assert caplog.messages == ["of another user"]


# --- proxies ---------------------------------------------------------------------------------------------


def test_a_proxy_of_the_environment_is_used_though_it_is_in_the_network(
    receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url(path=""))
    assert post("http://receiver.invalid/hook", b"{}", {}).status == 200
    assert receiver.requests[0].path == "http://receiver.invalid/hook"


def test_a_private_receiver_is_refused_behind_a_proxy_too(
    receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url(path=""))
    assert not _fails("http://10.0.0.1/hook").retry
    assert receiver.requests == []


def test_no_proxy_is_respected(make_receiver: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, receiver = make_receiver(), make_receiver()
    monkeypatch.setenv("http_proxy", proxy.url(path=""))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    post(receiver.url(), b"{}", {}, allow_private=True)
    assert (len(proxy.requests), len(receiver.requests)) == (0, 1)


# --- TLS -------------------------------------------------------------------------------------------------


def _write_certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "receiver.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path, list[bytes]]]:
    """A TLS server that answers 200: its address, its certificate, what it was sent."""
    certificate = _write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    sent: list[bytes] = []

    def serve(server: socket.socket) -> None:
        try:
            plain, _ = server.accept()
            with plain, context.wrap_socket(plain, server_side=True) as connection:
                received = b""
                while not received.endswith(b"{}"):
                    received += connection.recv(65_536)
                sent.append(received)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/hook", certificate, sent
        thread.join(5)


def test_an_untrusted_certificate_is_refused_before_anything_is_sent(
    secure: tuple[str, Path, list[bytes]],
) -> None:
    url, _, sent = secure
    assert (
        _fails(url, allow_private=True).message == "its certificate is not trusted: self-signed certificate"
    )
    assert sent == []


def test_an_authority_named_as_for_requests_is_trusted(
    secure: tuple[str, Path, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate, sent = secure
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert post(url, b"{}", {}, allow_private=True).status == 200
    assert len(sent) == 1
