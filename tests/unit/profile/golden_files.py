"""Bytes as this format version writes them; ``python -m tests.unit.profile.golden_files`` after raising it.

Files of versions that are still read stay: add new ones beside them.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.result import FeatureResult
from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile

FOLDER = Path(__file__).parent / "golden"


def reference() -> pd.DataFrame:
    """All kinds and roles, ties, missing values, unicode, values of full and of few digits."""
    at = np.arange(120)
    return pd.DataFrame(
        {
            "amount": np.where(at % 10 == 3, np.nan, at * 7 % 50 / 7),
            "count": at * at % 11,
            "city": np.array(["Ulm", "Bonn", "日本", "größe"])[at * 3 % 7 % 4],
            "paid": at % 3 == 0,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(at * 13 % 90, unit="D"),
            "note": [f"note {i} {'x' * (i % 9)}" for i in at],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="h"),
            "key": at,
            "prediction": at % 20 / 20,
        }
    )


def window() -> pd.DataFrame:
    """Shifted, with unseen levels and a column too many; one column is gone."""
    rows = reference().iloc[::2].assign(surprise=1).drop(columns="paid")
    return rows.assign(amount=rows["amount"] + 2, city=rows["city"].replace("Bonn", "Kiel"))


def learn() -> Baseline:
    return Baseline.from_data(
        reference(), roles={"key": "id"}, timestamp="when", source={"run_id": "golden"}, grid_size=64
    )


def count(baseline: Baseline) -> Profile:
    return baseline.profile(window())


def facts(baseline: Baseline, profile: Profile) -> dict[str, object]:
    """What must be read from the bytes for ever: counts, and the scores that follow from them."""
    result = Detector(baseline, rule="thresholds").check(profile)
    return {
        "digest": baseline.digest,
        "rows": [baseline.rows, profile.rows],
        "counts": {name: c.cells.tolist() for name, c in profile.features.items()},
        "extremes": {name: [c.low, c.high] for name, c in profile.features.items()},
        "unseen": {name: dict(c.names) for name, c in profile.features.items() if c.names},
        "absent": {name: c.absent for name, c in profile.features.items() if c.absent},
        "psi": {
            name: m.value for name, f in result.features.items() if (m := f.metrics.get("psi")) and m.value
        },
    }


def scored(feature: FeatureResult) -> bool:
    return "psi" in feature.metrics and feature.metrics["psi"].value is not None


def write() -> None:
    baseline = learn()
    profile = count(baseline)
    FOLDER.mkdir(exist_ok=True)
    stem = f"v{codec.FORMAT_VERSION}"
    (FOLDER / f"{stem}.baseline").write_bytes(baseline.to_bytes())
    (FOLDER / f"{stem}.profile").write_bytes(profile.to_bytes())
    text = json.dumps(facts(baseline, profile), indent=1, ensure_ascii=False)
    (FOLDER / f"{stem}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
