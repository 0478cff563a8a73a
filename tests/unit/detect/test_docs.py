"""The examples on the page about drift statistics are true."""

from __future__ import annotations

import doctest
from pathlib import Path

from mlflow_sentinel_plugin.detect.metrics import METRICS

PAGE = Path(__file__).parents[3] / "docs" / "drift_algorithms.md"


def test_every_example_on_the_page_gives_what_it_says() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)

    assert found.attempted >= 10
    assert found.failed == 0


def test_every_metric_has_a_row_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in METRICS if f"| `{name}` |" not in page] == []
