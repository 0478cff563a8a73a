"""The training distribution, logged on a run of MLflow's own store."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature

from mlflow_sentinel_plugin import log_baseline
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.untrusted import read_baseline

ROWS = 200


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(autouse=True)
def tracking(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def people() -> pd.DataFrame:
    source = np.random.default_rng(1)
    return pd.DataFrame({"age": source.normal(40, 9, ROWS), "city": source.choice(["Ulm", "Bonn"], ROWS)})


def logged(run_id: str):
    """The baseline that the run's tag names, read as the server reads it."""
    client = mlflow.MlflowClient()
    path = client.get_run(run_id).data.tags["sentinel.baseline"]
    return read_baseline(Path(client.download_artifacts(run_id, path)).read_bytes())


def test_the_run_holds_the_baseline_that_its_tag_names(people):
    with mlflow.start_run() as run:
        made = log_baseline(people, name="churn")

    found = logged(run.info.run_id)
    assert found.digest == made.digest
    assert (found.rows, list(found.counted)) == (ROWS, ["age", "city"])
    assert found.source["run_id"] == run.info.run_id
    assert mlflow.get_run(run.info.run_id).data.tags["sentinel.monitor"] == "churn"


def test_predictions_target_and_times_become_columns_of_their_roles(people):
    times = pd.date_range("2026-01-01", periods=ROWS, freq="h")
    with mlflow.start_run():
        made = log_baseline(people, predictions=np.linspace(0, 1, ROWS), target=[0, 1] * 100, timestamp=times)

    roles = {name: feature.role for name, feature in made.features.items()}
    assert roles == {
        "age": "feature",
        "city": "feature",
        "target": "target",
        "timestamp": "timestamp",
        "prediction": "prediction",
    }


def test_target_and_timestamp_may_be_columns_of_the_data(people):
    people["left"], people["at"] = 1, pd.date_range("2026-01-01", periods=ROWS, freq="h")
    with mlflow.start_run():
        made = log_baseline(people, target="left", timestamp="at")
    assert (made.features["left"].role, made.features["at"].role) == ("target", "timestamp")


@pytest.mark.parametrize(
    ("predictions", "columns"),
    [
        (np.zeros((ROWS, 2)), ["prediction.0", "prediction.1"]),
        ({"yes": [0.5] * ROWS, "no": [0.5] * ROWS}, ["prediction.yes", "prediction.no"]),
        ([0.5] * ROWS, ["prediction"]),
    ],
    ids=["matrix", "table", "list"],
)
def test_several_outputs_are_several_columns(people, predictions, columns):
    with mlflow.start_run():
        made = log_baseline(people, predictions=predictions)
    assert [name for name in made.features if name.startswith("prediction")] == columns
    assert {made.features[name].role for name in columns} == {"prediction"}


def test_the_signature_of_the_runs_model_says_the_kinds(people):
    people["code"] = pd.Series([1.0, 2.0] * 100).astype(object)
    example = people.astype({"code": float})
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model",
            python_model=lambda model_input: [0] * len(model_input),
            signature=infer_signature(example.assign(active=True)),
            pip_requirements=["mlflow"],
        )
        made = log_baseline(people.assign(active=["true", "false"] * 100))
    kinds = {name: feature.kind for name, feature in made.features.items()}
    assert kinds == {"age": "numeric", "city": "categorical", "code": "numeric", "active": "boolean"}


def test_what_is_said_goes_over_the_signature_and_the_values(people):
    people["code"] = [1, 2] * 100
    with mlflow.start_run():
        made = log_baseline(people, kinds={"code": "categorical"})
    assert made.features["code"].kind == "categorical"


@pytest.mark.parametrize("given", [{"age": 6, "city": 3}, [6, 3]])
def test_importances_are_shares_of_the_largest(people, given):
    with mlflow.start_run():
        made = log_baseline(people, importances=given)
    assert made.source["importances"] == {"age": 1.0, "city": 0.5}


def test_a_run_that_is_over_may_be_named(people):
    with mlflow.start_run() as run:
        pass
    log_baseline(people, run_id=run.info.run_id)
    assert logged(run.info.run_id).rows == ROWS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"predictions": [1, 2, 3]}, "predictions have 3 rows, the data has 200"),
        ({"target": "gone"}, "target: the data has no column 'gone'"),
        ({"timestamp": "gone"}, "timestamp: the data has no column 'gone'"),
        ({"importances": {"age": -1}}, "'age' has -1"),
        ({"importances": {"age": float("nan")}}, "'age' has nan"),
        ({"importances": {"wage": 1}}, "no column 'wage'"),
        ({"importances": [1, 2, 3]}, "3 values for 2 columns"),
        ({"predictions": np.zeros((ROWS, 2, 2))}, "3 dimensions"),
        ({"kinds": {"age": "number"}}, "number"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_logged(people, options, said):
    with mlflow.start_run() as run:
        with pytest.raises(InvalidInput, match="(?s).*" + said):
            log_baseline(people, **options)
        assert mlflow.MlflowClient().list_artifacts(run.info.run_id) == []


def test_a_column_of_the_same_name_is_not_overwritten(people):
    people["prediction"] = 1.0
    with mlflow.start_run(), pytest.raises(InvalidInput, match="has a column 'prediction' already"):
        log_baseline(people, predictions=[0.5] * ROWS)


def test_without_a_run_it_says_how_to_have_one(people):
    with pytest.raises(InvalidInput) as refused:
        log_baseline(people)
    assert "start_run" in str(refused.value.hint)
