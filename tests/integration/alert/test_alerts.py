"""The list of alerts."""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import alerts
from mlflow_sentinel_plugin.store.engine import Database


@pytest.fixture
def five(db: Database) -> Database:
    """Alerts opened at 1 to 5; the fifth has not fired."""
    rows: list[dict[str, Any]] = [
        {"status": "resolved", "severity": "low"},
        {"status": "firing", "severity": "high", "monitor_id": "m2", "experiment_id": "8"},
        {"status": "acknowledged", "severity": "medium", "condition": "schema_changed"},
        {"status": "firing", "severity": "critical"},
        {"status": "firing", "severity": "critical", "fired_at": None},
    ]
    defaults = {
        "workspace": "default",
        "monitor_id": "m1",
        "experiment_id": "7",
        "condition": "drift",
        "fired_at": 1,
    }
    with db.write() as session:
        for number, row in enumerate(rows, start=1):
            alerts.add(session, now=number, **{**defaults, "summary": str(number), **row})
    return db


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "4321"),
        ({"status": "open"}, "432"),
        ({"status": "firing"}, "42"),
        ({"status": "resolved"}, "1"),
        ({"severity": "high"}, "42"),
        ({"severity": "low"}, "4321"),
        ({"monitor_id": "m2"}, "2"),
        ({"experiment_id": "7"}, "431"),
        ({"condition": "schema_changed"}, "3"),
        ({"since": 2, "until": 4}, "32"),
        ({"visible": ["8"]}, "2"),
        ({"visible": []}, ""),
        ({"workspace": "other"}, ""),
    ],
)
def test_alerts_that_fired_are_listed_newest_first_and_filtered(
    five: Database, filters: dict[str, Any], expected: str
) -> None:
    with five.read() as session:
        assert "".join(alert.summary for alert in alerts.list_page(session, **filters).items) == expected


def test_pages_hold_every_alert_once(five: Database) -> None:
    seen, cursor = "", None
    with five.read() as session:
        while True:
            page = alerts.list_page(session, limit=3, cursor=cursor)
            seen += "".join(alert.summary for alert in page.items)
            cursor = page.next
            if cursor is None:
                break
    assert seen == "4321"


def test_open_alerts_are_counted_by_monitor(five: Database) -> None:
    with five.read() as session:
        assert alerts.open_counts(session, ["m1", "m2", "m3"]) == {"m1": 2, "m2": 1}


def test_an_alert_of_another_workspace_or_experiment_is_not_found(five: Database) -> None:
    with five.read() as session:
        alert_id = alerts.list_page(session).items[0].id
        assert alerts.get(session, alert_id).summary == "4"
        for options in ({"workspace": "other"}, {"visible": ["8"]}):
            with pytest.raises(NotFound, match=alert_id):
                alerts.get(session, alert_id, **options)  # type: ignore[arg-type]
