"""A database as large as the dashboard is made for, written straight into its tables.

200 monitors of 20 features and one of 500, 90 days of hourly windows: 434 160 windows, 9.7 million feature
scores. Verdicts are those of the real engine on rows of a fixed random stream, repeated. Whole verdicts are
kept for each monitor's newest windows only, and counts for the newest two, which keeps the file below 8 GB.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, FromClause

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.entities import MonitorSettings
from mlflow_sentinel_plugin.pipeline.judging import detector_of, verdict_of
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.store import migrate, models
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.windows import Verdict, feature_key

HOUR = 3_600_000
ROWS = 400
DRIFT_EVERY, DRIFT_HOURS = 150, 6
"""In each monitor, hours of drift at the end of so many hours; the monitors take turns."""
WHOLE_VERDICTS = 24


@dataclass(frozen=True)
class Scale:
    """How much there is to look at."""

    monitors: int = 200
    features: int = 20
    wide: int = 500
    days: int = 90

    @property
    def hours(self) -> int:
        return self.days * 24


@dataclass(frozen=True)
class Recipe:
    """A baseline, and verdicts on quiet and on drifting windows of it, ready to be written many times."""

    baseline: Baseline
    described: str
    quiet: Sequence[tuple[Verdict, bytes]]
    drift: Sequence[tuple[Verdict, bytes]]

    def at(self, hour: int, number: int) -> tuple[Verdict, bytes]:
        """The verdict and the counts of an hour of the monitor of that number."""
        drifts = (hour + 7 * number) % DRIFT_EVERY >= DRIFT_EVERY - DRIFT_HOURS
        choices = self.drift if drifts else self.quiet
        return choices[(hour * 31 + number) % len(choices)]


def frame(features: int, rows: int, rng: np.random.Generator, moved: float = 0.0) -> Any:
    """Two thirds numbers, one third levels; ``moved`` shifts every tenth feature by so many deviations."""
    columns: dict[str, Any] = {}
    for i in range(features):
        by = moved if i % 10 == 0 else 0.0
        if i % 3 == 2:
            weights = np.array([5.0, 3.0, 2.0 + 4 * by, 1.0])
            columns[f"level_{i:03d}"] = rng.choice(["a", "b", "c", "d"], rows, p=weights / weights.sum())
        else:
            columns[f"number_{i:03d}"] = rng.normal(i + by, 1.0, rows).round(4)
    return pd.DataFrame(columns)


def recipe(features: int, seed: int) -> Recipe:
    """Verdicts of the real engine under the default settings."""
    rng = np.random.default_rng(seed)
    baseline = Baseline.from_data(frame(features, 3000, rng))
    settings = Config().resolve(MonitorSettings())

    def judged(moved: float) -> tuple[Verdict, bytes]:
        profile = baseline.profile(frame(features, ROWS, rng, moved))
        detector = detector_of(settings, baseline)
        return verdict_of(detector.check(profile), detector), profile.to_bytes()

    described = [
        {"name": f.name, "kind": f.kind, "role": f.role, "summary": {}} for f in baseline.features.values()
    ]
    return Recipe(
        baseline,
        json.dumps(described),
        [judged(0.0) for _ in range(8)],
        [judged(0.4 + i / 4) for i in range(4)],
    )


@dataclass(frozen=True)
class Seeded:
    """One monitor of the database."""

    number: int
    id: str
    name: str
    baseline_id: str
    recipe: Recipe


def seed(uri: str, scale: Scale, now: int) -> None:
    """Fill an empty database; the newest hour is the one that holds ``now`` (ms), and open."""
    db = Database.open(uri)
    migrate.upgrade(db)
    narrow, wide = recipe(scale.features, 1), recipe(scale.wide, 2)
    seeded = [_named(i, f"model-{i:03d}", narrow) for i in range(scale.monitors)]
    seeded.append(_named(scale.monitors, "wide", wide))
    first = now // HOUR * HOUR - scale.hours * HOUR
    with db.connect() as connection:
        _insert(connection, models.Monitor.__table__, (_monitor(one, scale, first) for one in seeded))
        _insert(connection, models.Baseline.__table__, (_baseline(one, first) for one in seeded))
        for hour in range(scale.hours + 1):
            _write_hour(connection, seeded, scale, first, hour)
        connection.commit()
    db.close()


def _named(number: int, name: str, of: Recipe) -> Seeded:
    return Seeded(number, uuid.UUID(int=number + 1).hex, name, uuid.UUID(int=10_000 + number).hex, of)


def _write_hour(
    connection: Connection, seeded: Sequence[Seeded], scale: Scale, first: int, hour: int
) -> None:
    """As a server writes: all monitors of an hour, then the next."""
    at, is_open = first + hour * HOUR, hour == scale.hours
    windows, features, events = [], [], []
    for one in seeded:
        verdict, counts = one.recipe.at(hour, one.number)
        window_id = f"{at:016x}{one.number:016x}"
        whole = hour >= scale.hours - WHOLE_VERDICTS
        windows.append(_window(one, window_id, at, verdict, counts, hour, scale, whole=whole))
        if is_open:
            continue
        features += [_feature(one, window_id, at, score) for score in verdict.features]
        if verdict.state == "drift":
            events.append(_event(one, window_id, at, verdict))
    _insert(connection, models.Window.__table__, windows)
    _insert(connection, models.WindowFeature.__table__, features)
    _insert(connection, models.DriftEvent.__table__, events)
    _insert(
        connection,
        models.Alert.__table__,
        (_alert(event) for event in events if hour >= scale.hours - DRIFT_HOURS),
    )


def _monitor(one: Seeded, scale: Scale, first: int) -> dict[str, Any]:
    newest, _ = one.recipe.at(scale.hours - 1, one.number)
    return {
        "id": one.id,
        "workspace": "default",
        "name": one.name,
        "experiment_id": "0",
        "model": one.name,
        "settings": "{}",
        "paused": False,
        "baseline_id": one.baseline_id,
        "rows_accepted": scale.hours * ROWS,
        "rows_rejected": 0,
        "state": newest.state,
        "severity": newest.severity,
        "last_row_at": first + scale.hours * HOUR,
        "created_at": first,
        "updated_at": first,
    }


def _baseline(one: Seeded, first: int) -> dict[str, Any]:
    return {
        "id": one.baseline_id,
        "workspace": "default",
        "monitor_id": one.id,
        "version": 1,
        "rows": 3000,
        "digest": one.recipe.baseline.digest,
        "source": "{}",
        "features": one.recipe.described,
        "data": one.recipe.baseline.to_bytes(),
        "created_at": first,
        "activated_at": first,
    }


def _window(
    one: Seeded,
    window_id: str,
    at: int,
    verdict: Verdict,
    counts: bytes,
    hour: int,
    scale: Scale,
    *,
    whole: bool,
) -> dict[str, Any]:
    is_open = hour == scale.hours
    return {
        "id": window_id,
        "workspace": "default",
        "monitor_id": one.id,
        "baseline_id": one.baseline_id,
        "spec": "1h UTC",
        "ordinal": at,
        "start_ms": at,
        "end_ms": at + HOUR,
        "is_open": is_open,
        "is_due": False,
        "rows": ROWS,
        "last_arrival_ms": at + HOUR // 2,
        "data_version": 1,
        "scored_version": 0 if is_open else 1,
        "state": None if is_open else verdict.state,
        "severity": None if is_open else verdict.severity,
        "score": None if is_open else verdict.score,
        "result": json.dumps(verdict.result) if whole and not is_open else None,
        "history": "[]",
        "profile": counts if hour >= scale.hours - 1 else None,
        "closed_at": None if is_open else at + HOUR,
        "scored_at": None if is_open else at + HOUR,
    }


def _feature(one: Seeded, window_id: str, at: int, score: Any) -> dict[str, Any]:
    return {
        "window_id": window_id,
        "feature_key": feature_key(score.feature),
        "feature": score.feature,
        "monitor_id": one.id,
        "at_ms": at,
        "state": score.state,
        "effect": score.effect,
        "p_value": score.p_value,
        "scores": json.dumps(score.scores),
    }


def _event(one: Seeded, window_id: str, at: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": f"{at:016x}{one.number:016x}",
        "workspace": "default",
        "monitor_id": one.id,
        "experiment_id": "0",
        "window_id": window_id,
        "baseline_id": one.baseline_id,
        "at_ms": at + HOUR,
        "state": verdict.state,
        "severity": verdict.severity,
        "score": verdict.score,
        "features": json.dumps([signal["name"] for signal in verdict.result["signals"]]),
        "summary": verdict.result["summary"],
        "withdrawn": False,
        "created_at": at + HOUR,
        "updated_at": at + HOUR,
    }


def _alert(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": event["id"],
        "workspace": "default",
        "monitor_id": event["monitor_id"],
        "experiment_id": "0",
        "condition": "drift",
        "status": "firing",
        "severity": event["severity"],
        "summary": event["summary"],
        "features": event["features"],
        "event_id": event["id"],
        "windows": 1,
        "clean_windows": 0,
        "opened_at": event["at_ms"],
        "updated_at": event["at_ms"],
        "notified_at": event["at_ms"],
        "notified_severity": event["severity"],
        "fired_at": event["at_ms"],
        "told": "firing",
    }


def _insert(connection: Connection, table: FromClause, rows: Iterator[dict[str, Any]] | list[Any]) -> None:
    """Many rows past the ORM, whose JSON is text already."""
    rows = list(rows)
    if not rows:
        return
    names = list(rows[0])
    marks = ", ".join("?" for _ in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    sql = f"INSERT INTO {table} ({quoted}) VALUES ({marks})"
    connection.exec_driver_sql(sql, [tuple(row.values()) for row in rows])


def database_file(folder: Path) -> str:
    """The URI of the database in a folder, as ``mlflow server`` takes it."""
    return f"sqlite:///{folder / 'mlflow.db'}"
