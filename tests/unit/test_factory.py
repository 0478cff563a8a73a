from __future__ import annotations

import builtins
import sys
from types import ModuleType

import pytest
from flask import Flask

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.app import create_app, factory, gunicorn, servers, wiring


@pytest.fixture
def mlflow(monkeypatch):
    """MLflow's app, as under gunicorn with threads, and no Sentinel left running."""
    app = Flask("mlflow")
    app.add_url_rule("/health", "health", lambda: "OK")
    monkeypatch.setattr(mlflow_compat, "flask_app", lambda: app)
    monkeypatch.setattr(factory, "log_to_stderr", lambda: None)
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    monkeypatch.setitem(sys.modules, servers.GTHREAD, ModuleType("gthread"))
    return app


def assert_mlflow_goes_on(app: Flask, *, says: str) -> None:
    client = create_app().test_client()
    assert client.get("/health").text == "OK"
    answer = client.get("/api/v1/health")
    assert answer.status_code == 503
    assert says in answer.json["error"]["message"]


def test_a_sentinel_that_cannot_be_built_does_not_take_mlflow_down(mlflow, monkeypatch):
    def broken(provider, authorizer=None):
        raise RuntimeError("no permission is declared for: x")

    monkeypatch.setattr(wiring, "sub_app", broken)
    assert_mlflow_goes_on(mlflow, says="RuntimeError: no permission is declared for: x")


def test_a_library_that_cannot_be_imported_does_not_take_mlflow_down(mlflow, monkeypatch):
    real = builtins.__import__

    def importing(name, *args, **kwargs):
        if name == "mlflow_sentinel_plugin.app" and "wiring" in (args[2] or ()):
            raise ImportError("libarrow.so is missing")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)
    assert_mlflow_goes_on(mlflow, says="libarrow.so is missing")


def test_under_another_worker_class_of_gunicorn_mlflow_runs_alone(mlflow, monkeypatch):
    monkeypatch.delitem(sys.modules, servers.GTHREAD)
    assert_mlflow_goes_on(mlflow, says="does not work under this worker class of gunicorn; use uvicorn")


def test_under_waitress_mlflow_runs_alone(mlflow, monkeypatch):
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "waitress")
    assert_mlflow_goes_on(mlflow, says="does not work under waitress; use uvicorn")


def test_switched_off_nothing_is_dispatched(mlflow, monkeypatch):
    monkeypatch.setenv("SENTINEL_ENABLED", "false")
    client = create_app().test_client()
    assert client.get("/health").text == "OK"
    assert client.get("/api/v1/health").status_code == 404


@pytest.mark.parametrize(
    ("argv", "variable", "expected"),
    [
        (["gunicorn", "--preload"], "", True),
        (["gunicorn"], "--threads 4 --preload", True),
        (["gunicorn", "--threads", "4"], "", False),
    ],
)
def test_a_preloaded_master_is_recognised(mlflow, monkeypatch, argv, variable, expected):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", variable)
    assert gunicorn.is_preloaded() is expected
