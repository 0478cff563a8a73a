"""The few calls of Sentinel's REST API that the demo makes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pandas as pd
import requests

from mlflow_sentinel_plugin.demo.server import DemoFailed

TIMEOUT = 60


class SentinelApi:
    """One monitor of one server, over HTTP."""

    def __init__(self, url: str, monitor: str) -> None:
        self._root = f"{url}/api/v1"
        self._monitor = monitor
        self._session = requests.Session()

    def create_monitor(self, settings: dict[str, Any]) -> None:
        self._call("POST", "/monitors", json={"name": self._monitor, **settings})

    def register_baseline(self, source: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", "/baseline", params={"monitor": self._monitor}, json=source)

    def post_predictions(self, rows: pd.DataFrame, predictions: pd.Series[float], key: str) -> None:
        """Send rows as MLflow's scoring server takes them, with what the model answered."""
        body = scoring_body(rows, predictions)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        self._call("POST", "/predictions", params={"monitor": self._monitor}, data=body, headers=headers)

    def closed_windows(self) -> list[dict[str, Any]]:
        """Closed windows with their verdict, oldest first."""
        path = f"/monitors/{quote(self._monitor, safe='')}/windows"
        windows = self._call("GET", path, params={"limit": 500})["items"]
        judged = [window for window in windows if not window["open"] and window["scored_at"]]
        return sorted(judged, key=lambda window: window["start"])

    def events(self) -> list[dict[str, Any]]:
        """Drift events with all their features."""
        found = self._call("GET", "/drift", params={"monitor": self._monitor, "limit": 500})["items"]
        return [self._call("GET", f"/drift/{event['id']}") for event in found]

    def reference_missing(self, feature: str) -> float | None:
        """Share of the baseline's rows without a value for ``feature``."""
        params = {"monitor": self._monitor, "feature": feature}
        share: float | None = self._call("GET", "/drift/distribution", params=params)["missing"]["reference"]
        return share

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            reply = self._session.request(method, self._root + path, timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise DemoFailed(f"{method} {path}: the server does not answer ({error})") from error
        if not reply.ok:
            raise DemoFailed(f"{method} {path}: HTTP {reply.status_code}, {_error_text(reply)}")
        body: dict[str, Any] = reply.json()
        return body


def scoring_body(rows: pd.DataFrame, predictions: pd.Series[float]) -> str:
    """``{"dataframe_split": ..., "predictions": ...}``; exact numbers, null for missing, times ISO 8601."""
    cells = rows.astype(object).where(rows.notna(), None)
    body = {"dataframe_split": cells.to_dict("split", index=False), "predictions": predictions.tolist()}
    return json.dumps(body, allow_nan=False, default=pd.Timestamp.isoformat)


def _error_text(reply: requests.Response) -> str:
    try:
        error = reply.json()["error"]
        return " ".join(part for part in (error["message"], error.get("hint")) if part)
    except (ValueError, KeyError, TypeError):
        return reply.text[:300]
