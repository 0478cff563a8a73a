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


def server_command(**options):
    """The command ``mlflow server`` with these options, running."""
    from mlflow.cli import server

    context = click.Context(server, info_name="server")
    context.params.update(options)
    return context


@pytest.mark.parametrize(
    ("options", "worker_class"),
    [
        ("", "sync"),
        ("--timeout 60", "sync"),
        ("--threads 1", "sync"),
        ("-k gevent", "gevent"),
        ("--worker-class=gevent --threads 8", "gevent"),
    ],
)
def test_a_worker_class_that_is_not_supported_is_said_in_one_line(
    backend, monkeypatch, capsys, options, worker_class
):
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    with server_command(gunicorn_opts=options):
        start.prepare(login=False)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"Sentinel does not work under gunicorn's worker class {worker_class};" in line
    assert "--worker-class gthread" in line
    assert tables(backend) == []


@pytest.mark.parametrize("options", ["-k gthread", "--threads 8", "--config own.py", "-k own.Worker", "-k"])
def test_other_options_of_gunicorn_are_left_to_its_workers(backend, monkeypatch, options):
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    with server_command(gunicorn_opts=options):
        start.prepare(login=False)
    assert migrate.VERSION_TABLE in tables(backend)


def test_gunicorns_own_variable_counts(backend, monkeypatch):
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--threads 4")
    with server_command(gunicorn_opts=""):
        start.prepare(login=False)
    assert migrate.VERSION_TABLE in tables(backend)


@pytest.mark.parametrize(("platform", "code"), [("linux", 1), ("win32", None)])
def test_waitress_stops_the_start_where_mlflow_cannot_run_a_plugin_under_it(
    backend, monkeypatch, capsys, platform, code
):
    monkeypatch.setattr("mlflow_sentinel_plugin.app.servers.sys.platform", platform)
    with server_command(waitress_opts=""):
        try:
            start.prepare(login=False)
            ended = None
        except SystemExit as error:
            ended = error.code
    assert ended == code
    (line,) = capsys.readouterr().err.splitlines()
    assert "Sentinel does not work under waitress; use uvicorn" in line


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
