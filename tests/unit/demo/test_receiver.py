"""The demo's webhook receiver keeps JSON and refuses the rest."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from mlflow_sentinel_plugin.demo.receiver import Receiver


def test_a_posted_message_is_kept() -> None:
    with Receiver() as receiver:
        reply = requests.post(receiver.url, json={"status": "firing"}, timeout=5)
        assert receiver.wait_for(1, timeout=5)
    assert reply.status_code == 204
    assert receiver.messages == [{"status": "firing"}]


def test_waiting_for_a_message_that_does_not_come_says_so() -> None:
    with Receiver() as receiver:
        assert not receiver.wait_for(1, timeout=0)


@pytest.mark.parametrize("body", [b"no", b"[]", b""])
def test_what_is_not_a_json_object_is_refused(body: bytes) -> None:
    with Receiver() as receiver:
        assert requests.post(receiver.url, data=body, timeout=5).status_code == 400
        assert receiver.messages == []


def test_the_receiver_of_a_container_prints_each_message_until_sigterm() -> None:
    command = [sys.executable, "-um", "mlflow_sentinel_plugin.demo.receiver", "--port", "0"]
    message = {"type": "drift.alert.firing", "data": {"severity": "high", "summary": "dep_delay drifted"}}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("Listening at ").strip()
        assert requests.post(url, json=message, timeout=5).status_code == 204
        assert process.stdout.readline().strip() == "drift.alert.firing, high: dep_delay drifted"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
