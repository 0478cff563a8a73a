"""Replay later days as live traffic and collect what Sentinel says of each."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import click
import pandas as pd

from mlflow_sentinel_plugin.clock import from_rfc3339
from mlflow_sentinel_plugin.demo.flights import FEATURES, TIMESTAMP, TIMEZONE
from mlflow_sentinel_plugin.demo.model import predict
from mlflow_sentinel_plugin.demo.server import DemoFailed
from mlflow_sentinel_plugin.demo.story import Finding, Verdict

AHEAD = 3
"""Days posted before their verdicts are waited for: the page fills while one looks."""
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2
CHANGES = {
    "location": "values moved",
    "spread": "spread changed",
    "shape": "distribution changed",
    "levels": "levels shifted",
}
"""The engine's reasons in words, where they are not words already."""

Day = tuple[date, pd.DataFrame]


class Api(Protocol):
    def post_predictions(self, rows: pd.DataFrame, predictions: pd.Series[float], key: str) -> None: ...
    def closed_windows(self) -> list[dict[str, Any]]: ...
    def events(self) -> list[dict[str, Any]]: ...
    def reference_missing(self, feature: str) -> float | None: ...


def replay(api: Api, pipeline: Any, days: Sequence[Day], known: Collection[date] = ()) -> None:
    """Post each day's flights with the model's predictions; return when every day has its verdict.

    Args:
        known: Days that were posted before.

    Raises:
        DemoFailed: a post failed, or no new verdict came for a minute.
    """
    judged = 0
    with click.progressbar(length=len(days), label=f"Replaying {len(days)} days", show_pos=True) as bar:
        for number, (day, rows) in enumerate(days, start=1):
            if day not in known:
                api.post_predictions(rows[[TIMESTAMP, *FEATURES]], predict(pipeline, rows), key=f"demo-{day}")
            needed = len(days) if number == len(days) else number - AHEAD
            while judged < needed:
                seen = _wait_for_more(api, judged)
                bar.update(seen - judged)
                judged = seen


def collect_verdicts(api: Api) -> list[Verdict]:
    """Every day's verdict, oldest first, with the drifted features in words."""
    events = {event["window_id"]: event for event in api.events()}
    missing: dict[str, float | None] = {}
    return [_verdict(window, events.get(window["id"]), api, missing) for window in api.closed_windows()]


def local_day(text: str) -> date:
    """The New York date of an RFC 3339 time."""
    return datetime.fromtimestamp(from_rfc3339(text) / 1000, ZoneInfo(TIMEZONE)).date()


def describe(feature: dict[str, Any], reference_missing: float | None) -> Finding:
    """One drifted feature in words: why it is a signal, with the numbers that show it."""
    name, reason, share, effect = (feature[key] for key in ("name", "reason", "missing", "effect"))
    if reason in {"missing", "all_missing"} and None not in (share, reference_missing):
        return Finding(name, f"{share:.0%} missing ({reference_missing:.1%} in training)")
    why = CHANGES.get(reason, (reason or "changed").replace("_", " "))
    if effect is None:
        return Finding(name, why)
    measure = "KS distance" if feature["kind"] == "numeric" else "total variation"
    return Finding(name, f"{why} ({measure} {effect:.2f})")


def _wait_for_more(api: Api, judged: int) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        count = len(api.closed_windows())
        if count > judged:
            return count
        time.sleep(POLL_SECONDS)
    raise DemoFailed(f"no verdict came for {PATIENCE_SECONDS:.0f} s; {judged} days have one")


def _verdict(
    window: dict[str, Any], event: dict[str, Any] | None, api: Api, missing: dict[str, float | None]
) -> Verdict:
    features = {item["name"]: item for item in event["window"]["features"]} if event else {}
    findings = []
    for name in event["features"] if event else ():
        if name not in missing:
            missing[name] = api.reference_missing(name)
        findings.append(describe(features[name], missing[name]))
    return Verdict(
        day=local_day(window["start"]),
        rows=window["rows"],
        state=window["state"],
        severity=window["severity"],
        findings=tuple(findings),
    )
