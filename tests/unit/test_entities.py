from __future__ import annotations

import pytest
from pydantic import ValidationError

from mlflow_sentinel_plugin.entities import MonitorSettings, WindowSpec, duration_ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("250ms", 250),
        ("30s", 30_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("1d", 86_400_000),
        ("2w", 1_209_600_000),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text, ms):
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1.5h", "1 month", "1h30m"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        duration_ms(text)


@pytest.mark.parametrize(
    "spec", [{}, {"period": "1h", "rows": 500}, {"rows": 0}, {"period": "0s"}, {"rows": True}]
)
def test_a_window_is_a_period_or_a_number_of_rows(spec):
    with pytest.raises(ValidationError):
        WindowSpec.model_validate(spec)


def test_a_count_window_has_no_period():
    assert WindowSpec(rows=500).period_ms == 0


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValidationError, match="threshold"):
        MonitorSettings.model_validate({"threshold": {"psi": 0.2}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
def test_a_threshold_is_a_finite_number(value):
    with pytest.raises(ValidationError):
        MonitorSettings.model_validate({"thresholds": {"psi": value}})


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError, match="IANA"):
        MonitorSettings(timezone="Mars/Olympus")
