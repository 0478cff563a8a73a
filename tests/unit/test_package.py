from __future__ import annotations

import subprocess
import sys

import pytest

import mlflow_sentinel_plugin


@pytest.mark.parametrize("name", mlflow_sentinel_plugin.__all__)
def test_each_public_name_can_be_imported(name):
    assert getattr(mlflow_sentinel_plugin, name) is not None


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mlflow_sentinel_plugin.nothing


def test_importing_the_package_and_the_engine_needs_no_server_database_or_mlflow():
    code = (
        "import sys, mlflow_sentinel_plugin as m; light = set(sys.modules); m.compare;"
        "heavy = {'flask', 'fastapi', 'starlette', 'sqlalchemy', 'mlflow', 'apscheduler'};"
        "sys.exit(bool(light & (heavy | {'numpy', 'pandas'}) or set(sys.modules) & heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
