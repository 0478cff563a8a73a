"""Slack and PagerDuty, played by a local receiver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlflow_sentinel_plugin.alert.decide import Decision, FeatureFinding, Finding
from mlflow_sentinel_plugin.alert.message import Message, Subject, compose
from mlflow_sentinel_plugin.alert.sink import DeliveryError, Sink
from mlflow_sentinel_plugin.alert.sinks import build_sinks
from mlflow_sentinel_plugin.config.model import AlertingSection


@pytest.fixture
def message() -> Message:
    return compose(
        Subject("default", "m1", "churn", "7"),
        Finding("churn", "drift", True, "high", "age moved", (FeatureFinding("<!here>", "psi", 0.3, 0.2),)),
        Decision("firing", "first", "first message of this alert", "firing", "high"),
        alert_id="a1",
        opened_at=0,
        now=0,
        public_url="https://ml.example",
    )


def _sink(name: str, **settings: Any) -> Sink:
    section = {"sinks": {name: {"allow_private": True, "timeout": 5, **settings}}}
    receiver = build_sinks(AlertingSection.model_validate(section)).receiver(name)
    assert receiver is not None
    return receiver.sink


def test_slack_gets_a_text_and_blocks_with_names_escaped(receiver: Any, message: Message) -> None:
    _sink("slack", webhook_url=receiver.url()).send(message, delivery_id="d1", now=0)
    (request,) = receiver.requests
    assert request.json["text"] == "High: drift on churn"
    texts = [block["text"]["text"] for block in request.json["blocks"] if "text" in block]
    assert texts == [
        "🟠 High: drift on churn",
        "age moved",
        "• `&lt;!here&gt;: psi 0.3 (threshold 0.2)`",
        "<https://ml.example/sentinel/#/monitors/churn|Monitor>"
        " · <https://ml.example/sentinel/#/alerts/a1|Alert>",
    ]


def test_slacks_word_for_a_refusal_is_shown_and_anything_longer_is_not(
    make_receiver: Callable[..., Any], message: Message
) -> None:
    sink = _sink("slack", url=make_receiver((404, {}, b"no_service"), (404, {}, b"<b>T0K3N</b>")).url())
    for says in ("it answered 404: no_service", "it answered 404: there is nothing at this address"):
        with pytest.raises(DeliveryError) as caught:
            sink.send(message, delivery_id="d1", now=0)
        assert (caught.value.message, caught.value.retry) == (says, False)


def test_pagerduty_gets_its_key_and_takes_202_as_accepted(
    make_receiver: Callable[..., Any], message: Message
) -> None:
    receiver = make_receiver(202)
    _sink("pagerduty", routing_key="R" * 32, url=receiver.url()).send(message, delivery_id="d1", now=0)
    event = receiver.requests[0].json
    assert (event["routing_key"], event["event_action"], event["dedup_key"]) == ("R" * 32, "trigger", "a1")
    assert event["client_url"] == "https://ml.example/sentinel/#/monitors/churn"
    assert event["payload"]["custom_details"]["features"][0]["value"] == 0.3
