"""One POST to a sink's address, and what the receiver's status means for the delivery."""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from pydantic import SecretStr

from mlflow_sentinel_plugin.alert.outgoing import Reply, post
from mlflow_sentinel_plugin.alert.sink import DeliveryError, SinkSettings

_AGAIN = frozenset({408, 425, 429})
_MEANINGS = {
    401: "it does not accept the credentials",
    403: "it does not accept the credentials",
    404: "there is nothing at this address",
    410: "the receiver is gone for good",
    413: "the message is too large for it",
    429: "it asks to slow down",
}


def submit(
    settings: SinkSettings,
    url: SecretStr,
    body: bytes,
    headers: Mapping[str, str],
    now: int,
    explain: Callable[[Reply], str] = lambda reply: "",
) -> None:
    """POST JSON to ``url`` with the sink's headers, time-out and address rule.

    Args:
        headers: Added to the sink's own.
        now: ms since the epoch, for a ``Retry-After`` that is a date.
        explain: The receiver's own word for a refusal, if it is sure to be harmless to show.

    Raises:
        DeliveryError: it was not accepted with a 2xx.
    """
    extra = {name: value.get_secret_value() for name, value in settings.headers.items()}
    reply = post(
        url.get_secret_value(),
        body,
        {**extra, "Content-Type": "application/json", **headers},
        allow_private=settings.allow_private,
        timeout=settings.timeout,
    )
    require_success(reply, now, explain(reply))


def require_success(reply: Reply, now: int, detail: str = "") -> None:
    """Return if the status is 2xx.

    Redirects are not followed and count as wrong settings. 408, 425, 429 and 5xx may pass; the rest does not.

    Raises:
        DeliveryError: any other status.
    """
    status = reply.status
    if 200 <= status < 300:
        return
    text = f"it answered {status}"
    meaning = detail or _meaning(status)
    retry = status in _AGAIN or status >= 500
    raise DeliveryError(
        f"{text}: {meaning}" if meaning else text,
        retry=retry,
        retry_after=retry_after_s(reply.headers.get("Retry-After"), now) if retry else None,
        answered=status,
    )


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed; configure the final address"
    return _MEANINGS.get(status, "")


def retry_after_s(value: str | None, now: int) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110, 10.2.3: seconds or a date), ``None`` if unreadable.

    >>> [retry_after_s(value, 10_000) for value in ("120", "Thu, 01 Jan 1970 00:00:30 GMT", "soon")]
    [120.0, 20.0, None]
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max((moment - datetime.fromtimestamp(now / 1000, tz=timezone.utc)).total_seconds(), 0.0)
