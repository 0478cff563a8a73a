from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.entities import Metric
from mlflow.server import ARTIFACTS_DESTINATION_ENV_VAR, SERVE_ARTIFACTS_ENV_VAR, handlers
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound, TooLarge, Unavailable
from mlflow_sentinel_plugin.ingest import tracking
from mlflow_sentinel_plugin.ingest.payload import read_artifact
from mlflow_sentinel_plugin.ingest.tracking import TrackingSource


@pytest.fixture
def run_id(client, experiment) -> str:
    """A run with the artifact data/train.csv."""
    found = client.create_run(experiment, run_name="trained").info.run_id
    client.log_text(found, "a,b\n1,2\n", "data/train.csv")
    return found


def test_experiments_are_found_by_name_and_glob(source, client, experiment):
    client.create_experiment("staging-eu")
    client.delete_experiment(client.create_experiment("staging-us"))
    assert {found.name for found in source.experiments(["staging-*", "prod?ction"])} == {
        "production",
        "staging-eu",
        "staging-us",
    }
    assert "Default" in {found.name for found in source.experiments()}


def test_an_experiment_is_known_by_its_id(source, client, experiment):
    gone = client.create_experiment("gone")
    client.delete_experiment(gone)
    assert source.experiment_name(experiment) == "production"
    assert source.experiment_exists(experiment)
    assert not source.experiment_exists(gone)
    for unknown in ("999", "x", "", "٣"):
        assert source.experiment_name(unknown) is None
        assert not source.experiment_exists(unknown)


@pytest.mark.parametrize("unknown", ["nope", "", "x' OR 1=1", "0" * 32])
def test_an_unknown_run_is_not_found(source, unknown):
    with pytest.raises(NotFound) as caught:
        source.run(unknown)
    assert caught.value.code == "run_not_found"


def test_metric_history_is_thinned_and_finite(source, client, run_id, monkeypatch):
    monkeypatch.setattr(tracking, "HISTORY_POINTS", 10)
    client.log_batch(run_id, [Metric("loss", 100.0 - step, 1_000 + step, step) for step in range(100)])
    client.log_metric(run_id, "bad", float("inf"))
    history = source.metric_history(run_id)
    steps = [point.step for point in history["loss"]]
    assert len(steps) == 10
    assert (steps[0], steps[-1]) == (0, 99)
    assert (history["loss"][0].at_ms, history["loss"][0].value) == (1_000, 100.0)
    assert [point.value for point in history["bad"]] == [None]


def test_artifacts_are_listed_by_folder(source, run_id):
    assert [(item.path, item.is_dir) for item in source.artifacts(run_id)] == [("data", True)]
    assert [(item.path, item.size) for item in source.artifacts(run_id, "data")] == [("data/train.csv", 8)]


def test_a_local_artifact_is_read_where_it_lies_and_stays(source, run_id):
    with source.artifact_file(run_id, "data/train.csv") as path:
        assert read_artifact(path).table.to_pydict() == {"a": ["1"], "b": ["2"]}
    assert path.exists()


def test_a_downloaded_artifact_is_deleted_even_if_reading_fails(source, run_id, monkeypatch):
    monkeypatch.setattr(mlflow_compat, "is_local_repository", lambda repository: False)
    with pytest.raises(ZeroDivisionError), source.artifact_file(run_id, "data/train.csv") as path:
        assert path.read_text() == "a,b\n1,2\n"
        raise ZeroDivisionError
    assert not path.exists()


@pytest.mark.parametrize(
    "path",
    ["../secret", "data/../../secret", "/etc/passwd", "%2e%2e/secret", "..\\secret", "", "/", "a\0b", "a\nb"],
)
def test_a_path_out_of_the_run_is_refused(source, run_id, path):
    with pytest.raises(InvalidInput), source.artifact_file(run_id, path):
        pass


def test_a_link_out_of_the_artifacts_is_refused(source, run_id, tmp_path):
    (tmp_path / "secret").write_text("x")
    with source.artifact_file(run_id, "data/train.csv") as path:
        (path.parent / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput), source.artifact_file(run_id, "data/link"):
        pass


def test_an_unknown_artifact_is_not_found_with_what_there_is(source, run_id):
    with pytest.raises(NotFound) as caught, source.artifact_file(run_id, "data/test.csv"):
        pass
    assert (caught.value.code, caught.value.hint) == ("artifact_not_found", "there are: data/train.csv")


def test_a_folder_is_no_file(source, run_id):
    with pytest.raises(InvalidInput, match="is a folder"), source.artifact_file(run_id, "data"):
        pass


def test_an_artifact_that_is_too_large_is_not_touched(source, run_id, monkeypatch):
    monkeypatch.setattr(LocalArtifactRepository, "download_artifacts", pytest.fail)
    with (
        pytest.raises(TooLarge, match="8 bytes"),
        source.artifact_file(run_id, "data/train.csv", max_bytes=7),
    ):
        pass


def test_artifacts_behind_the_servers_own_proxy_are_read(source, client, tmp_path, monkeypatch):
    monkeypatch.setenv(SERVE_ARTIFACTS_ENV_VAR, "true")
    monkeypatch.setenv(ARTIFACTS_DESTINATION_ENV_VAR, str(tmp_path / "behind"))
    monkeypatch.setattr(handlers, "_artifact_repo", None)
    experiment = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/7")
    run_id = client.create_run(experiment).info.run_id
    folder = Path(tmp_path, "behind", "7", run_id, "artifacts")
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("a\n1\n")

    assert [item.path for item in source.artifacts(run_id)] == ["train.csv"]
    with source.artifact_file(run_id, "train.csv") as path:
        assert path == folder / "train.csv"


def test_artifacts_that_only_another_server_can_serve_are_unavailable(source, client, monkeypatch):
    monkeypatch.delenv(SERVE_ARTIFACTS_ENV_VAR, raising=False)
    experiment = client.create_experiment("proxied", artifact_location="mlflow-artifacts:/7")
    run_id = client.create_run(experiment).info.run_id
    with pytest.raises(Unavailable):
        source.artifacts(run_id)


def test_a_store_that_is_away_is_unavailable_with_the_reason():
    def away():
        raise ConnectionError("no route to host")

    with pytest.raises(Unavailable, match="no route to host"):
        TrackingSource(away).experiments()
