"""Kinds of columns as the signature of a run's model says them."""

from __future__ import annotations

from typing import Any

_KINDS = {
    "boolean": "boolean",
    "integer": "numeric",
    "long": "numeric",
    "float": "numeric",
    "double": "numeric",
    "datetime": "datetime",
}
"""Of MLflow's column types; texts may be levels or free text, which only their values show."""


def kinds_of_run(run_id: str) -> dict[str, str]:
    """Column -> kind from the last model logged on a run; empty if there is none, or no signature."""
    from mlflow import MlflowClient
    from mlflow.models import get_model_info

    outputs = MlflowClient().get_run(run_id).outputs
    models = outputs.model_outputs if outputs is not None else []
    if not models:
        return {}
    signature = get_model_info(f"models:/{models[-1].model_id}").signature
    return {} if signature is None else _kinds(signature.inputs)


def _kinds(schema: Any) -> dict[str, str]:
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    types = {column.name: getattr(column.type, "name", "") for column in schema.inputs}
    return {name: _KINDS[kind] for name, kind in types.items() if kind in _KINDS}
