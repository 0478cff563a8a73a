"""Any HTTP endpoint, by the Standard Webhooks specification 1.0.0 (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SecretStr

from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.alert.sink import HttpUrl, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks.submit import submit


def _key(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value():
        key_bytes(secret.get_secret_value())
    return secret


def key_bytes(secret: str) -> bytes:
    """The HMAC key of a ``whsec_…`` secret.

    Raises:
        ValueError: it is not ``whsec_`` and the base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError("must be 'whsec_' followed by the base64 of 24 to 64 random bytes")
    return key


class HttpSettings(SinkSettings):
    """``url``, optionally ``headers`` and a signing ``secret``."""

    required: ClassVar[tuple[str, ...]] = ("url",)

    url: HttpUrl = SecretStr("")
    secret: Annotated[SecretStr, AfterValidator(_key)] = SecretStr("")


class HttpSink(Sink):
    """POSTs ``{"type", "timestamp", "data"}``; signed when a secret is set."""

    settings_class: ClassVar[type[SinkSettings]] = HttpSettings
    settings: HttpSettings

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        """See ``Sink.send``. Any 2xx is success."""
        body = encoded(message)
        headers = self._identification(body, delivery_id, now)
        submit(self.settings, self.settings.url, body, headers, now)

    def _identification(self, body: bytes, delivery_id: str, now: int) -> dict[str, str]:
        timestamp = str(now // 1000)
        headers = {"webhook-id": delivery_id, "webhook-timestamp": timestamp}
        secret = self.settings.secret.get_secret_value()
        if secret:
            headers["webhook-signature"] = signature(key_bytes(secret), delivery_id, timestamp, body)
        return headers


def encoded(message: Message) -> bytes:
    """The body: ``type`` is ``drift.alert.firing`` or ``drift.alert.resolved``, ``timestamp`` the event's."""
    data: dict[str, Any] = {**message.model_dump(mode="json"), "text": message.text}
    event = {"type": f"drift.alert.{message.action}", "timestamp": message.at, "data": data}
    return json.dumps(event, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")


def signature(key: bytes, delivery_id: str, timestamp: str, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``."""
    signed = b".".join((delivery_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
