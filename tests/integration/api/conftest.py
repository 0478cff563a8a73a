"""The real routes over a real database, a real pipeline and MLflow's real store; time is set by hand."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from mlflow.entities import Metric, Param, RunStatus
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.file_utils import local_file_uri_to_path
from sqlalchemy import event

from mlflow_sentinel_plugin.api.auth import AUTHORIZER, Authorizer, User
from mlflow_sentinel_plugin.api.context import EXTENSION, Services
from mlflow_sentinel_plugin.app import wiring
from mlflow_sentinel_plugin.clock import from_rfc3339
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.ingest.poll import poll_runs
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.scheduler import Background
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.lease import Lease
from tests.integration.api.documented import Document

MINUTE, HOUR = 60_000, 3_600_000
NOON = from_rfc3339("2026-03-10T12:00:00Z")
CITIES = ("Ulm", "Bonn", "Kiel")


@dataclass(frozen=True)
class Answer:
    """What a route said; ``body`` is parsed strictly and as the OpenAPI document promises."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Anyone:
    """No login: everybody may do everything."""

    def sign_in(self) -> User:
        return User(None, is_admin=True)

    def owner(self, name: str | None) -> User:
        return User(name, is_admin=True)

    def may(self, user: User, permission: str, experiment_id: str) -> bool:
        return True

    def visible(self, user: User) -> frozenset[str] | None:
        return None


class Server:
    """One worker that leads, without its threads."""

    def __init__(self, db: Database, mlflow: Mlflow, app: Flask, document: Document) -> None:
        self.now = NOON
        config = Config()
        self.db = db
        self._mlflow = mlflow
        self.pipeline = Pipeline(db, config, lambda: self.now)
        tracking = TrackingSource(self._mlflow_store)
        background = Background(self.pipeline, tracking, db, config)
        self._services = Services(config, db, self.pipeline, tracking, background)
        self.app = app
        self.authorizer: Authorizer = Anyone()
        self._client = app.test_client()
        self._document = document
        epoch = Lease(db, "test", ttl_ms=600_000).try_acquire()
        assert epoch is not None
        self.epoch = epoch

    def services(self) -> Services:
        return self._services

    def _mlflow_store(self) -> Any:
        # On one SQLite file, a writer that waits for our open session keeps MLflow's read waiting, and so us.
        assert self.db.engine.pool.checkedout() == 0, "MLflow is asked while a session of ours is open"
        return self._mlflow.store

    # --- requests ----------------------------------------------------------------------------------------

    def call(self, method: str, path: str, **options: Any) -> Answer:
        """Any request below ``/api/v1``; the answer is one that the document names."""
        self.app.extensions |= {EXTENSION: self, AUTHORIZER: self.authorizer}
        raw = self._client.open(f"/api/v1{path}", method=method, **options)
        body = self._document.check(raw)
        return Answer(raw.status_code, body, raw.headers)

    def get(self, path: str, **query: Any) -> Any:
        return self._good(self.call("GET", path, query_string=query), 200)

    def patch(self, path: str, **changes: Any) -> Any:
        return self._good(self.call("PATCH", path, json=changes), 200)

    def post(self, path: str, status: int = 200, **options: Any) -> Any:
        return self._good(self.call("POST", path, **options), status)

    def refused(self, method: str, path: str, status: int, code: str, **options: Any) -> dict[str, Any]:
        """The error of a request that must fail, and must change nothing."""
        before = self.contents()
        answer = self.call(method, path, **options)
        assert (answer.status, answer.body["error"]["code"]) == (status, code), answer.body
        assert self.contents() == before
        return answer.body["error"]

    def _good(self, answer: Answer, status: int) -> Any:
        assert answer.status == status, answer.body
        return answer.body

    def contents(self) -> list[str]:
        """Everything stored, as SQL."""
        with closing(sqlite3.connect(str(self.db.path))) as connection:
            return list(connection.iterdump())

    # --- shorthand ---------------------------------------------------------------------------------------

    def baseline(self, monitor: str = "churn", rows: Sequence[Mapping[str, Any]] = (), **query: Any) -> Any:
        return self.post(
            "/baseline", 201, query_string={"monitor": monitor, **query}, **as_csv(rows or people(400))
        )

    def send(self, rows: Sequence[Mapping[str, Any]], monitor: str = "churn", **headers: str) -> Any:
        body = as_csv(rows)
        return self.post("/predictions", 202, query_string={"monitor": monitor}, headers=headers, **body)

    def tick(self, advance_ms: int = 0) -> None:
        """All the leader has to do after so much time."""
        self.now += advance_ms
        steps = (self.pipeline.fold, self.pipeline.close_windows, self.pipeline.score)
        while any(step(self.epoch) for step in steps):
            pass

    def poll(self) -> None:
        """Read MLflow's runs."""
        current = self._services
        while poll_runs(current.tracking, current.db, current.config, self.now):
            pass


