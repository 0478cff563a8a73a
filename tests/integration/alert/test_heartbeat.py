"""The sign of life that somebody else watches for."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import SecretStr

from mlflow_sentinel_plugin.alert.heartbeat import Heartbeat


def test_a_heartbeat_reaches_its_address(receiver: Any, clock: Any) -> None:
    assert Heartbeat(SecretStr(receiver.url()), True, clock).beat()
    assert receiver.requests[0].json == {
        "type": "sentinel.heartbeat",
        "timestamp": "2023-11-14T22:13:20.000Z",
    }


def test_an_address_that_is_away_is_logged_once_and_without_itself(
    make_receiver: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "mlflow_sentinel.alert")
    receiver = make_receiver(500, 500, 200, 500)
    heart = Heartbeat(SecretStr(receiver.url("/T0K3N")), True, clock)
    assert [heart.beat() for _ in range(4)] == [False, False, True, False]
    assert len(caplog.messages) == 2
    assert "T0K3N" not in caplog.text


def test_a_private_address_is_refused_unless_allowed(receiver: Any, clock: Any) -> None:
    assert not Heartbeat(SecretStr(receiver.url()), False, clock).beat()
    assert receiver.requests == []


def test_without_an_address_nobody_is_told(clock: Any) -> None:
    assert not Heartbeat(None, False, clock).beat()
