"""A baseline as a window of another one."""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.regrid import as_window


def rows(seed: int, n: int = 3000) -> dict[str, object]:
    r = np.random.default_rng(seed)
    return {
        "x": r.normal(size=n),
        "whole": r.integers(0, 30, n),
        "city": r.choice(["Ulm", "Bonn", "Kiel"], n).tolist(),
        "yes": r.random(n) < 0.3,
    }


def test_with_every_value_on_the_grid_it_counts_as_the_rows_themselves_do() -> None:
    one, two = Baseline.from_data(rows(1)), Baseline.from_data(rows(2))

    assert as_window(two, one) == one.profile(rows(2))


def test_a_new_level_counts_as_unseen_and_a_column_of_another_kind_as_malformed() -> None:
    one = Baseline.from_data(rows(1))
    changed = {**rows(2), "city": ["Rom"] * 3000, "x": ["a", "b", "c"] * 1000}

    found = as_window(Baseline.from_data(changed), one)

    assert (found.features["city"].unseen, dict(found.features["city"].names)) == (3000, {"Rom": 3000})
    assert found.features["x"].malformed == 3000


def test_a_column_that_is_gone_is_absent_and_a_new_one_is_extra() -> None:
    one = Baseline.from_data(rows(1))
    other = {name: values for name, values in rows(2).items() if name != "x"}

    found = as_window(Baseline.from_data({**other, "new": other["yes"]}), one)

    assert (found.features["x"].absent, found.extra) == (3000, ("new",))
