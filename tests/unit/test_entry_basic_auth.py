"""``sentinel-basic-auth``: the login is put in place, or nothing is served."""

from __future__ import annotations

import importlib
import os
from types import SimpleNamespace

import click
import pytest
from flask import Flask

from mlflow_sentinel_plugin import entry_basic_auth, mlflow_compat, mlflow_login
from mlflow_sentinel_plugin.app import create_app, factory, start
from mlflow_sentinel_plugin.errors import ConfigError

TOKEN, BOOTSTRAPPED = "_MLFLOW_INTERNAL_GATEWAY_AUTH_TOKEN", "_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED"


class Auth(SimpleNamespace):
    """Stands for MLflow's login module; notes what was done."""

    def __init__(self, *, since_3_16: bool = True):
        self.done: list[str] = []
        names = dict.fromkeys(mlflow_login._NEEDED)
        super().__init__(**names)
        self.auth_config = SimpleNamespace(
            database_uri="uri", read_database_uri=None, admin_username="root", admin_password="secret"
        )
        self.store = SimpleNamespace(init_db=lambda uri, read_db_uri: self.done.append(f"migrate {uri}"))
        self.create_admin_user = lambda name, password: self.done.append(f"admin {name}")
        self._before_request = lambda: ("sign in", 401)
        self.create_app = self._create_app
        if since_3_16:
            self.bootstrap_admin_user = lambda: self.done.append("bootstrap")

    def _create_app(self, app: Flask) -> Flask:
        app.before_request(self._before_request)
        return app


@pytest.fixture
def auth(monkeypatch, tmp_path):
    """A module in place of MLflow's login, and an environment without settings."""
    for name in [name for name in os.environ if name.startswith("SENTINEL_")]:
        monkeypatch.delenv(name)
    for name in (TOKEN, BOOTSTRAPPED):
        monkeypatch.setenv(name, "")  # so that it is taken back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "key")
    return install(Auth(), monkeypatch)


def install(module: Auth, monkeypatch) -> Auth:
    real = importlib.import_module
    monkeypatch.setattr(
        mlflow_login.importlib,
        "import_module",
        lambda name, *args: module if name == mlflow_login.MODULE else real(name, *args),
    )
    return module


@pytest.fixture
def mlflow(monkeypatch):
    """MLflow's app, as under gunicorn, with one page."""
    app = Flask("mlflow")
    app.add_url_rule("/runs", "runs", lambda: "everybody's runs")
    monkeypatch.setattr(mlflow_compat, "flask_app", lambda: app)
    monkeypatch.setattr(factory, "log_to_stderr", lambda: None)
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    return app


# --- in the process of `mlflow server` -------------------------------------------------------------------


def test_importing_the_module_elsewhere_does_nothing(auth):
    importlib.reload(entry_basic_auth)
    with click.Context(click.Command("ui"), info_name="ui"):
        importlib.reload(entry_basic_auth)
    assert auth.done == []


def test_importing_it_in_a_worker_does_nothing(auth, monkeypatch):
    from mlflow.cli import server

    monkeypatch.setenv("_MLFLOW_SGI_NAME", "uvicorn")
    with click.Context(server, info_name="server"):
        importlib.reload(entry_basic_auth)
    assert auth.done == []


def test_importing_it_in_the_process_of_mlflow_server_does_the_logins_boot_work(auth, capsys):
    from mlflow.cli import server

    with click.Context(server, info_name="server"):
        importlib.reload(entry_basic_auth)
    assert auth.done == ["bootstrap"]
    assert os.environ[BOOTSTRAPPED] == "true"
    assert len(os.environ[TOKEN]) == 64
    assert "no login" not in capsys.readouterr().err


def test_an_mlflow_before_3_16_is_booted_step_by_step_and_its_workers_look_again(auth, monkeypatch):
    older = install(Auth(since_3_16=False), monkeypatch)
    mlflow_login.prepare()
    assert older.done == ["migrate uri", "admin root"]
    assert BOOTSTRAPPED not in os.environ


def test_switched_off_the_login_is_put_in_place_all_the_same(auth, monkeypatch):
    monkeypatch.setenv("SENTINEL_ENABLED", "false")
    start.prepare(login=True)
    assert auth.done == ["bootstrap"]


def refused(capsys) -> str:
    with pytest.raises(SystemExit) as caught:
        start.prepare(login=True)
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_missing_secret_key_stops_the_start_with_one_line(auth, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_FLASK_SERVER_SECRET_KEY")
    assert "MLFLOW_FLASK_SERVER_SECRET_KEY is not set" in refused(capsys)


def test_a_login_that_cannot_boot_stops_the_start_with_one_line(auth, capsys):
    def fail() -> None:
        raise ValueError("no password\nis configured")

    auth.bootstrap_admin_user = fail
    assert "cannot be put in place: no password is configured" in refused(capsys)
    assert TOKEN not in os.environ


def test_a_login_without_a_name_that_sentinel_needs_stops_the_start(auth, capsys):
    del auth._get_experiment_permission
    assert "lacks _get_experiment_permission" in refused(capsys)


def test_a_login_whose_library_is_not_installed_stops_the_start(auth, monkeypatch):
    def missing(name):
        raise ImportError("needs Flask-WTF")

    monkeypatch.setattr(mlflow_login.importlib, "import_module", missing)
    with pytest.raises(ConfigError, match="needs Flask-WTF"):
        mlflow_login.prepare()


# --- in workers ------------------------------------------------------------------------------------------


def test_the_login_stands_before_mlflow_and_sentinel(auth, mlflow, monkeypatch):
    monkeypatch.setattr(factory, "_dispatch", lambda *args: None)
    assert create_app(login=True).test_client().get("/runs").status_code == 401


def test_switched_off_sentinel_is_gone_and_the_login_stays(auth, mlflow, monkeypatch):
    monkeypatch.setenv("SENTINEL_ENABLED", "false")
    assert create_app(login=True).test_client().get("/runs").status_code == 401


def test_a_sentinel_that_cannot_be_built_leaves_the_login_in_place(auth, mlflow, monkeypatch):
    def broken(base, *, login):
        raise RuntimeError("broken")

    from mlflow_sentinel_plugin.app import wiring

    monkeypatch.setattr(wiring, "install", broken)
    client = create_app(login=True).test_client()
    assert client.get("/runs").status_code == 401
    assert client.get("/api/v1/health").status_code == 503


def test_a_login_that_fails_is_raised(auth, mlflow, monkeypatch):
    def fail(app):
        raise OSError("the login's database is away")

    monkeypatch.setattr(auth, "create_app", fail)
    with pytest.raises(OSError, match="database is away"):
        create_app(login=True)


def test_a_login_that_left_mlflow_open_is_raised(auth, mlflow):
    auth.create_app = lambda app: app
    with pytest.raises(RuntimeError, match="left MLflow open"):
        create_app(login=True)
