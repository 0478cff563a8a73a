from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner

from mlflow_sentinel_plugin import __version__
from mlflow_sentinel_plugin.cli import main


@pytest.fixture
def run(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("SENTINEL_", "MLFLOW_"))]:
        monkeypatch.delenv(name)

    def _run(*arguments, **kwargs):
        return CliRunner().invoke(main, arguments, **kwargs)

    return _run


def test_the_version_is_the_packages(run):
    assert run("--version").output.strip() == f"mlflow-sentinel, version {__version__}"


def test_help_lists_every_command(run):
    assert all(name in run("--help").output for name in ("config", "db", "demo"))


def test_help_needs_none_of_the_heavy_libraries():
    code = (
        "import sys\nfrom mlflow_sentinel_plugin.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('mlflow', 'sqlalchemy', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_tables_are_made_checked_and_removed(run, tmp_path):
    where = ("--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert run("db", "check", *where).exit_code == 1
    assert "brought up to date" in run("db", "upgrade", *where).output
    assert "already up to date" in run("db", "upgrade", *where).output
    checked = run("db", "check", *where)
    assert (checked.exit_code, "current" in checked.output) == (0, True)
    assert run("db", "drop", *where, input="n\n").exit_code == 1
    assert "removed" in run("db", "drop", *where, "--yes").output
    assert "missing" in run("db", "check", *where).output


def test_which_database_must_be_said(run):
    done = run("db", "check")
    assert (done.exit_code, "--backend-store-uri" in done.output) == (2, True)


def test_a_database_that_cannot_be_used_is_one_line(run, tmp_path):
    done = run("db", "upgrade", "--backend-store-uri", f"sqlite:///{tmp_path}")
    assert done.exit_code == 1
    assert done.output.startswith("Error: Sentinel's database cannot be used")


def test_right_settings_are_said_to_be_right(run, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("api: {port: 80}")
    done = run("config", "check", "--config", str(file))
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == f"ok: {file}"
    assert "api.port has no effect" in done.output


def test_every_mistake_in_the_settings_is_listed(run, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("drift: {rule: x}\nwindows: {rows: 0}")
    done = run("config", "check", "--config", str(file))
    assert done.exit_code == 1
    assert "drift.rule" in done.output
    assert "windows.rows" in done.output


def test_a_metric_that_does_not_exist_is_a_mistake(run, monkeypatch):
    monkeypatch.setenv("SENTINEL_DRIFT__ALGORITHMS", "psii")
    done = run("config", "check")
    assert (done.exit_code, "did you mean 'psi'" in done.output) == (1, True)


@pytest.mark.parametrize("uri", ["mssql://h/d", "sqlite://", "postgresql+asyncpg://h/d"])
def test_a_database_that_cannot_be_ours_is_a_mistake(run, monkeypatch, uri):
    monkeypatch.setenv("SENTINEL_STORAGE__URI", uri)
    done = run("config", "check")
    assert (done.exit_code, done.output.startswith("Error: ")) == (1, True)


def test_what_has_no_effect_is_said_beside_the_shown_settings(run, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("api: {port: 80}")
    done = run("config", "show", "--config", str(file))
    assert "api.port has no effect" in done.stderr
    assert "port" not in yaml.safe_load(done.stdout)["api"]


def test_shown_settings_are_masked(run, monkeypatch):
    monkeypatch.setenv("SENTINEL_STORAGE__URI", "postgresql://me:s3cret@h/d")
    done = run("config", "show")
    assert "postgresql://me:***@h/d" in done.output
    assert "s3cret" not in done.output
