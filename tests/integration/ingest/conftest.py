"""A real MLflow store and a Sentinel database, each in an SQLite file of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.ingest.poll import poll_runs
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource
from mlflow_sentinel_plugin.store import migrate
from mlflow_sentinel_plugin.store.engine import Database


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory) -> Path:
    """MLflow's tables, made once: its migrations take seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    SqlAlchemyStore(f"sqlite:///{path}", str(path.parent / "unused")).engine.dispose()
    return path


@pytest.fixture
def store(empty_mlflow, tmp_path):
    path = shutil.copy(empty_mlflow, tmp_path / "mlflow.db")
    found = SqlAlchemyStore(f"sqlite:///{path}", str(tmp_path / "artifacts"))
    yield found
    found.engine.dispose()


@pytest.fixture
def client(store, tmp_path) -> MlflowClient:
    return MlflowClient(store.db_uri)


@pytest.fixture
def experiment(client, tmp_path) -> str:
    """Id of an experiment with its artifacts in a plain folder."""
    return client.create_experiment("production", artifact_location=str(tmp_path / "artifacts"))


@pytest.fixture
def source(store) -> TrackingSource:
    return TrackingSource(lambda: store)


@pytest.fixture
def db(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/sentinel.db")
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def poll(source, db) -> Callable[..., bool]:
    def run(now: int, *experiments: str) -> bool:
        config = Config.model_validate({"mlflow": {"experiments": list(experiments or ["*"])}})
        return poll_runs(source, db, config, now)

    return run
