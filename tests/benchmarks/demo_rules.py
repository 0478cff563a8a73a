"""The demo's 36 days under each rule, without a server: ``python tests/benchmarks/demo_rules.py``.

Prints, per New York day of February and March 2013, what the default rule and the customary limits say.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd

from mlflow_sentinel_plugin import Baseline, Detector
from mlflow_sentinel_plugin.demo.flights import (
    FEATURES,
    TARGET,
    TIMESTAMP,
    TIMEZONE,
    live_days,
    load_flights,
    training_rows,
)
from mlflow_sentinel_plugin.demo.model import PREDICTION, predict, train
from mlflow_sentinel_plugin.demo.story import storm_of

RULES = ("calibrated", "thresholds")


def main() -> None:
    flights = load_flights()
    trained = train(training_rows(flights))
    roles = {TARGET: "target", PREDICTION: "prediction", TIMESTAMP: "timestamp"}
    baseline = Baseline.from_data(trained.rows, roles=roles)
    metrics = ["psi", "ks_test", "js_divergence"]
    detectors = {rule: Detector(baseline, rule=rule, metrics=metrics) for rule in RULES}
    print("| day | flights | storm | calibrated | thresholds |\n|---|---|---|---|---|")
    drifted = dict.fromkeys(RULES, 0)
    days = list(live_days(flights))
    for day, rows in days:
        live = rows[[TIMESTAMP, *FEATURES]].assign(**{PREDICTION: predict(trained.pipeline, rows)})
        start = pd.Timestamp(day, tz=ZoneInfo(TIMEZONE))
        profile, said = baseline.profile(live), []
        for rule, detector in detectors.items():
            end = start + pd.DateOffset(days=1)
            found = detector.check(profile, start=start.to_pydatetime(), end=end.to_pydatetime())
            drifted[rule] += found.state == "drift"
            named = [
                f"{s.name} ({s.reason if rule == 'calibrated' else f'{s.effect:.2f}'})" for s in found.signals
            ]
            said.append(", ".join(named) if found.state == "drift" else found.state)
        print(f"| {day:%d %b} | {len(rows)} | {'yes' if storm_of(day) else ''} | {said[0]} | {said[1]} |")
    print("\n" + ", ".join(f"{rule}: {count} of {len(days)} days drift" for rule, count in drifted.items()))


if __name__ == "__main__":
    main()
