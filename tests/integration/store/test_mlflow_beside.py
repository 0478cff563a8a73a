"""MLflow's tables and ours in one database: neither side's checks and upgrades mind the other's."""

from __future__ import annotations

import subprocess
import sys

# One process for all steps: importing MLflow takes longer than the steps.
PRELUDE = """
import sys
from click.testing import CliRunner
from sqlalchemy import inspect
from mlflow.cli import cli
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow_sentinel_plugin.cli import main
from mlflow_sentinel_plugin.store.engine import Database

uri, artifacts = sys.argv[1:]
db = Database.open(uri)

def mlflow_starts():
    '''MLflow makes its tables, or checks that they are complete and of its version.'''
    assert SqlAlchemyStore(uri, artifacts).get_experiment("0").name == "Default"

def mlflow_db_upgrade():
    CliRunner().invoke(cli, ["db", "upgrade", uri], catch_exceptions=False, standalone_mode=False)

def sentinel_db(command, *options):
    '''``mlflow-sentinel db …``: its exit code and what it says.'''
    done = CliRunner().invoke(main, ["db", command, "--backend-store-uri", uri, *options])
    return done.exit_code, done.output.strip().rsplit(": ")[-1]

def tables():
    with db.read() as session:
        return set(inspect(session.connection()).get_table_names())
"""

MLFLOW_FIRST = """
mlflow_starts()
alone = tables()
assert sentinel_db("check") == (1, "missing")
assert sentinel_db("upgrade") == (0, "brought up to date")
mlflow_db_upgrade()
mlflow_starts()
assert sentinel_db("check") == (0, "current")
made = len(tables() - alone)
assert sentinel_db("drop", "--yes") == (0, f"removed {made} tables")
assert tables() == alone
mlflow_db_upgrade()
mlflow_starts()
assert sentinel_db("check") == (1, "missing")
print("passed")
"""

SENTINEL_FIRST = """
assert sentinel_db("upgrade") == (0, "brought up to date")
mlflow_starts()
mlflow_db_upgrade()
assert sentinel_db("check") == (0, "current")
print("passed")
"""


def run(steps, uri, folder, environment):
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + steps, uri, str(folder / "artifacts")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.endswith("passed\n"), done.stderr


def test_mlflow_starts_and_upgrades_with_our_tables_there(uri, tmp_path, environment):
    run(MLFLOW_FIRST, uri, tmp_path, environment)


def test_mlflow_makes_its_tables_in_a_database_that_has_ours(tmp_path, environment):
    run(SENTINEL_FIRST, f"sqlite:///{tmp_path}/both.db", tmp_path, environment)
