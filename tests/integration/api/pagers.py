"""Sinks that keep what they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.alert.sink import DeliveryError, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.api.context import Services
from mlflow_sentinel_plugin.config.model import AlertingSection, Config, SinkConfig
from tests.integration.api.conftest import Server


class Pager(Sink):
    """Keeps what it is sent, or fails."""

    def __init__(self, name: str, error: DeliveryError | None = None) -> None:
        super().__init__(name, SinkSettings(min_severity="high"))
        self.error = error
        self.sent: list[tuple[str, str, str]] = []

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((message.action, message.monitor, message.why))


def with_sinks(server: Server, *pagers: Sink) -> None:
    """Give the server these sinks, and one that lacks its address."""
    sinks = Sinks({pager.name: pager for pager in pagers}, {"mail": "url not set"})
    pipeline, before = server.pipeline, server.services()
    names = [*(pager.name for pager in pagers), "mail"]
    section = AlertingSection(sinks={name: SinkConfig(type="http") for name in names})
    config = Config(alerting=section)
    pipeline.sinks = sinks
    pipeline.alerting = replace(pipeline.alerting, sinks=sinks.names)
    pipeline._scorer._alerting = pipeline.alerting
    server._services = Services(config, server.db, pipeline, before.tracking, before.background)


def delivered(server: Server) -> None:
    while server.pipeline.deliver("test"):
        pass


def in_hours(hours: float) -> str:
    return f"{datetime.now(timezone.utc) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
