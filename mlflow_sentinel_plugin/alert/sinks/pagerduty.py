"""PagerDuty, by its Events API v2. https://developer.pagerduty.com/docs/events-api-v2-overview"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import SecretStr

from mlflow_sentinel_plugin.alert.message import Message, clip
from mlflow_sentinel_plugin.alert.sink import HttpUrl, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks.submit import submit

_MAX_SUMMARY = 1024
_SEVERITIES = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}
_CLIENT = "MLflow-Sentinel"


class PagerDutySettings(SinkSettings):
    """``routing_key`` of an integration; ``url`` for the EU region."""

    required: ClassVar[tuple[str, ...]] = ("routing_key", "url")

    routing_key: SecretStr = SecretStr("")
    url: HttpUrl = SecretStr("https://events.pagerduty.com/v2/enqueue")


class PagerDutySink(Sink):
    """One PagerDuty alert per Sentinel alert: triggered, triggered again when worse, resolved."""

    settings_class: ClassVar[type[SinkSettings]] = PagerDutySettings
    settings: PagerDutySettings
    min_interval_ms: ClassVar[int] = 1_000

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        """See ``Sink.send``. A duplicate joins the alert by its ``dedup_key``."""
        event = {"routing_key": self.settings.routing_key.get_secret_value(), **payload(message)}
        body = json.dumps(event, allow_nan=False).encode()
        submit(self.settings, self.settings.url, body, {}, now)


def payload(message: Message) -> dict[str, Any]:
    """The event without its routing key; the alert's id is the ``dedup_key``."""
    if message.action != "firing":
        verb = "resolve" if message.action == "resolved" else "acknowledge"
        return {"event_action": verb, "dedup_key": message.alert_id}
    event: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": message.alert_id,
        "client": _CLIENT,
        "links": [{"href": url, "text": name.capitalize()} for name, url in message.links.items()],
        "payload": {
            "summary": clip(f"{message.title}: {message.summary}", _MAX_SUMMARY),
            "source": message.monitor,
            "severity": _SEVERITIES[message.severity],
            "timestamp": message.at,
            "component": message.model or message.monitor,
            "class": message.condition,
            "custom_details": message.model_dump(mode="json"),
        },
    }
    if "monitor" in message.links:
        event["client_url"] = message.links["monitor"]
    return event
