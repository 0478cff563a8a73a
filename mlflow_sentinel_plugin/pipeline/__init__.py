"""The order of things: accept, fold, close, score; the only package that knows it."""

from mlflow_sentinel_plugin.pipeline.accept import Accepted
from mlflow_sentinel_plugin.pipeline.baselines import Registered
from mlflow_sentinel_plugin.pipeline.core import Pipeline

__all__ = ["Accepted", "Pipeline", "Registered"]
