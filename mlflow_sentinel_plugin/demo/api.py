"""The few calls of Sentinel's REST API that the demo makes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd
import requests

from mlflow_sentinel_plugin.demo.server import DemoFailed

TIMEOUT = 60
REFUSALS = {
    401: "name a user with MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    403: "see --allowed-hosts of mlflow server, or name a user who may",
    404: "is this an MLflow server, started with --app-name sentinel?",
}
"""What no waiting changes, and what would."""


class SentinelApi:
    """One monitor of one server, over HTTP."""

    def __init__(self, url: str, monitor: str) -> None:
        self._root = f"{url}/api/v1"
        self._monitor = monitor
        self._path = f"/monitors/{quote(monitor, safe='')}"
        self._session = new_session(os.environ)

    def wait_ready(self, timeout: float) -> None:
        """Return when Sentinel answers and a worker leads its jobs.

        Raises:
            DemoFailed: it is not ready after ``timeout`` seconds, or will not be by waiting; says why.
        """
        deadline = time.monotonic() + timeout
        while (reason := self._unready()) is not None:
            if time.monotonic() > deadline:
                raise DemoFailed(f"{self._root}: not ready after {timeout:.0f} s: {reason}")
            time.sleep(0.5)

    def monitor(self) -> dict[str, Any] | None:
        """The monitor as it is now; ``None`` if there is none."""
        try:
            return self._call("GET", self._path)
        except DemoFailed as error:
            if error.details.get("status") == 404:
                return None
            raise

    def create_monitor(self, settings: dict[str, Any]) -> None:
        self._call("POST", "/monitors", json={"name": self._monitor, **settings})

    def register_baseline(self, source: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", "/baseline", params={"monitor": self._monitor}, json=source)

    def post_predictions(self, rows: pd.DataFrame, predictions: pd.Series[float], key: str) -> None:
        """Send rows as MLflow's scoring server takes them, with what the model answered."""
        body = scoring_body(rows, predictions)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        self._call("POST", "/predictions", params={"monitor": self._monitor}, data=body, headers=headers)

    def windows(self) -> list[dict[str, Any]]:
        """Every window that holds rows, oldest first; none if there is no monitor."""
        if self.monitor() is None:
            return []
        windows = self._call("GET", f"{self._path}/windows", params={"limit": 500})["items"]
        return sorted(windows, key=lambda window: str(window["start"]))

    def closed_windows(self) -> list[dict[str, Any]]:
        """Closed windows with their verdict, oldest first."""
        return [window for window in self.windows() if not window["open"] and window["scored_at"]]

    def alerts(self) -> list[dict[str, Any]]:
        """The monitor's alerts about drift."""
        params = {"monitor": self._monitor, "condition": "drift", "limit": 500}
        alerts: list[dict[str, Any]] = self._call("GET", "/alerts", params=params)["items"]
        return alerts

    def events(self) -> list[dict[str, Any]]:
        """Drift events with all their features."""
        found = self._call("GET", "/drift", params={"monitor": self._monitor, "limit": 500})["items"]
        return [self._call("GET", f"/drift/{event['id']}") for event in found]

    def reference_missing(self, feature: str) -> float | None:
        """Share of the baseline's rows without a value for ``feature``."""
        params = {"monitor": self._monitor, "feature": feature}
        share: float | None = self._call("GET", "/drift/distribution", params=params)["missing"]["reference"]
        return share

    def _unready(self) -> str | None:
        """Why the demo cannot begin yet."""
        try:
            reply = self._session.get(f"{self._root}/ready", timeout=5)
        except requests.RequestException as error:
            return f"nothing answers ({type(error).__name__})"
        if reply.status_code in REFUSALS:
            raise DemoFailed(f"{self._root}: {_error_text(reply)}", hint=REFUSALS[reply.status_code])
        return None if reply.ok else _error_text(reply)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            reply = self._session.request(method, self._root + path, timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise DemoFailed(f"{method} {path}: the server does not answer ({error})") from error
        if not reply.ok:
            text = f"{method} {path}: HTTP {reply.status_code}, {_error_text(reply)}"
            raise DemoFailed(text, details={"status": reply.status_code})
        body: dict[str, Any] = reply.json()
        return body


def new_session(environ: Mapping[str, str]) -> requests.Session:
    """A session with the login, certificates and workspace that MLflow's client takes from ``environ``."""
    session = requests.Session()
    name, token = environ.get("MLFLOW_TRACKING_USERNAME"), environ.get("MLFLOW_TRACKING_TOKEN")
    if name:
        session.auth = (name, environ.get("MLFLOW_TRACKING_PASSWORD", ""))
    elif token:
        session.headers["Authorization"] = f"Bearer {token}"
    if workspace := environ.get("MLFLOW_WORKSPACE"):
        session.headers["X-MLFLOW-WORKSPACE"] = workspace
    insecure = environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1")
    session.verify = environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or not insecure
    return session


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
