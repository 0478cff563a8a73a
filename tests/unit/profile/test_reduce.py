"""Coarser counts of old windows: what is exact still, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_sentinel_plugin import Baseline, Detector
from mlflow_sentinel_plugin.profile.profile import Profile
from mlflow_sentinel_plugin.profile.reduce import reduced

ROWS = 5000


def rows(seed: int, n: int, shift: float = 0.0) -> dict[str, np.ndarray]:
    source = np.random.default_rng(seed)
    return {
        "free": source.normal(shift, 1, n),
        "tied": source.poisson(3 + 2 * shift, n),
        "rounded": np.round(source.normal(50, 9, n), 2),
        "level": source.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
    }


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline.from_data(rows(1, ROWS))


@pytest.fixture(params=[0.0, 0.1, 0.5], scope="module")
def full(request, baseline) -> Profile:
    return baseline.profile(rows(2, 3000, request.param))


def check(baseline: Baseline, profile: Profile, rule: str):
    return Detector(baseline, rule=rule).check(profile)


def test_the_default_rule_comes_to_the_same_p_values(baseline, full):
    before, after = check(baseline, full, "calibrated"), check(baseline, reduced(full), "calibrated")
    assert after.state == before.state
    for name, feature in before.features.items():
        assert after.features[name].p_value == feature.p_value
        assert after.features[name].drifted == feature.drifted


def test_psi_and_js_are_the_same_and_d_is_off_by_little(baseline, full):
    before, after = check(baseline, full, "thresholds"), check(baseline, reduced(full), "thresholds")
    for name, feature in before.features.items():
        now = after.features[name].metrics
        for metric in ("psi", "js_divergence", "missing_rate", "unseen_rate"):
            assert now[metric].value == feature.metrics[metric].value
        if name != "level":
            assert now["ks_test"].value == pytest.approx(feature.metrics["ks_test"].value, abs=1.5 / 256)


def test_it_is_smaller_and_says_what_it_is(baseline, full):
    small = reduced(full)
    assert len(small.to_bytes()) < 0.5 * len(full.to_bytes())
    assert (full.reduced, small.reduced) == (False, True)
    assert small.rows == full.rows


def test_bytes_bring_it_back(baseline, full):
    small = reduced(full)
    again = Profile.from_bytes(small.to_bytes(), baseline)
    assert again.reduced
    assert again == small


def test_reducing_twice_changes_nothing_more(full):
    small = reduced(full)
    assert reduced(small) == small


def test_rows_that_come_later_are_added_and_the_sum_is_still_coarse(baseline, full):
    late = baseline.profile(rows(3, 200))
    both = reduced(full) + late
    assert both.reduced
    assert reduced(both) == reduced(full + late)


def test_counts_at_a_coarser_precision_are_reduced_too(baseline):
    coarse = {**rows(4, 3000), "free": np.round(np.random.default_rng(4).normal(0, 1, 3000), 2)}
    profile = baseline.profile(coarse)
    before, after = check(baseline, profile, "calibrated"), check(baseline, reduced(profile), "calibrated")
    assert profile.features["free"].coarse
    assert after.features["free"].p_value == before.features["free"].p_value
    assert after.features["free"].metrics["psi"].value == before.features["free"].metrics["psi"].value


def test_no_rows_stay_no_rows(baseline):
    assert reduced(baseline.empty_profile()).rows == 0
