"""``log_baseline`` in a training script, a poll, and the monitor has its baseline."""

from __future__ import annotations

import mlflow
import numpy as np
import pytest
from sqlalchemy import select

from mlflow_sentinel_plugin import log_baseline
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import LeaseLost, Unavailable
from mlflow_sentinel_plugin.pipeline import Pipeline
from mlflow_sentinel_plugin.store import baselines, monitors, runs
from mlflow_sentinel_plugin.store.lease import Lease
from mlflow_sentinel_plugin.store.models import Baseline


@pytest.fixture(autouse=True)
def tracking(store):
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.db_uri)
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def now() -> int:
    return now_ms()


@pytest.fixture
def epoch(db) -> int:
    return Lease(db, "test", ttl_ms=600_000).try_acquire()


@pytest.fixture
def find(source, db, epoch, poll, now):
    """A poll and what follows it."""
    finder = Pipeline(db, Config(), lambda: now).finder(source)

    def run():
        poll(now)
        while finder.find(epoch):
            pass

    return run


def ages(shift: float = 0.0) -> dict[str, np.ndarray]:
    return {"age": np.random.default_rng(1).normal(40 + shift, 9, 300)}


def train(experiment: str, name: str | None = "churn", shift: float = 0.0) -> str:
    with mlflow.start_run(experiment_id=experiment) as run:
        log_baseline(ages(shift), name=name)
    return run.info.run_id


def versions(db) -> list[tuple[str, int, bool]]:
    """Monitor, version, and whether it is active."""
    with db.read() as session:
        rows = session.scalars(select(Baseline).order_by(Baseline.monitor_id, Baseline.version)).all()
        owners = monitors.by_ids(session, {row.monitor_id for row in rows})
        found = [(owners[row.monitor_id], row) for row in rows]
    return [(owner.name, row.version, owner.baseline_id == row.id) for owner, row in found]


def state(db, run_id: str) -> tuple[str | None, str | None]:
    with db.read() as session:
        run = runs.get(session, run_id)
        return run.found_state, run.found_error


def test_one_poll_after_the_script_the_monitor_is_there_with_its_baseline(db, experiment, find):
    run_id = train(experiment)

    find()

    assert versions(db) == [("churn", 1, True)]
    assert state(db, run_id) == ("registered", None)
    with db.read() as session:
        monitor = monitors.get(session, "churn")
        source = baselines.get(session, monitor.baseline_id).source
    assert monitor.experiment_id == experiment
    assert (source["run_id"], source["artifact_path"]) == (run_id, "sentinel/baseline.bin")


def test_a_later_run_adds_a_version_that_waits_for_its_activation(db, experiment, find):
    train(experiment)
    find()
    train(experiment, shift=5)
    find()
    assert versions(db) == [("churn", 1, True), ("churn", 2, False)]


def test_polling_again_adds_nothing(db, experiment, find):
    train(experiment)
    find()
    mlflow.MlflowClient().set_tag(train(experiment, name="other"), "team", "risk")
    find()
    find()
    assert versions(db).count(("churn", 1, True)) == 1
    assert len(versions(db)) == 2


def test_logging_again_on_a_run_is_noticed(db, experiment, find):
    run_id = train(experiment)
    find()
    log_baseline(ages(9), name="churn", run_id=run_id)
    find()
    assert versions(db) == [("churn", 1, True), ("churn", 2, False)]


def test_what_a_dying_leader_had_not_registered_is_registered_by_the_next(db, experiment, find, poll, now):
    train(experiment)
    poll(now)
    assert versions(db) == []
    find()
    find()
    assert versions(db) == [("churn", 1, True)]


def test_a_leader_that_lost_its_lease_registers_nothing(db, source, experiment, poll, epoch, now):
    train(experiment)
    poll(now)
    finder = Pipeline(db, Config(), lambda: now).finder(source)
    with pytest.raises(LeaseLost):
        finder.find(epoch - 1)
    assert versions(db) == []


def test_without_a_name_the_monitor_is_called_after_the_registered_model(db, experiment, find):
    client = mlflow.MlflowClient()
    client.create_registered_model("credit")
    with mlflow.start_run(experiment_id=experiment) as run:
        client.create_model_version("credit", f"{run.info.artifact_uri}/model", run.info.run_id)
        log_baseline(ages())
    find()
    assert versions(db) == [("credit", 1, True)]


def test_without_a_model_it_is_called_after_the_experiment(db, experiment, find):
    train(experiment, name=None)
    find()
    assert versions(db) == [("production", 1, True)]


def test_a_monitor_of_another_experiment_is_left_alone_and_the_run_says_why(db, client, experiment, find):
    train(experiment)
    find()
    other = train(client.create_experiment("staging"), shift=5)
    find()
    assert versions(db) == [("churn", 1, True)]
    assert state(db, other)[0] == "failed"
    assert "belongs to another experiment" in state(db, other)[1]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"sentinel.baseline": "notes.txt"}, "'notes.txt' is no baseline"),
        ({"sentinel.baseline": "gone.bin"}, "no artifact 'gone.bin'"),
        ({"sentinel.baseline": "../../etc/passwd"}, "no path of an artifact"),
        ({"sentinel.baseline": "notes.txt", "sentinel.monitor": "a/b"}, "no monitor can be called 'a/b'"),
    ],
)
def test_tags_that_name_nothing_usable_are_kept_with_the_reason(db, client, experiment, find, tags, said):
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "hello", "notes.txt")
    for key, value in tags.items():
        client.set_tag(run_id, key, value)
    good = train(experiment)
    find()
    assert state(db, run_id)[0] == "failed"
    assert said in state(db, run_id)[1]
    assert state(db, good)[0] == "registered"


def test_a_store_that_is_away_is_asked_again_later(db, source, experiment, poll, epoch, now, monkeypatch):
    run_id = train(experiment)
    poll(now)
    clock = [now]
    finder = Pipeline(db, Config(), lambda: clock[0]).finder(source)
    with monkeypatch.context() as patch:
        patch.setattr(source, "artifact_file", unreachable)
        assert not finder.find(epoch)
    assert state(db, run_id)[0] == "waiting"
    assert not finder.find(epoch)
    clock[0] += 6_000
    assert finder.find(epoch)
    assert versions(db) == [("churn", 1, True)]


def unreachable(*_, **__):
    raise Unavailable("the artifact store is away")
