"""What a rule says of one feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue
from mlflow_sentinel_plugin.detect.pair import Pair


@dataclass(frozen=True)
class Finding:
    """Whether a feature drifted, why, and how sure; ``notes`` are for people."""

    drifted: bool
    reason: str | None = None
    p_value: float | None = None
    notes: tuple[str, ...] = ()


class Judge(Protocol):
    """A rule: one finding per pair, over all features of a window at once."""

    def __call__(
        self, pairs: Sequence[Pair], metrics: Sequence[Mapping[str, MetricValue]], min_rows: int
    ) -> list[Finding]: ...
