"""What each rule of Sentinel's needs: the table that the auth matrix is tested against."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import mlflow_sentinel_plugin

Need = Literal["public", "signed_in", "list", "read", "edit", "manage", "admin", "owner", "nobody"]
"""``list`` answers everybody who is signed in, with what they may see. ``owner`` is the administrator who
made the thing, and to ``nobody`` there is such a thing."""

RANKS: dict[str, int] = {"read": 1, "edit": 2, "manage": 3}

MONITOR, FEATURE, EXPERIMENT, RUN = (
    "leakmark-flights",
    "leakmark_age",
    "leakmark-experiment",
    "leakmark-run",
)
"""Names that only those may read who may see the experiment."""


def rows_csv(count: int, shift: float = 0.0) -> str:
    """Rows of one number; ``shift`` in standard deviations."""
    source = random.Random(count)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([FEATURE])
    writer.writerows([round(source.gauss(40 + 10 * shift, 10), 3)] for _ in range(count))
    return text.getvalue()


CSV = {"data": rows_csv(60), "headers": {"Content-Type": "text/csv"}}
RECORDS = [{"age": value} for value in range(60)]
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
PAGE = (200, 503)
"""A page that was not built says so; that it was asked for is not refused."""


@dataclass(frozen=True)
class Rule:
    """A request, what it needs, and what it answers to who has that.

    Args:
        rule: As the url_map has it, with its method: ``GET /api/v1/monitors/<name>``.
        path: Below the server's root; ``{monitor}`` and the like are filled in, ``{who}`` is who asks.
        options: Of ``requests``; texts in ``json`` are filled in as well.
        shows: Whether an answer to a reader names what others may not see.
    """

    rule: str
    need: Need
    path: str
    ok: tuple[int, ...] = (200,)
    options: Mapping[str, Any] = field(default_factory=dict)
    shows: bool = False

    @property
    def method(self) -> str:
        return self.rule.split()[0]


def _api(rule: str, need: Need, path: str, ok: int = 200, **options: Any) -> Rule:
    method, below = rule.split()
    shows = options.pop("shows", False)
    return Rule(f"{method} /api/v1{below}", need, f"/api/v1{path}", (ok,), options, shows)


def _asset() -> str:
    found = Path(mlflow_sentinel_plugin.__file__).parent.glob("ui/assets/*.js")
    return next((file.name for file in found), "none.js")


SILENCE = {"reason": "a test", "ends_at": f"{datetime.now(timezone.utc) + timedelta(hours=1):%FT%TZ}"}
LOGS = {"name": "of {who}", "run_id": "{run}", "artifact_path": "none.csv"}
_NEW = {"name": "new-{who}", "experiment_id": "{experiment}"}

RULES: tuple[Rule, ...] = (
    # monitors
    _api("GET /monitors", "list", "/monitors", shows=True),
    _api("GET /monitors", "list", "/monitors?experiment={experiment}", shows=True),
    _api("GET /monitors", "list", "/monitors?search=mark-fl", shows=True),
    _api("POST /monitors", "edit", "/monitors", 201, json=_NEW),
    _api("GET /monitors/<name>", "read", "/monitors/{monitor}", shows=True),
    _api("GET /monitors/<name>", "nobody", "/monitors/leakmark-flight"),
    _api("PATCH /monitors/<name>", "edit", "/monitors/{monitor}", json={"lateness": "2h"}),
    _api("DELETE /monitors/<name>", "manage", "/monitors/victim-{who}", 204),
    _api("POST /monitors/<name>/pause", "edit", "/monitors/{monitor}/pause"),
    _api("POST /monitors/<name>/resume", "edit", "/monitors/{monitor}/resume"),
    _api("POST /monitors/<name>/preview", "read", "/monitors/{monitor}/preview", json={}, shows=True),
    _api("GET /monitors/<name>/windows", "read", "/monitors/{monitor}/windows"),
    _api("GET /monitors/<name>/windows/<id>", "read", "/monitors/{monitor}/windows/{window}", shows=True),
    # rows
    _api("POST /baseline", "edit", "/baseline?monitor={monitor}", 201, **CSV),
    _api("POST /baseline", "edit", "/baseline?monitor=more-{who}&experiment_id={experiment}", 201, **CSV),
    _api("GET /baseline", "list", "/baseline", shows=True),
    _api("GET /baseline", "read", "/baseline?monitor={monitor}", shows=True),
    _api("GET /baseline/<id>", "read", "/baseline/{baseline}", shows=True),
    _api("GET /baseline/<id>/diff", "read", "/baseline/{baseline}/diff?to={baseline}", shows=True),
    _api("POST /baseline/<id>/activate", "edit", "/baseline/{baseline}/activate"),
    _api("POST /predictions", "edit", "/predictions?monitor={monitor}", 202, **CSV),
    _api("POST /evaluate", "signed_in", "/evaluate", json={"reference": RECORDS, "current": RECORDS}),
    _api("POST /evaluate", "read", "/evaluate", json={"monitor": "{monitor}", "current": RECORDS}),
    # findings
    _api("GET /drift", "list", "/drift", shows=True),
    _api("GET /drift", "list", "/drift?experiment={experiment}", shows=True),
    _api("GET /drift", "read", "/drift?monitor={monitor}", shows=True),
    _api("GET /drift/<id>", "read", "/drift/{event}", shows=True),
    _api("GET /drift/summary", "list", "/drift/summary", shows=True),
    _api("GET /drift/heatmap", "read", "/drift/heatmap?monitor={monitor}", shows=True),
    _api("GET /drift/timeseries", "read", "/drift/timeseries?monitor={monitor}", shows=True),
    _api("GET /drift/distribution", "read", "/drift/distribution?monitor={monitor}&feature=" + FEATURE),
    _api("GET /alerts", "list", "/alerts", shows=True),
    _api("GET /alerts", "read", "/alerts?monitor={monitor}", shows=True),
    _api("GET /alerts/<id>", "read", "/alerts/{alert}", shows=True),
    _api("POST /alerts/<id>/acknowledge", "edit", "/alerts/{alert}/acknowledge", json={}),
    _api("POST /alerts/<id>/comment", "edit", "/alerts/{alert}/comment", json={"text": "seen"}),
    Rule(
        "POST /api/v1/alerts/<id>/resolve",
        "edit",
        "/api/v1/alerts/{alert}/resolve",
        (200, 409),
        {"json": {}},
    ),
    _api("GET /silences", "list", "/silences", shows=True),
    _api("GET /silences", "read", "/silences?monitor={monitor}", shows=True),
    _api("POST /silences", "edit", "/silences", 201, json={"monitor": "{monitor}", **SILENCE}),
    _api("POST /silences", "admin", "/silences", 201, json={"pattern": "none-*", **SILENCE}),
    _api("DELETE /silences/<id>", "edit", "/silences/{silence}"),
    _api("GET /sinks", "admin", "/sinks"),
    _api("POST /sinks/<name>/test", "admin", "/sinks/none/test", 404),
    _api("GET /deliveries", "admin", "/deliveries"),
    _api("POST /deliveries/<id>/replay", "admin", "/deliveries/none/replay", 404),
    # sources
    _api("GET /sources", "list", "/sources", shows=True),
    _api("GET /sources", "read", "/sources?monitor={monitor}", shows=True),
    _api("POST /sources", "edit", "/sources?monitor={monitor}", 201, json=LOGS),
    _api("GET /sources/<id>", "read", "/sources/{source}", shows=True),
    _api("DELETE /sources/<id>", "edit", "/sources/{doomed}", 204),
    # runs
    _api("GET /runs", "list", "/runs", shows=True),
    _api("GET /runs", "list", "/runs?experiment={experiment}", shows=True),
    _api("GET /runs/<run_id>", "read", "/runs/{run}", shows=True),
    # keys
    _api("GET /keys", "signed_in", "/keys"),
    _api("POST /keys", "signed_in", "/keys", 201, json={"name": "of {who}", "scope": "read"}),
    _api("DELETE /keys/<id>", "owner", "/keys/{key}", 204),
    # operations
    _api("GET /me", "signed_in", "/me"),
    _api("POST /ws-ticket", "signed_in", "/ws-ticket"),
    _api("GET /health", "public", "/health"),
    _api("GET /ready", "signed_in", "/ready"),
    _api("GET /openapi.json", "signed_in", "/openapi.json"),
    _api("GET /docs", "signed_in", "/docs"),
    _api("GET /docs/start.js", "signed_in", "/docs/start.js"),
    _api("GET /docs/<path:name>", "signed_in", "/docs/css/swagger-ui.css"),
    # the socket
    Rule("GET /ws/live", "signed_in", "/ws/live", (400,)),
    Rule("GET /ws/live", "signed_in", "/ws/live", (101,), {"headers": HANDSHAKE}),
    # the page
    Rule("GET /sentinel", "signed_in", "/sentinel", (308,)),
    Rule("GET /sentinel/", "signed_in", "/sentinel/", PAGE),
    Rule("GET /sentinel/<path:name>", "signed_in", "/sentinel/monitors", (302,)),
    Rule("GET /sentinel/assets/<path:name>", "public", f"/sentinel/assets/{_asset()}", (200, 404)),
)
