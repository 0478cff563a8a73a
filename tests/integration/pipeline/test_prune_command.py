"""``mlflow-sentinel prune`` on a database that a server has filled."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from mlflow_sentinel_plugin.cli import main
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.store.models import Window
from tests.integration.pipeline.conftest import HOUR, World, table

SETTINGS = "storage: {{uri: '{uri}'}}\nretention: {{profile_windows: 1}}\n"


@pytest.fixture
def prune(world: World, tmp_path):
    """Three windows of last month; runs the command."""
    world.now = now_ms() - 30 * 24 * HOUR
    world.baseline()
    for hour in range(3):
        world.post(table(100, seed=hour))
        world.now += HOUR
    world.now += HOUR
    world.tick()
    settings = tmp_path / "config.yaml"
    settings.write_text(SETTINGS.format(uri=world.db.engine.url.render_as_string(hide_password=False)))
    return lambda: CliRunner().invoke(main, ["prune", "--config", str(settings)])


def coarse(world: World) -> int:
    with world.db.read() as session:
        return session.scalar(select(func.sum(Window.reduced))) or 0


def test_it_says_what_went(prune, world):
    world.resign()
    done = prune()
    assert (done.exit_code, coarse(world)) == (0, 2), done.output
    assert "2 windows made coarse" in done.output
    assert "0 windows made coarse" in prune().output


def test_it_leaves_the_work_to_a_server_that_runs(prune, world):
    done = prune()
    assert (done.exit_code, coarse(world)) == (1, 0)
    assert "by itself" in done.output
