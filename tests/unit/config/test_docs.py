"""The docs page and the example file are held to the keys there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from mlflow_sentinel_plugin.config import Config, load_config
from mlflow_sentinel_plugin.config.environment import keys

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.yaml"
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
KEYS = [".".join(where) for where in keys()]


def default_of(key: str) -> object:
    section, name = key.split(".")
    return getattr(getattr(Config(), section), name)


def test_the_example_shows_every_key_with_its_default():
    shown = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    flat = {f"{section}.{key}": value for section, inner in shown.items() for key, value in inner.items()}
    commented_out = {"drift.thresholds"}
    assert set(flat) == set(KEYS) - commented_out
    assert {key: default_of(key) for key in flat} == flat


def test_the_example_is_a_config_equal_to_the_defaults():
    assert load_config(EXAMPLE, {}).config == Config()


def test_the_examples_commented_parts_are_right_too(tmp_path):
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    file = tmp_path / "all.yaml"
    file.write_text(
        "\n".join(re.sub(r"^  # ", "  ", line) for line in lines if not re.match(r"  \w+: \{\}$", line)),
        encoding="utf-8",
    )
    environ = {"OPS_HOOK_TOKEN": "a", "SENTINEL_SLACK_WEBHOOK": "https://b", "SENTINEL_PD_ROUTING_KEY": "c"}
    config = load_config(file, environ).config
    assert config.drift.thresholds == {"psi": 0.2, "ks_test_pvalue": 0.05, "js_divergence": 0.1}
    assert list(config.alerting.sinks) == ["ops", "slack", "pagerduty"]
    assert config.ingest.sources["serving"].columns == {"customer_age": "age"}


@pytest.mark.parametrize("key", KEYS)
def test_the_page_lists_the_key_with_its_default(key):
    assert f"| `{key}` | `{json.dumps(default_of(key))}` |" in PAGE


def test_the_page_lists_no_key_that_is_not_there():
    listed = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `", PAGE, re.MULTILINE)
    assert set(listed) == set(KEYS)
