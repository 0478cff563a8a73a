"""Bytes that claim to be a baseline are believed only where everything in them fits together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlflow_sentinel_plugin.errors import CorruptData, TooLarge
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.budget import MAX_BYTES
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.untrusted import read_baseline
from tests.unit.profile.test_baseline_bytes import BASELINE


def forged(name: str, **changes: Any) -> bytes:
    """Whole bytes, checksum and all, of a baseline with one feature changed."""
    features: dict[str, FeatureBaseline] = {**BASELINE.features}
    features[name] = replace(features[name], **changes)
    return Baseline(BASELINE.rows, features).to_bytes()


def test_a_baseline_that_was_learned_is_read() -> None:
    assert read_baseline(BASELINE.to_bytes()).digest == BASELINE.digest


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("x", {"edges": BASELINE.features["x"].edges[::-1].copy()}),
        ("x", {"counts": BASELINE.features["x"].counts[:-1]}),
        ("x", {"counts": BASELINE.features["x"].counts + 1}),
        ("x", {"bins": BASELINE.features["x"].bins + 0.123}),
        ("x", {"precision": "decimals:x"}),
        ("x", {"rows": 7}),
        ("x", {"missing": 10_000}),
        ("x", {"bound": 2.0}),
        ("x", {"summary": {"mean": {"a": 1}}}),
        ("x", {"summary": {"script": "x"}}),
        ("c", {"levels": ("a", "a", "b")}),
        ("c", {"counts": np.zeros(1, np.int64)}),
        ("b", {"levels": ("yes", "no")}),
        ("c", {"kind": "nonsense"}),
        ("c", {"role": "owner"}),
    ],
)
def test_a_forged_baseline_is_refused(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(CorruptData, match=f"column '{name}'"):
        read_baseline(forged(name, **changes))


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"MSPB" + b"\0" * 60, lambda b: b""])
def test_damaged_bytes_are_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(CorruptData):
        read_baseline(damage(BASELINE.to_bytes()))


def test_more_than_8_mb_are_not_looked_at() -> None:
    with pytest.raises(TooLarge):
        read_baseline(bytes(MAX_BYTES + 1))
