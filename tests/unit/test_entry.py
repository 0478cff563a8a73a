from __future__ import annotations

import importlib
import os
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest
from sqlalchemy import create_engine, inspect

from mlflow_sentinel_plugin import entry, mlflow_compat
from mlflow_sentinel_plugin.app import start
from mlflow_sentinel_plugin.store import migrate


@pytest.fixture
def backend(tmp_path, monkeypatch):
    """A fresh SQLite file as MLflow's backend; no other setting."""
    for name in [name for name in os.environ if name.startswith("SENTINEL_")]:
        monkeypatch.delenv(name)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", uri)
    return uri


def tables(uri: str) -> list[str]:
    engine = create_engine(uri)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_importing_the_module_elsewhere_does_nothing(backend):
    importlib.reload(entry)
    assert tables(backend) == []


@pytest.mark.parametrize("command", ["ui", "gc"])
def test_importing_it_under_another_command_does_nothing(backend, command):
    with click.Context(click.Command(command), info_name=command):
        importlib.reload(entry)
    assert tables(backend) == []


def test_importing_it_in_a_worker_does_nothing(backend, monkeypatch):
    from mlflow.cli import server

    monkeypatch.setenv("_MLFLOW_SGI_NAME", "uvicorn")
    with click.Context(server, info_name="server"):
        importlib.reload(entry)
    assert tables(backend) == []


def test_importing_it_in_the_process_of_mlflow_server_makes_the_tables(backend):
    from mlflow.cli import server

    with click.Context(server, info_name="server"):
        importlib.reload(entry)
    assert migrate.VERSION_TABLE in tables(backend)


def test_wrong_settings_stop_the_start_with_one_line(backend, monkeypatch, capsys):
    monkeypatch.setenv("SENTINEL_DRIFT__RULE", "strict")
    with pytest.raises(SystemExit) as caught:
        start.prepare(login=False)
    assert caught.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "SENTINEL_DRIFT__RULE" in lines[0]


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SENTINEL_DRIFT__ALGORITHMS", "psii", "did you mean 'psi'"),
        ("SENTINEL_DRIFT__THRESHOLDS__KS_PVALUE", "0.1", "unknown metric 'ks'"),
        ("SENTINEL_ALERTING__SINKS__OPS__URL", "https://x", "unknown sink 'ops'"),
        ("SENTINEL_STORAGE__URI", "oracle://x", "no database that Sentinel works with"),
    ],
)
def test_names_that_only_the_registries_know_are_checked_too(
    backend, monkeypatch, capsys, variable, value, says
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        start.prepare(login=False)
    assert says in capsys.readouterr().err


def test_a_backend_that_is_no_database_stops_the_start(backend, monkeypatch, capsys):
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", "./mlruns")
    with pytest.raises(SystemExit):
        start.prepare(login=False)
    assert "set storage.uri" in capsys.readouterr().err


def test_a_database_that_is_away_is_left_to_the_workers(backend, monkeypatch, capsys, tmp_path):
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("SENTINEL_STORAGE__URI", f"sqlite:///{tmp_path}/folder")
    start.prepare(login=False)
    assert "MLflow starts without it" in capsys.readouterr().err


def test_switched_off_touches_nothing(backend, monkeypatch, capsys):
    monkeypatch.setenv("SENTINEL_ENABLED", "false")
    start.prepare(login=False)
    assert tables(backend) == []
    assert "switched off" in capsys.readouterr().err


def test_hints_are_said_once_in_the_servers_own_process(backend, monkeypatch, capsys):
    monkeypatch.setenv("SENTINEL_API__PORT", "80")
    start.prepare(login=False)
    assert "api.port has no effect" in capsys.readouterr().err


def test_an_mlflow_without_a_name_sentinel_needs_is_said(monkeypatch):
    monkeypatch.setitem(mlflow_compat._NEEDED, "mlflow.server", ["no_such_name"])
    with pytest.raises(mlflow_compat.Unavailable, match=r"lacks mlflow\.server\.no_such_name"):
        mlflow_compat.check()


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_this_mlflow_has_every_name_sentinel_needs(monkeypatch, server):
    monkeypatch.setenv("_MLFLOW_SGI_NAME", server)
    mlflow_compat.check()


def test_a_login_hook_is_found_by_its_module(monkeypatch):
    hook = SimpleNamespace(__module__="mlflow.server.auth")
    monkeypatch.setattr(
        mlflow_compat, "flask_app", lambda: SimpleNamespace(before_request_funcs={None: [hook]})
    )
    assert mlflow_compat.active_login() == "mlflow.server.auth"


def test_the_entry_module_costs_little_to_import():
    code = "import sys, mlflow_sentinel_plugin.entry; print({'mlflow', 'sqlalchemy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
