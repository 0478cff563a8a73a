"""Try a sink out: a test message and its end, sent now and not through the outbox."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass

from mlflow_sentinel_plugin.alert.decide import Decision, Finding
from mlflow_sentinel_plugin.alert.message import Subject, compose
from mlflow_sentinel_plugin.alert.sink import DeliveryError, Sink
from mlflow_sentinel_plugin.alert.sinks import Receiver
from mlflow_sentinel_plugin.clock import Clock

_log = logging.getLogger("mlflow_sentinel.alert")

_WAIT_S = 5.0
"""So long for a delivery that the sink is busy with."""
_NAME = "test"


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        status: HTTP status of a refusal, if it was one.
        error: Why it was not sent; without secrets.
    """

    sent: bool
    milliseconds: int
    status: int | None = None
    error: str | None = None


def try_out(receiver: Receiver, *, workspace: str, clock: Clock) -> Trial:
    """Send a test message and that it is over, so that no incident stays open at the receiver."""
    begun = time.monotonic()
    if not receiver.lock.acquire(timeout=_WAIT_S):
        return Trial(False, _since(begun), error="it is busy with another message; try again")
    try:
        _converse(receiver.sink, workspace, clock)
    except DeliveryError as error:
        return Trial(False, _since(begun), error.answered, error.message)
    except Exception as error:
        # Its text may hold the address.
        _log.warning("sink %s: its test failed", receiver.sink.name, exc_info=True)
        return Trial(False, _since(begun), error=f"the sink raised {type(error).__name__}")
    finally:
        receiver.lock.release()
    return Trial(True, _since(begun))


def _converse(sink: Sink, workspace: str, clock: Clock) -> None:
    alert_id, now = uuid.uuid4().hex, clock()
    told = Decision("firing", "test", "somebody tests this sink", "firing", "low")
    over = Decision("resolved", "test", "the test is over", "resolved", "low")
    for decision in (told, over):
        message = compose(
            Subject(workspace, _NAME, _NAME, ""),
            Finding(_NAME, "drift", decision is told, "low", "a test message from MLflow-Sentinel"),
            decision,
            alert_id=alert_id,
            opened_at=now,
            now=now,
            public_url=None,
        )
        sink.send(message, delivery_id=uuid.uuid4().hex, now=clock())


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