def people(
    count: int, shift: float = 0.0, seed: int = 1, cities: Sequence[str] = CITIES
) -> list[dict[str, Any]]:
    """Rows of a number and a category; ``shift`` in standard deviations."""
    source = random.Random(f"{seed} {count}")
    return [
        {"age": round(source.gauss(40 + 10 * shift, 10), 3), "city": source.choice(cities)}
        for _ in range(count)
    ]


def as_csv(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Options of a request with these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return {"data": text.getvalue(), "content_type": "text/csv"}


def as_json(value: Any) -> dict[str, Any]:
    return {"data": json.dumps(value), "content_type": "application/json"}


@dataclass
class Mlflow:
    """MLflow's own store, with experiments ``0`` (Default), ``1`` (fraud) and ``2`` (secret)."""

    store: SqlAlchemyStore

    def run(
        self,
        experiment_id: str = "1",
        *,
        name: str = "train",
        start: int = NOON - HOUR,
        metrics: Mapping[str, Sequence[float]] | None = None,
        artifacts: Mapping[str, bytes] | None = None,
        status: str = "FINISHED",
    ) -> str:
        """A run with values of metrics in order of their steps, and files."""
        made = self.store.create_run(experiment_id, "ada", start, [], name)
        run_id: str = made.info.run_id
        points = [
            Metric(key, value, start + step, step)
            for key, values in (metrics or {}).items()
            for step, value in enumerate(values)
        ]
        self.store.log_batch(run_id, points, [Param("depth", "3")], [])
        self.store.update_run_info(run_id, RunStatus.from_string(status), start + MINUTE, None)
        for path, content in (artifacts or {}).items():
            file = Path(local_file_uri_to_path(made.info.artifact_uri)) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return run_id


class NoServices:
    """A worker that could not start."""

    def services(self) -> Services:
        raise Unavailable("the database is away")


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Mlflow:
    folder = tmp_path_factory.mktemp("mlflow")
    store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", f"{folder}/artifacts")
    assert [store.create_experiment(name) for name in ("fraud", "secret")] == ["1", "2"]
    return Mlflow(store)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "sentinel.db"
    database = Database.open(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def app() -> Flask:
    """Sentinel's app without services: each test's server puts its own in."""
    return wiring.sub_app(NoServices())


@pytest.fixture(scope="session")
def document(app: Flask) -> Document:
    return Document(app)


@pytest.fixture(scope="session")
def new_database(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Database]]:
    """Makes empty databases."""
    made: list[Database] = []

    def make() -> Database:
        path = tmp_path_factory.mktemp("sentinel") / "sentinel.db"
        shutil.copy(template, path)
        made.append(Database.open(f"sqlite:///{path}"))
        # No test here pulls the plug; waiting for the disk is most of the time otherwise.
        event.listen(made[-1].engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture(scope="session")
def new_server(
    new_database: Callable[[], Database], mlflow: Mlflow, app: Flask, document: Document
) -> Callable[[], Server]:
    """Makes servers, each on a database of its own."""
    return lambda: Server(new_database(), mlflow, app, document)


@pytest.fixture(scope="session")
def untouched(new_server: Callable[[], Server]) -> Server:
    """With a monitor ``known`` and its baseline; for requests that must change nothing."""
    server = new_server()
    server.baseline("known")
    return server


@pytest.fixture(scope="session")
def scratch(new_database: Callable[[], Database]) -> Database:
    """One database for all tests: a new engine would compile every statement anew."""
    return new_database()


@pytest.fixture
def server(scratch: Database, template: Path, mlflow: Mlflow, app: Flask, document: Document) -> Server:
    """On an empty database."""
    with closing(sqlite3.connect(template)) as empty, closing(sqlite3.connect(str(scratch.path))) as used:
        empty.backup(used)
    return Server(scratch, mlflow, app, document)
