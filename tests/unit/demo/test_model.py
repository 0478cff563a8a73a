"""The demo's model is a real one, and its baseline is as honest as its live predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_sentinel_plugin.demo.flights import FEATURES, TARGET, TIMESTAMP, load_flights
from mlflow_sentinel_plugin.demo.model import PREDICTION, Trained, predict, train


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return load_flights().head(2_700)


@pytest.fixture(scope="module")
def trained(days: pd.DataFrame) -> Trained:
    return train(days)


def test_the_model_ranks_flights_it_did_not_see(trained: Trained) -> None:
    assert 0.8 < trained.metrics["auc"] < 1
    assert 0 < trained.metrics["brier"] < 0.25


def test_the_baseline_is_the_training_rows_in_time_order_with_predictions(
    trained: Trained, days: pd.DataFrame
) -> None:
    assert list(trained.rows) == [TIMESTAMP, *FEATURES, TARGET, PREDICTION]
    assert trained.rows[TIMESTAMP].tolist() == days[TIMESTAMP].tolist()
    assert trained.rows[PREDICTION].between(0, 1).all()


def test_the_baselines_predictions_come_from_models_that_did_not_see_the_row(
    trained: Trained, days: pd.DataFrame
) -> None:
    assert not np.allclose(trained.rows[PREDICTION], predict(trained.pipeline, days))


def test_a_cancelled_flight_and_an_unknown_airline_are_predicted_all_the_same(
    trained: Trained, days: pd.DataFrame
) -> None:
    flight = days.head(1).assign(carrier="ZZ", dep_delay=np.nan, temp=np.nan)
    assert predict(trained.pipeline, flight).between(0, 1).all()
