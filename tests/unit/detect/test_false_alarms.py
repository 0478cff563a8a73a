"""Seeded simulations: few false alarms while nothing changes, power where something does.

Small enough to run on each change; docs/drift_algorithms.md holds the larger runs.
"""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.profile.baseline import Baseline

FEATURES = 10


def table(r: np.random.Generator, rows: int) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return {f"f{i}": r.normal(size=rows) for i in range(FEATURES)}


def test_independent_rows_give_few_false_alarms_and_half_an_sd_is_found() -> None:
    r = np.random.default_rng(31)
    alarms, found = 0, 0
    for _ in range(4):
        baseline = Baseline.from_data(table(r, 5000))
        still, drifting = Detector(baseline, metrics=[]), Detector(baseline, metrics=[])
        for _ in range(25):
            window = table(r, 500)
            alarms += still.check(baseline.profile(window)).state == "drift"
            window["f3"] = window["f3"] + 0.5
            found += drifting.check(baseline.profile(window)).features["f3"].drifted

    assert alarms <= 2
    assert found == 100


def test_a_reference_that_wanders_keeps_windows_that_wander_alike_quiet() -> None:
    r = np.random.default_rng(32)
    time = np.arange(500 * 60)
    season = np.sin(2 * np.pi * time / (500 * 12))
    columns = {f"f{i}": season * 0.7 + r.normal(size=time.size) for i in range(4)}
    split = 500 * 36
    baseline = Baseline.from_data({name: values[:split] for name, values in columns.items()})
    detector = Detector(baseline, metrics=[])

    states = [
        detector.check(baseline.profile({n: v[at : at + 500] for n, v in columns.items()})).state
        for at in range(split, time.size, 500)
    ]

    assert set(states) == {"ok"}
