"""The rule ``thresholds`` against a loop over the rows, in the words of its definition and nothing else."""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mlflow_sentinel_plugin.detect.api import compare

LIMITS = {"psi": 0.2, "ks_test_pvalue": 0.05, "js_divergence": 0.1}
NUMBERS = tuple[float, ...]


# --- the loop --------------------------------------------------------------------------------------------


def loop_drifts(reference: Sequence[Any], window: Sequence[Any]) -> tuple[bool, dict[str, float]]:
    """Whether any metric is beyond its limit, and the metrics; missing values take no part."""
    before = [value for value in reference if value is not None]
    now = [value for value in window if value is not None]
    numeric = not isinstance(before[0], str)
    p, q = (binned if numeric else levelled)(before, now)
    found = {"psi": loop_psi(p, q), "js_divergence": loop_js(p, q)}
    if numeric:
        found["ks_test_pvalue"] = loop_ks_p(before, now)
    beyond = [
        value < LIMITS[name] if name.endswith("_pvalue") else value > LIMITS[name]
        for name, value in found.items()
    ]
    return any(beyond), found


def binned(before: Sequence[float], now: Sequence[float]) -> tuple[NUMBERS, NUMBERS]:
    """Shares in up to ten bins ``[a, b)`` between the reference's tenths, the outer ones open."""
    ordered = sorted(before)
    edges = sorted({quantile(ordered, tenth / 10) for tenth in range(1, 10)})
    shares = []
    for side in (before, now):
        counts = [0] * (len(edges) + 1)
        for value in side:
            counts[bisect.bisect_right(edges, value)] += 1
        shares.append(tuple(count / len(side) for count in counts))
    return shares[0], shares[1]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest ranks."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    weight, step = at - low, ordered[high] - ordered[low]
    return ordered[high] - step * (1 - weight) if weight >= 0.5 else ordered[low] + step * weight


def levelled(before: Sequence[str], now: Sequence[str]) -> tuple[NUMBERS, NUMBERS]:
    """Shares of each level that either side has."""
    levels = sorted({*before, *now})
    p = tuple(before.count(level) / len(before) for level in levels)
    q = tuple(now.count(level) / len(now) for level in levels)
    return p, q


def loop_psi(p: NUMBERS, q: NUMBERS) -> float:
    floored = [(a or 1e-4, b or 1e-4) for a, b in zip(p, q, strict=True)]
    return sum((b - a) * math.log(b / a) for a, b in floored)


def loop_js(p: NUMBERS, q: NUMBERS) -> float:
    total = 0.0
    for a, b in zip(p, q, strict=True):
        middle = (a + b) / 2
        total += sum(x * math.log2(x / middle) / 2 for x in (a, b) if x)
    return total


def loop_ks_p(before: Sequence[float], now: Sequence[float]) -> float:
    """The Kolmogorov limit law at the largest gap between the two distribution functions."""
    one, two = sorted(before), sorted(now)
    distance = max(
        abs(bisect.bisect_right(one, value) / len(one) - bisect.bisect_right(two, value) / len(two))
        for value in {*one, *two}
    )
    x = distance * math.sqrt(len(one) * len(two) / (len(one) + len(two)))
    if x < 0.2:
        return 1.0  # 1 - 5e-13 there, and the series converges slowly
    return 2 * sum((-1) ** (j - 1) * math.exp(-2 * j * j * x * x) for j in range(1, 101))


# --- what it is tried on ---------------------------------------------------------------------------------


def normal(source: random.Random, moved: float) -> float:
    return source.gauss(moved, 1)


def tied(source: random.Random, moved: float) -> float:
    return float(round(source.gauss(3 + 2 * moved, 2)))


def zero_inflated(source: random.Random, moved: float) -> float:
    return 0.0 if source.random() < 0.6 else source.expovariate(1) + moved


def flag(source: random.Random, moved: float) -> float:
    return float(source.random() < 0.2 + 0.3 * moved)


def level(source: random.Random, moved: float) -> str:
    return source.choices("abcde", (50, 30, 14, 5, 1 + 30 * moved))[0]


def with_gaps(source: random.Random, moved: float) -> float | None:
    return None if source.random() < 0.1 + 0.2 * moved else source.gauss(moved, 1)


KINDS: dict[Callable[[random.Random, float], Any], str] = {
    normal: "numeric",
    tied: "numeric",
    zero_inflated: "numeric",
    flag: "numeric",
    level: "categorical",
    with_gaps: "numeric",
}


@pytest.mark.parametrize("rows", [50, 200, 500])
@pytest.mark.parametrize("column", KINDS, ids=lambda column: column.__name__)
def test_the_rule_and_its_metrics_are_those_of_a_plain_loop_over_the_rows(column, rows):
    verdicts = set()
    for seed, moved in enumerate([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5] * 4):
        source = random.Random(f"{column.__name__} {rows} {seed}")
        reference = [column(source, 0.0) for _ in range(800)]
        window = [column(source, moved) for _ in range(rows)]
        expected, found = loop_drifts(reference, window)

        result = compare(
            {"x": reference},
            {"x": window},
            kinds={"x": KINDS[column]},
            rule="thresholds",
            metrics=["psi", "ks_test", "js_divergence"],
            min_rows=1,
        ).features["x"]

        assert result.drifted is expected, (seed, moved, found)
        assert result.metrics["psi"].value == pytest.approx(found["psi"], abs=1e-12)
        assert result.metrics["js_divergence"].value == pytest.approx(found["js_divergence"], abs=1e-12)
        assert result.metrics["ks_test"].p_value == pytest.approx(found.get("ks_test_pvalue"), abs=1e-12)
        verdicts.add(expected)
    assert True in verdicts
    assert False in verdicts or rows == 50  # at 50 rows this rule calls nearly anything drift


@pytest.mark.parametrize("metric", ["psi", "js_divergence", "ks_test_pvalue"])
def test_a_metric_on_its_threshold_is_not_beyond_it(metric):
    source = random.Random(3)
    reference, window = ([normal(source, moved) for _ in range(400)] for moved in (0.0, 0.4))

    def drifted(limit: float) -> bool:
        name = metric.removesuffix("_pvalue")
        return (
            compare(
                {"x": reference}, {"x": window}, rule="thresholds", metrics=[name], thresholds={metric: limit}
            )
            .features["x"]
            .drifted
        )

    measured = compare({"x": reference}, {"x": window}, rule="thresholds").features["x"].metrics
    value = measured["ks_test"].p_value if metric.endswith("_pvalue") else measured[metric].value
    inside, outside = (math.nextafter(value, to) for to in (0.0, math.inf))
    if metric.endswith("_pvalue"):
        inside, outside = outside, inside
    assert not drifted(value)
    assert drifted(inside)
    assert not drifted(outside)
