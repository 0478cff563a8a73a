"""The demo's webhook receiver keeps JSON and refuses the rest."""

from __future__ import annotations

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


def test_what_is_not_json_is_refused() -> None:
    with Receiver() as receiver:
        assert requests.post(receiver.url, data=b"no", timeout=5).status_code == 400
        assert receiver.messages == []
