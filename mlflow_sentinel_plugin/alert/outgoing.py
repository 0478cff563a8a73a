"""Requests to addresses that people typed: bounded in time and size, no redirects, no way into our network.

A name is resolved once, every address it has must be public, and the connection goes to just these addresses
(a second lookup could answer otherwise); the peer of the connected socket is checked again before a byte is
sent. ``allow_private`` lifts both.

Proxies of the environment (``HTTPS_PROXY``, ``NO_PROXY``, …) are used. The proxy itself was chosen by whoever
runs the server and may be anywhere. It resolves the name, so only what this machine resolves as well can be
refused; further limits are the proxy's to set.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests.utils
import urllib3
import urllib3.exceptions as http_errors
from urllib3.connection import HTTPConnection, HTTPSConnection

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.alert.addresses import is_public
from mlflow_sentinel_plugin.alert.sink import DeliveryError

MAX_REPLY_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 5.0
_USER_AGENT = f"mlflow-sentinel/{__version__}"


@dataclass(frozen=True)
class Reply:
    """What the receiver answered; ``body`` holds at most the first 64 KiB."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, timeout: float = 10.0
) -> Reply:
    """POST once and return what was answered, whatever its status.

    Args:
        timeout: Seconds for all of it, however slowly the receiver drips (but for the name lookup, which the
            operating system limits).

    Raises:
        DeliveryError: nothing was answered, or the address is refused. It says neither address nor headers.
    """
    guard = _Guard(timeout, allow_private)
    _quiet.sending = True
    watchdog = threading.Timer(timeout, guard.expire)
    watchdog.daemon = True
    watchdog.start()
    try:
        return _send(url, body, {"User-Agent": _USER_AGENT, **headers}, guard)
    except DeliveryError:
        raise
    except (http_errors.HTTPError, OSError, ValueError) as error:
        raise DeliveryError(guard.reason(error), retry=True) from None
    finally:
        watchdog.cancel()
        guard.close()
        _quiet.sending = False


def _send(url: str, body: bytes, headers: Mapping[str, str], guard: _Guard) -> Reply:
    with _manager(url, guard) as manager:
        response = manager.urlopen(
            "POST",
            url,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=guard.left()),
        )
        if guard.expired:
            # A connection that is cut within the headers looks like their end.
            raise TimeoutError
        read = b""
        # The status is what counts: a body that breaks off changes nothing.
        with suppress(http_errors.HTTPError, OSError):
            read = response.read(MAX_REPLY_BYTES, decode_content=False)
        response.close()
        return Reply(response.status, dict(response.headers), read)


def _manager(url: str, guard: _Guard) -> urllib3.PoolManager:
    options = _trust()
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    manager: urllib3.PoolManager
    if proxy:
        guard.through_proxy(url)
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        user, password = requests.utils.get_auth_from_url(proxy)
        login = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
        manager = urllib3.ProxyManager(proxy, proxy_headers=login, **options)
    else:
        manager = urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = guard.pools()
    return manager


def _trust() -> dict[str, Any]:
    """The certificate authorities ``requests`` would trust, so one variable serves MLflow and Sentinel."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    bundle = bundle or certifi.where()
    # A path from the environment, tested as it is.
    where = "ca_cert_dir" if os.path.isdir(bundle) else "ca_certs"  # noqa: PTH112
    return {"cert_reqs": ssl.CERT_REQUIRED, where: bundle}


class _Guard:
    """Watches one request: where it connects to, and how long it takes."""

    def __init__(self, timeout: float, allow_private: bool) -> None:
        self._deadline = time.monotonic() + timeout
        self._check = not allow_private
        self.expired = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []

    def left(self) -> float:
        """Seconds until the deadline, never 0: that would mean non-blocking."""
        return max(self._deadline - time.monotonic(), 0.001)

    def expire(self) -> None:
        """Cut the connections: a blocked read, write or handshake ends at once."""
        with self._lock:
            self.expired = True
            for watched in self._watched:
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Forget the connections."""
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()

    def through_proxy(self, url: str) -> None:
        """Refuse a receiver known to be private, then stop checking: what is connected to is the proxy."""
        parts = urlsplit(url)
        if self._check:
            with suppress(socket.gaierror, UnicodeError):
                self._addresses(parts.hostname or "", parts.port or 443)
        self._check = False

    def pools(self) -> dict[str, type[urllib3.HTTPConnectionPool]]:
        """Connection pools whose every socket is opened by ``connect``."""
        guard = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connect(self.host, self.port or 80)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connect(self.host, self.port or 443)

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}

    def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket to one of the host's addresses, none of which may be private."""
        try:
            addresses = self._addresses(host, port)
        except (socket.gaierror, UnicodeError):
            raise DeliveryError("its name does not resolve", retry=True) from None
        failure: OSError = OSError("no address")
        for family, address in addresses:
            try:
                return self._opened(family, address)
            except OSError as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int) -> list[tuple[int, Any]]:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self._admit(str(address[0]))
        return [(family, address) for family, _type, _protocol, _name, address in found]

    def _admit(self, ip: str) -> None:
        if self._check and not is_public(ip):
            raise DeliveryError(
                "its address is private or reserved; set allow_private if that is meant", retry=False
            )

    def _opened(self, family: int, address: Any) -> socket.socket:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(min(CONNECT_TIMEOUT_S, self.left()))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.connect(address)
            self._admit(str(opened.getpeername()[0]))
            self._watch(opened)
            opened.settimeout(self.left())
        except BaseException:
            opened.close()
            raise
        return opened

    def _watch(self, opened: socket.socket) -> None:
        # TLS takes the socket object over; a duplicate still reaches the connection.
        with self._lock:
            if self.expired:
                raise TimeoutError
            self._watched.append(opened.dup())

    def reason(self, error: BaseException) -> str:
        """What to tell people of a failed request."""
        if self.expired or _caused_by(error, TimeoutError, http_errors.TimeoutError):
            return "it did not answer in time"
        certificate = _caused_by(error, ssl.SSLCertVerificationError)
        if isinstance(certificate, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {certificate.verify_message.partition(',')[0]}"
        if _caused_by(error, ssl.SSLError, http_errors.SSLError):
            return "TLS failed"
        if _caused_by(error, http_errors.ProxyError, http_errors.ProxySchemeUnknown):
            return "the proxy of the environment cannot be used"
        if _caused_by(error, ConnectionRefusedError):
            return "it refused the connection"
        if _caused_by(error, ConnectionError, http_errors.ProtocolError):
            return "it broke the connection"
        return "it cannot be reached"


def _caused_by(error: BaseException | None, *kinds: type[BaseException]) -> BaseException | None:
    """The first exception of these kinds in the chain that ends with ``error``."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, kinds):
            return error
        inner = [arg for arg in error.args if isinstance(arg, BaseException)]
        error = inner[0] if inner else error.__cause__ or error.__context__
        seen += 1
    return None


# --- logs ------------------------------------------------------------------------------------------------

_quiet = threading.local()


class _NoAddresses(logging.Filter):
    """urllib3 logs the path of each request at DEBUG, and a webhook's path is its password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_quiet, "sending", False)


logging.getLogger("urllib3.connectionpool").addFilter(_NoAddresses())
