"""Train the demo's model and log it to MLflow: will this flight be more than 15 minutes late?"""

from __future__ import annotations

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlflow_sentinel_plugin.demo.flights import CATEGORIES, FEATURES, NUMBERS, TARGET, TIMESTAMP

PREDICTION = "prediction"
ARTIFACT = "training.parquet"
EXPERIMENT = "nyc-flights"
FOLDS = 5
RARE = 50
"""Levels with fewer training flights share one indicator."""


@dataclass(frozen=True)
class Trained:
    """A fitted model and what is logged with it."""

    pipeline: Any
    params: dict[str, Any]
    metrics: dict[str, float]
    rows: pd.DataFrame
    """The training rows in time order with ``prediction`` added: the baseline."""


@dataclass(frozen=True)
class LoggedRun:
    run_id: str
    experiment_id: str


def train(rows: pd.DataFrame) -> Trained:
    """Fit on all rows; the baseline's predictions are from folds that did not see the row, as live ones."""
    from sklearn.metrics import brier_score_loss, roc_auc_score
    from sklearn.model_selection import KFold, cross_val_predict

    inputs, target = rows[list(FEATURES)], rows[TARGET]
    pipeline = _pipeline()
    unseen = cross_val_predict(pipeline, inputs, target, cv=KFold(FOLDS), method="predict_proba")[:, 1]
    pipeline.fit(inputs, target)
    kept = rows[[TIMESTAMP, *FEATURES, TARGET]].assign(**{PREDICTION: unseen})
    metrics = {"auc": roc_auc_score(target, unseen), "brier": brier_score_loss(target, unseen)}
    params = {"model": "logistic regression", "folds": FOLDS, "min_frequency": RARE, "rows": len(rows)}
    return Trained(pipeline, params, {name: float(value) for name, value in metrics.items()}, kept)


def predict(pipeline: Any, rows: pd.DataFrame) -> pd.Series[float]:
    """Probability, 0..1, that each flight is late."""
    scores: pd.Series[float] = pd.Series(pipeline.predict_proba(rows[list(FEATURES)])[:, 1], index=rows.index)
    return scores


def log_run(trained: Trained, tracking_uri: str) -> LoggedRun:
    """Log parameters, metrics, model and training rows as one MLflow run."""
    # Where the run is found is said by the demo, in its own words.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name="late-flights") as run:
        mlflow.log_params(trained.params)
        mlflow.log_metrics(trained.metrics)
        _log_model(trained)
        _log_rows(trained.rows)
    return LoggedRun(run.info.run_id, run.info.experiment_id)


def _pipeline() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer((categories, list(CATEGORIES)), (numbers, list(NUMBERS)))
    return make_pipeline(columns, LogisticRegression(max_iter=500))


def _log_model(trained: Trained) -> None:
    import mlflow.sklearn
    from mlflow.models import infer_signature

    example = trained.rows[list(FEATURES)].head(100).astype({"hour": float, "distance": float})
    mlflow.sklearn.log_model(
        trained.pipeline,
        name="model",
        signature=infer_signature(example, predict(trained.pipeline, example)),
        # Named, because MLflow would otherwise load the model in a new process to find out.
        pip_requirements=["scikit-learn", "pandas"],
        # skops does not know it; SimpleImputer remembers the dtype of what it was fitted on.
        skops_trusted_types=["numpy.dtype"],
    )


def _log_rows(rows: pd.DataFrame) -> None:
    import mlflow

    with tempfile.TemporaryDirectory(prefix="sentinel-demo-") as folder:
        path = Path(folder) / ARTIFACT
        rows.to_parquet(path, index=False)
        mlflow.log_artifact(str(path))
