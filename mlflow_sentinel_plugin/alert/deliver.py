"""From messages waiting in the database to their receivers: claim, send, record."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.alert.sink import DeliveryError, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Receiver, Sinks
from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.store import deliveries
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Delivery

_log = logging.getLogger("mlflow_sentinel.alert")

BACKOFF_S = (5, 30, 60, 120, 300)
"""Wait after the first, second, … failed attempt; the last for each further one, so that a receiver that is
back after a long time soon has its old messages. While it is away only one of them is tried at a time."""
MAX_ATTEMPTS = 270
"""About 24 hours in all."""
MAX_RETRY_AFTER_S = 24 * 3_600
_MAX_HOLD_S = 900
"""How long ``Retry-After`` of one message holds back the sink's other ones."""
_JITTER = 0.2
_CLAIM_MARGIN_S = 60
"""A claim outlives the sink's time-out by this much: name lookup, and recording the outcome."""


@dataclass(frozen=True)
class _Claimed:
    id: str
    claim: str
    alert_id: str
    action: str
    message: dict[str, Any]
    attempts: int


def deliver_due(
    db: Database, sinks: Sinks, clock: Clock, worker: str, *, limit: int = 8, wait_s: float = 2.0
) -> bool:
    """Send what is due, each sink in a thread of its own.

    At least once: a process that dies between sending and recording leaves a claim that lapses, and the
    message goes out again with the same id. Several processes may call this at once; a conditional update
    decides who sends.

    Args:
        worker: Names this process in claims.
        limit: Messages per sink and call.
        wait_s: Return after so many seconds even if a slow sink is still at work; later calls leave it out
            until it is done.

    Returns:
        Whether anything was attempted.
    """
    now = clock()
    with db.read() as session:
        names = deliveries.due_sinks(session, now)
    attempted = threading.Event()
    threads = []
    for name in names:
        receiver = sinks.receiver(name) or Receiver(_Absent(name, SinkSettings()))
        if receiver.free_at <= now and receiver.lock.acquire(blocking=False):
            threads.append(_start(_Server(db, receiver, clock, worker, attempted), limit))
    until = time.monotonic() + wait_s
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    return attempted.is_set()


def backoff_ms(attempts: int, rand: Callable[[], float] = random.random) -> int:
    """Wait after so many failed attempts (1 or more), up to a fifth longer so that retries spread."""
    return round(BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1] * 1_000 * (1 + _JITTER * rand()))


def _start(server: _Server, limit: int) -> threading.Thread:
    # A daemon: a receiver that hangs must not hold up the end of the process.
    thread = threading.Thread(target=server.run, args=(limit,), name="sentinel-deliver", daemon=True)
    thread.start()
    return thread


class _Absent(Sink):
    """Stands in for a sink that messages are addressed to and that the configuration no longer has."""

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        raise DeliveryError("is not configured or not enabled", retry=True)


@dataclass(frozen=True)
class _Server:
    """Serves one sink: its messages one after the other."""

    db: Database
    receiver: Receiver
    clock: Clock
    worker: str
    attempted: threading.Event

    def run(self, limit: int) -> None:
        """Attempt up to ``limit`` messages; called with the receiver's lock held."""
        try:
            for _ in range(limit):
                if self.clock() < self.receiver.free_at or not self._one():
                    break
        except Exception:
            # What was claimed is tried again when its claim lapses.
            _log.warning("sink %s: deliveries are interrupted", self.receiver.sink.name, exc_info=True)
        finally:
            self.receiver.lock.release()

    def _one(self) -> bool:
        claimed = self._claim()
        if claimed is None:
            return False
        self.attempted.set()
        error = self._attempt(claimed)
        self._settle(claimed, error)
        return True

    def _claim(self) -> _Claimed | None:
        now = self.clock()
        with self.db.read() as session:
            candidates = deliveries.due(session, self.receiver.sink.name, now, 4)
        for delivery_id in candidates:
            claim = f"{self.worker[:160]}/{uuid.uuid4().hex}"
            until = now + round((self.receiver.sink.settings.timeout + _CLAIM_MARGIN_S) * 1_000)
            with self.db.write() as session:
                row = deliveries.claim(session, delivery_id, claim, now=now, until=until)
                if row is not None:
                    return _claimed(row, claim)
        return None

    def _attempt(self, claimed: _Claimed) -> DeliveryError | None:
        """Send; the error to record, ``None`` if it arrived."""
        if claimed.attempts > MAX_ATTEMPTS:
            return DeliveryError("each attempt was interrupted", retry=False)
        if claimed.action != "firing" and not self._heard_of(claimed.alert_id):
            return DeliveryError("it never heard of this alert", retry=False)
        try:
            message = Message.model_validate(claimed.message)
            self.receiver.sink.send(message, delivery_id=claimed.id, now=self.clock())
        except DeliveryError as error:
            return error
        except ValidationError:
            return DeliveryError("the stored message is damaged", retry=False)
        except Exception as error:
            # Its text may hold the address.
            return DeliveryError(f"the sink raised {type(error).__name__}", retry=True)
        return None

    def _heard_of(self, alert_id: str) -> bool:
        with self.db.read() as session:
            told = deliveries.sinks_with(session, alert_id, action="firing", status=("sent",))
        return self.receiver.sink.name in told

    def _settle(self, claimed: _Claimed, error: DeliveryError | None) -> None:
        now = self.clock()
        sink = self.receiver.sink
        self.receiver.free_at = now + sink.min_interval_ms
        if error is None or not error.retry:
            self.receiver.failures = 0
        if error is None:
            columns: dict[str, Any] = {"status": "sent", "sent_at": now, "last_error": None}
        else:
            columns = self._failure(claimed, error, now)
        with self.db.write() as session:
            ours = deliveries.settle(session, claimed.id, claimed.claim, **columns)
        if not ours:
            _log.info("sink %s: message %s took longer than its claim", sink.name, claimed.id)

    def _failure(self, claimed: _Claimed, error: DeliveryError, now: int) -> dict[str, Any]:
        text = f"sink {self.receiver.sink.name}: {error.message}"
        if not error.retry or claimed.attempts >= MAX_ATTEMPTS:
            _log.error("%s; message %s is given up", text, claimed.id)
            return {"status": "failed", "last_error": text}
        asked = round(min(error.retry_after or 0, MAX_RETRY_AFTER_S) * 1_000)
        self.receiver.failures += 1
        hold = max(backoff_ms(self.receiver.failures, lambda: 0.0), min(asked, _MAX_HOLD_S * 1_000))
        self.receiver.free_at = max(self.receiver.free_at, now + hold)
        wait = max(backoff_ms(claimed.attempts), asked)
        _log.warning("%s; attempt %d, next in %d s", text, claimed.attempts, wait // 1_000)
        return {"status": "pending", "next_at": now + wait, "last_error": text}


def _claimed(row: Delivery, claim: str) -> _Claimed:
    return _Claimed(row.id, claim, row.alert_id, row.action, row.message, row.attempts)
