"""Severity: a score in 0..1 that no larger effect ever lowers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlflow_sentinel_plugin.detect.severity import level, score
from mlflow_sentinel_plugin.entities import SEVERITIES

shares = st.floats(0, 1)
effects = st.dictionaries(st.sampled_from("abcdef"), shares, min_size=1)


@given(effects=effects, importances=st.dictionaries(st.sampled_from("abcdefgh"), shares), more=shares)
def test_a_larger_effect_never_lowers_the_score(
    effects: dict[str, float], importances: dict[str, float], more: float
) -> None:
    before = score(effects, importances)
    for name, effect in effects.items():
        after = score({**effects, name: max(effect, more)}, importances)
        assert 0 <= before <= after + 1e-12 <= 1 + 1e-9
        assert SEVERITIES.index(level(before)) <= SEVERITIES.index(level(after + 1e-12))


def test_no_signal_is_zero_and_a_lost_column_is_critical() -> None:
    assert score({}, {"a": 1.0}) == 0
    assert level(score({"a": 1.0}, {"a": 1.0, "b": 1.0})) == "critical"


def test_a_shift_of_a_tenth_a_half_one_and_two_sd_climbs_through_all_levels() -> None:
    twenty = {str(i): 1.0 for i in range(20)}

    assert [level(score({"0": d}, twenty)) for d in (0.04, 0.2, 0.38, 0.68)] == list(SEVERITIES)


def test_an_unimportant_feature_weighs_less() -> None:
    assert score({"a": 0.5}, {"a": 0.1, "b": 1.0}) < score({"a": 0.5}, {"a": 1.0, "b": 1.0})
