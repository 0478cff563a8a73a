"""A message to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlflow_sentinel_plugin.alert.decide import Decision, FeatureFinding, Finding
from mlflow_sentinel_plugin.alert.message import Message, Subject, compose


@pytest.fixture
def make_message() -> Callable[..., Message]:
    def make(
        *features: FeatureFinding,
        action: Any = "firing",
        summary: str = "age moved",
        public_url: str | None = None,
        **subject: Any,
    ) -> Message:
        about = {
            "workspace": "default",
            "monitor_id": "m1",
            "monitor": "churn",
            "experiment_id": "7",
            **subject,
        }
        reason: Any = "first" if action == "firing" else "recovered"
        decision = Decision("firing", reason, "first message of this alert", action, "high")
        return compose(
            Subject(**about),
            Finding("churn", "drift", action == "firing", "high", summary, features),
            decision,
            alert_id="a1",
            opened_at=0,
            now=60_000,
            public_url=public_url,
        )

    return make
