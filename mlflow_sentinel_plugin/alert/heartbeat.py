"""A sign of life to a service that raises an alarm when it stops, so that Sentinel's own end is noticed."""

from __future__ import annotations

import json
import logging

from pydantic import SecretStr

from mlflow_sentinel_plugin.alert.sink import DeliveryError, SinkSettings
from mlflow_sentinel_plugin.alert.sinks.submit import submit
from mlflow_sentinel_plugin.clock import Clock, to_rfc3339

_log = logging.getLogger("mlflow_sentinel.alert")


class Heartbeat:
    """POSTs to the address; that it does not answer is logged once and otherwise harmless.

    Args:
        url: ``None``: there is nobody to tell.
        allow_private: The address may be a private one.
    """

    def __init__(self, url: SecretStr | None, allow_private: bool, clock: Clock) -> None:
        self._url = url
        self._settings = SinkSettings(allow_private=allow_private)
        self._clock = clock
        self._failing = False

    def beat(self) -> bool:
        """Tell that the background work is well; whether it was heard."""
        if self._url is None:
            return False
        now = self._clock()
        body = json.dumps({"type": "sentinel.heartbeat", "timestamp": to_rfc3339(now)}).encode()
        try:
            submit(self._settings, self._url, body, {}, now)
        except DeliveryError as error:
            if not self._failing:
                _log.warning("the heartbeat is not heard: %s", error.message)
            self._failing = True
            return False
        self._failing = False
        return True
