"""``log_baseline``: the training distribution of a model, kept with its MLflow run as a few kilobytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.client.signature import kinds_of_run
from mlflow_sentinel_plugin.entities import BASELINE_TAG, DIGEST_TAG, MONITOR_TAG
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.kinds import PREDICTION
from mlflow_sentinel_plugin.profile.table import is_table, to_table

ARTIFACT = "sentinel/baseline.bin"
TARGET, TIMESTAMP = "target", "timestamp"


def log_baseline(
    data: Any,
    predictions: Any = None,
    target: Any = None,
    importances: Any = None,
    timestamp: Any = None,
    name: str | None = None,
    *,
    run_id: str | None = None,
    kinds: Mapping[str, str] | None = None,
    time_ordered: bool = True,
) -> Baseline:
    """Learn the baseline of the training rows here, and log it on the active MLflow run.

    The rows stay where they are: what is logged are counts on a grid, at most 8 MB. The run is tagged with
    where the baseline is.

    Args:
        data: The features of the training rows: pandas, polars, pyarrow, or a dict of arrays.
        predictions: What the model answers on rows it was not fitted on; one value a row becomes the column
            ``prediction``, a table or a 2-D array the columns ``prediction.<name>``.
        target: The labels, or the name of their column in ``data``.
        importances: Feature -> importance, 0 or more (or one value per column of ``data``); they weigh the
            severity. Divided by the largest if any is over 1.
        timestamp: Times of the rows, or the name of their column in ``data``. It shows what varies with the
            hour and the day of the week.
        name: Of the monitor the baseline is for; default the registered model that the run made a version
            of, else the experiment's name.
        run_id: Of another run than the active one.
        kinds: Column -> kind, where neither the signature of the run's model nor the values say it right.
        time_ordered: Whether the rows, without ``timestamp``, are in time order.

    Returns:
        The baseline that was logged.

    Raises:
        InvalidInput: no active run and no ``run_id``; columns of different lengths, a name that is no column,
            or an importance that makes no sense. Nothing is logged.
    """
    run = run_id or _active_run()
    columns = to_table(data)
    features = columns.column_names
    table, roles = _with_roles(columns, predictions, target, timestamp)
    source: dict[str, Any] = {"run_id": run, "artifact_path": ARTIFACT}
    if importances is not None:
        source["importances"] = _importances(importances, features)
    known = {column: kind for column, kind in kinds_of_run(run).items() if column in features}
    baseline = Baseline.from_data(
        table, kinds={**known, **(kinds or {})}, roles=roles, time_ordered=time_ordered, source=source
    )
    _log(baseline, run, name)
    return baseline


def _active_run() -> str:
    import mlflow

    run = mlflow.active_run()
    if run is None:
        raise InvalidInput(
            "there is no active MLflow run to log the baseline on",
            hint="call log_baseline inside `with mlflow.start_run():`, or say run_id=",
        )
    return str(run.info.run_id)


def _with_roles(
    table: pa.Table, predictions: Any, target: Any, timestamp: Any
) -> tuple[pa.Table, dict[str, str]]:
    """The table with every column, and the roles of those that are no features."""
    roles = {}
    for given, role, default in ((target, "target", TARGET), (timestamp, "timestamp", TIMESTAMP)):
        if isinstance(given, str):
            if given not in table.column_names:
                known = ", ".join(table.column_names[:20])
                raise InvalidInput(f"{role}: the data has no column {given!r}", hint=f"columns: {known}")
            roles[given] = role
        elif given is not None:
            table = _joined(table, {default: given}, role)
            roles[default] = role
    if predictions is not None:
        outputs = _outputs(predictions)
        table = _joined(table, outputs, "predictions")
        roles |= dict.fromkeys(outputs, "prediction")
    return table, roles


def _outputs(predictions: Any) -> dict[str, Any]:
    """Predictions as columns."""
    if is_table(predictions):
        found = to_table(predictions)
        return {f"{PREDICTION}.{name}": found[name] for name in found.column_names}
    if getattr(predictions, "ndim", 1) == 1:
        return {PREDICTION: predictions}
    columns = np.asarray(predictions)
    if columns.ndim != 2:
        raise InvalidInput(
            f"predictions have {columns.ndim} dimensions",
            hint="give one value, or one row of values, per row",
        )
    return {f"{PREDICTION}.{i}": columns[:, i] for i in range(columns.shape[1])}


def _joined(table: pa.Table, columns: Mapping[str, Any], what: str) -> pa.Table:
    taken = sorted(set(columns) & set(table.column_names))
    if taken:
        raise InvalidInput(
            f"{what}: the data has a column {taken[0]!r} already", hint="rename it, or leave it out"
        )
    added = to_table(columns)
    if added.num_rows != table.num_rows:
        raise InvalidInput(
            f"{what} have {added.num_rows} rows, the data has {table.num_rows}", hint="one for each row"
        )
    for name in added.column_names:
        table = table.append_column(name, added[name])
    return table


def _importances(given: Any, features: list[str]) -> dict[str, float]:
    if not isinstance(given, Mapping):
        values = np.asarray(given, np.float64).reshape(-1).tolist()
        if len(values) != len(features):
            raise InvalidInput(
                f"importances: {len(values)} values for {len(features)} columns",
                hint="give one per column of data, or a dict of column -> importance",
            )
        given = dict(zip(features, values, strict=True))
    found = {str(name): float(value) for name, value in given.items()}
    unknown = sorted(set(found) - set(features))
    if unknown:
        raise InvalidInput(f"importances: the data has no column {unknown[0]!r}")
    wrong = [name for name, value in found.items() if not math.isfinite(value) or value < 0]
    if wrong:
        raise InvalidInput(
            f"importances: {wrong[0]!r} has {found[wrong[0]]}", hint="finite numbers, 0 or more"
        )
    largest = max([1.0, *found.values()])
    return {name: value / largest for name, value in found.items()}


def _log(baseline: Baseline, run_id: str, name: str | None) -> None:
    import tempfile
    from pathlib import Path

    from mlflow import MlflowClient

    client = MlflowClient()
    folder, file = ARTIFACT.split("/")
    with tempfile.TemporaryDirectory(prefix="sentinel-") as place:
        path = Path(place) / file
        path.write_bytes(baseline.to_bytes())
        client.log_artifact(run_id, str(path), folder)
    monitor = name or _registered_model(client, run_id)
    if monitor is not None:
        client.set_tag(run_id, MONITOR_TAG, monitor)
    client.set_tag(run_id, DIGEST_TAG, baseline.digest)
    client.set_tag(run_id, BASELINE_TAG, ARTIFACT)


def _registered_model(client: Any, run_id: str) -> str | None:
    """The model that the run made a version of, if any."""
    versions = client.search_model_versions(f"run_id='{run_id}'", max_results=1)
    return str(versions[0].name) if versions else None
