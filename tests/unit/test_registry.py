from __future__ import annotations

import importlib.metadata

import pytest

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.registry import Registry


@pytest.fixture
def registry(monkeypatch):
    brought = importlib.metadata.EntryPoint("join", "os.path:join", "group.of.metrics")
    shadow = importlib.metadata.EntryPoint("psi", "os.path:split", "group.of.metrics")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [brought, shadow])
    return Registry("metric", "group.of.metrics", {"psi": len})


def test_another_distribution_brings_a_plug_in_by_entry_point(registry):
    import os.path

    assert registry.get("join") is os.path.join


def test_a_built_in_name_cannot_be_replaced(registry):
    assert registry.get("psi") is len


def test_the_names_of_both_are_listed(registry):
    assert list(registry) == ["join", "psi"]
    assert "join" in registry


def test_an_unknown_name_says_which_are_known_and_which_was_meant(registry):
    with pytest.raises(InvalidInput) as caught:
        registry.get("psl")
    assert "did you mean 'psi'" in str(caught.value)
    assert caught.value.hint == "known: join, psi"
    assert caught.value.code == "unknown_metric"
