from __future__ import annotations

import pytest
import yaml

from mlflow_sentinel_plugin.config import Config, SinkConfig
from mlflow_sentinel_plugin.config.masking import MASK, masked
from mlflow_sentinel_plugin.entities import MonitorSettings, WindowSpec
from mlflow_sentinel_plugin.errors import ConfigError


def test_a_monitor_without_settings_does_what_the_config_says():
    config = Config.model_validate({"windows": {"rows": 500, "lateness": "1m", "timezone": "Europe/Berlin"}})
    resolved = config.resolve(MonitorSettings())
    assert resolved.window == WindowSpec(rows=500)
    assert (resolved.lateness_ms, resolved.timezone) == (60_000, "Europe/Berlin")


def test_what_a_monitor_says_wins():
    config = Config.model_validate({"windows": {"timezone": "Europe/Berlin"}, "monitors": {"min_rows": 10}})
    said = MonitorSettings(timezone="UTC", min_rows=50, algorithms=["psi"])
    resolved = config.resolve(said)
    assert (resolved.timezone, resolved.min_rows, resolved.algorithms) == ("UTC", 50, ["psi"])


@pytest.mark.parametrize(
    ("config", "settings", "rule"),
    [
        ({}, {}, "calibrated"),
        ({"thresholds": {"psi": 0.3}}, {}, "thresholds"),
        ({"thresholds": {"psi": 0.3}, "rule": "calibrated"}, {}, "calibrated"),
        ({"rule": "thresholds"}, {"rule": "calibrated"}, "calibrated"),
        ({}, {"thresholds": {"psi": 0.3}}, "thresholds"),
    ],
)
def test_thresholds_without_a_rule_mean_the_rule_of_thresholds(config, settings, rule):
    resolved = Config.model_validate({"drift": config}).resolve(MonitorSettings.model_validate(settings))
    assert resolved.rule == rule


def test_a_monitors_thresholds_go_over_the_configs_and_those_over_the_defaults():
    config = Config.model_validate({"drift": {"thresholds": {"psi": 0.3, "js_divergence": 0.2}}})
    resolved = config.resolve(MonitorSettings(thresholds={"psi": 0.5}))
    assert resolved.thresholds == {"psi": 0.5, "ks_test_pvalue": 0.05, "js_divergence": 0.2}


def test_the_tables_are_in_mlflows_database_unless_said_otherwise():
    assert Config().database_uri("sqlite:///mlflow.db") == "sqlite:///mlflow.db"
    own = Config.model_validate({"storage": {"uri": "postgresql+psycopg2://h/d"}})
    assert own.database_uri("sqlite:///mlflow.db") == "postgresql+psycopg2://h/d"


@pytest.mark.parametrize("backend", [None, "./mlruns", "file:///mlruns", "mssql+pyodbc://h/d"])
def test_a_backend_that_is_no_database_needs_a_storage_uri(backend):
    with pytest.raises(ConfigError) as caught:
        Config().database_uri(backend)
    assert "storage.uri" in (caught.value.hint or "")


def test_shown_settings_hold_no_secret():
    secret = "s3cret"
    # An unknown package's sink, with keys that nobody here has heard of.
    settings = {"url": f"https://{secret}", "headers": {"A": secret}, "login": secret, "pin": 1234}
    sink = SinkConfig.model_validate({"type": "other", **settings, "timeout": 5, "allow_private": True})
    uri = f"postgresql://me:{secret}@h/d?sslmode=require&sslpassword={secret}"
    config = Config.model_validate({"storage": {"uri": uri}, "alerting": {"sinks": {"ops": sink}}})
    shown = masked(config)
    assert secret not in yaml.safe_dump(shown)
    assert secret not in repr(config)
    assert shown["alerting"]["sinks"]["ops"] == {
        "enabled": True,
        "type": "other",
        "url": MASK,
        "headers": MASK,
        "login": MASK,
        "pin": MASK,
        "timeout": 5,
        "allow_private": True,
    }
