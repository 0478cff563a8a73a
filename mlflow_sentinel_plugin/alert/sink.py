"""The contract of a sink: what it is configured with, how it sends, how it fails.

A distribution adds one by an entry point in the group ``mlflow_sentinel.sinks`` that names a subclass of
``Sink``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.entities import Severity
from mlflow_sentinel_plugin.errors import SentinelError


class DeliveryError(SentinelError):
    """A message was not delivered.

    Args:
        message: Shown to people, so without secrets: no address, header, or text of the receiver.
        retry: Whether it may work later; ``False`` ends the delivery.
        retry_after: Seconds the receiver asked to wait.
        answered: HTTP status that the receiver answered, if it did.
    """

    code = "delivery_failed"

    def __init__(
        self, message: str, *, retry: bool, retry_after: float | None = None, answered: int | None = None
    ) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_after = retry_after
        self.answered = answered


def _http_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    if not url:
        return secret
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(c.isspace() or not c.isprintable() for c in url):
        raise ValueError("is no http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user or password; send them in 'headers'")
    return secret


HttpUrl = Annotated[SecretStr, AfterValidator(_http_url)]
"""An address that may itself be a secret: never shown, not even in errors."""


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OWN_HEADERS = ("content-length", "content-type", "host", "transfer-encoding")


def _sendable(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no header name")
        if name.lower() in _OWN_HEADERS or name.lower().startswith("webhook-"):
            raise ValueError(f"{name!r} is set by Sentinel")
        if not _VALUE.fullmatch(value.get_secret_value()):
            raise ValueError(f"the value of {name!r} has characters a header cannot carry")
    return headers


Headers = Annotated[dict[str, SecretStr], AfterValidator(_sendable)]
"""Extra request headers; their values are secrets."""


class SinkSettings(BaseModel):
    """What every sink understands; a sink's own settings extend this.

    An empty or missing value of a field in ``required`` leaves the sink unconfigured: reported, and no error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    required: ClassVar[tuple[str, ...]] = ()

    monitors: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        ("*",), description="Names of the monitors it hears of; * and ? are wildcards."
    )
    min_severity: Severity = Field("low", description="It hears of alerts that are so severe or worse.")
    send_resolved: bool = Field(True, description="Also tell when an alert is over.")
    headers: Headers = Field(default_factory=dict)
    allow_private: bool = Field(False, description="Also send to private, loopback and link-local addresses.")
    timeout: float = Field(10.0, ge=1, le=60, description="Seconds a delivery may take in all.")

    def missing(self) -> list[str]:
        """Names of the required fields that are empty."""
        return [name for name in self.required if not _plain(getattr(self, name))]


class Sink(ABC):
    """Sends messages to one receiver. Built once, used by one thread at a time.

    Attributes:
        settings_class: What the sink's section of the configuration is checked against.
        min_interval_ms: Shortest time between two messages.
    """

    settings_class: ClassVar[type[SinkSettings]] = SinkSettings
    min_interval_ms: ClassVar[int] = 0

    def __init__(self, name: str, settings: Any) -> None:
        self.name = name
        self.settings = settings

    @abstractmethod
    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        """Deliver one message.

        Args:
            delivery_id: The same on every attempt, so that a receiver can drop a duplicate.
            now: Time of this attempt, ms since the epoch.

        Raises:
            DeliveryError: it was not delivered.
        """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
