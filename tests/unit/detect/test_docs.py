"""The examples on the page about drift statistics, and those in the code, are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

from mlflow_sentinel_plugin import detect, profile
from mlflow_sentinel_plugin.detect.metrics import METRICS

PAGE = Path(__file__).parents[3] / "docs" / "drift_algorithms.md"


def test_every_example_on_the_page_gives_what_it_says() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)

    assert found.attempted >= 10
    assert found.failed == 0


@pytest.mark.parametrize("package", [detect, profile])
def test_every_example_in_the_code_gives_what_it_says(package: ModuleType) -> None:
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]

    assert sum(found.attempted for found in results) >= 10
    assert sum(found.failed for found in results) == 0


def test_every_metric_has_a_row_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in METRICS if f"| `{name}` |" not in page] == []
