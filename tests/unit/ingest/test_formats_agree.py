"""The same rows score the same, whatever format they are posted in."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.ingest.payload import read_rows
from mlflow_sentinel_plugin.profile.baseline import Baseline

ROWS = 200
KINDS = {
    "zip": "categorical",
    "code": "categorical",
    "big_id": "categorical",
    "paid": "boolean",
    "note": "text",
}


def flights(seed: int) -> pd.DataFrame:
    """14 columns: numbers with gaps, counts, two-valued ones, texts that look like gaps, codes, dates."""
    r = np.random.default_rng(seed)
    delay = np.round(r.normal(10, 30, ROWS), 3)
    delay[::9] = np.nan
    carrier = r.choice(np.array(["AA", "NA", "None", "nan", "null", "Ünited"], dtype=object), ROWS)
    carrier[::11] = None
    return pd.DataFrame(
        {
            "delay": delay,
            "distance": r.integers(100, 3_000, ROWS),
            "temperature": r.normal(0, 1e-7, ROWS),
            "seats": r.poisson(150, ROWS).astype(np.int32),
            "cancelled": r.random(ROWS) > 0.8,
            "paid": r.integers(0, 2, ROWS).astype(float),
            "carrier": carrier,
            "origin": r.choice(["JFK", "LGA", "EWR"], ROWS),
            "zip": [f"{value:05d}" for value in r.integers(1, 9, ROWS)],
            "code": r.integers(1, 5, ROWS),
            "big_id": 2**60 + r.integers(0, 5, ROWS),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(r.integers(0, 90, ROWS), unit="D"),
            "note": [f'seat "{value}", row\n{value}' for value in r.integers(0, 99, ROWS)],
            "prediction": np.round(r.random(ROWS), 6),
        }
    )


def as_records(frame: pd.DataFrame) -> list[dict]:
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{**row, "day": row["day"].isoformat()} for row in records]


def as_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def as_json(frame: pd.DataFrame) -> bytes:
    return json.dumps({"dataframe_records": as_records(frame)}).encode()


def as_json_with_predictions_beside(frame: pd.DataFrame) -> bytes:
    records = as_records(frame)
    predictions = [row.pop("prediction") for row in records]
    split = {"columns": list(records[0]), "data": [list(row.values()) for row in records]}
    return json.dumps({"dataframe_split": split, "predictions": predictions}).encode()


def as_ndjson(frame: pd.DataFrame) -> bytes:
    return "\n".join(json.dumps(row) for row in as_records(frame)).encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.astype({"origin": "category"}).to_parquet(sink)
    return sink.getvalue()


def as_arrow(frame: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return sink.getvalue()


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline.from_data(flights(1), kinds=KINDS)


@pytest.mark.parametrize(
    ("write", "media_type"),
    [
        (as_csv, "text/csv"),
        (as_json, "application/json"),
        (as_json_with_predictions_beside, "application/json"),
        (as_ndjson, "application/x-ndjson"),
        (as_parquet, "application/vnd.apache.parquet"),
        (as_arrow, "application/vnd.apache.arrow.stream"),
    ],
)
def test_a_body_counts_like_the_frame_it_was_made_from(baseline, write, media_type):
    frame = flights(2)
    rows = read_rows(write(frame), media_type)
    assert rows.rejected == 0
    assert baseline.profile(rows.table).to_bytes() == baseline.profile(frame).to_bytes()
