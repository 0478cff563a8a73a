"""One column as the baseline knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.entities import Kind, Role
from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.kinds import UNSCORED_ROLES, Source
from mlflow_sentinel_plugin.profile.layout import Layout
from mlflow_sentinel_plugin.profile.precision import all_at, coarsen, round_to
from mlflow_sentinel_plugin.profile.season import Season
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray


@dataclass(frozen=True)
class FeatureBaseline:
    """The reference distribution of one column.

    Attributes:
        rows, missing, malformed: Reference rows; those without a value; those whose value is not of the kind.
        edges, bins: Grid edges and bin edges (numeric, datetime: seconds since 1970 UTC, text: characters).
        levels: Levels, most frequent first (categorical; boolean: ``false``, ``true``).
        capped: There were more levels than are kept; the last count is that of the others.
        counts: Reference counts: of the 2m + 1 cells of the edges, or of the levels.
        distinct, singletons, doubletons: Distinct values; levels seen once; seen twice.
        precision: What all reference values are rounded to, if anything.
        snap_fully: Whether finer live values are rounded to ``precision``; else only float noise is.
        coarser, too_coarse: Precisions that live values are watched for, to be compared at, or not to be
            taken for rounded; see :mod:`.precision`.
        clock: A datetime that only grows with the rows: later values are expected.
        bound: D from counts is off by at most this (0: exact).
        summary: JSON-ready figures for people.
        blocks, missing_blocks: See :mod:`.blocks`; ``None`` where the row order says nothing.
        season: See :mod:`.season`; ``None`` without times, or where they say nothing.
    """

    name: str
    kind: Kind
    role: Role
    source: Source
    rows: int
    missing: int = 0
    malformed: int = 0
    edges: FloatArray = field(default_factory=lambda: np.empty(0))
    bins: FloatArray = field(default_factory=lambda: np.empty(0))
    levels: tuple[str, ...] = ()
    capped: bool = False
    counts: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    distinct: int = 0
    singletons: int = 0
    doubletons: int = 0
    precision: str | None = None
    snap_fully: bool = False
    coarser: tuple[str, ...] = ()
    too_coarse: tuple[str, ...] = ()
    clock: bool = False
    bound: float = 0.0
    summary: dict[str, Any] = field(default_factory=dict)
    blocks: Blocks | None = None
    missing_blocks: Blocks | None = None
    season: Season | None = None

    @property
    def counted(self) -> bool:
        """Whether live values of this column are counted at all."""
        return self.kind != "ignored" and self.role not in UNSCORED_ROLES

    @property
    def has_levels(self) -> bool:
        return self.kind in ("categorical", "boolean")

    @property
    def present(self) -> int:
        """Reference rows with a usable value."""
        return self.rows - self.missing - self.malformed

    @cached_property
    def layout(self) -> Layout:
        """What a column with edges is compared on."""
        return Layout(self.edges, self.counts, self.bins)

    @cached_property
    def level_set(self) -> Any:
        """The levels as an Arrow array."""
        return pa.array(self.levels, pa.large_string())

    @cached_property
    def truth_spelling(self) -> tuple[str, str]:
        """How the levels spell true and false: ``True`` only if that is what the reference has."""
        capital = "True" in self.levels or "False" in self.levels
        return ("True", "False") if capital and self.source == "text" else ("true", "false")

    def coarse_layout(self, precision: str) -> Layout:
        """The layout with reference and edges rounded to ``precision``, one of :attr:`coarser`."""
        if precision not in self._coarse:
            edges, cells = coarsen(self.edges, precision)
            counts = np.bincount(cells, self.counts, 2 * edges.size + 1).astype(np.int64)
            self._coarse[precision] = Layout(edges, counts, np.unique(round_to(self.bins, precision)))
        return self._coarse[precision]

    def coarsest(self, precisions: Iterable[str]) -> str | None:
        """The one of ``precisions`` that live values came in, given that they are at all of them, if any.

        Values of 4 digits below 10 are at 4 decimals too, but rounding the reference to 4 decimals would
        leave values of 5 digits: it is the precision that leaves the reference at the most others, too.
        """
        names = sorted(precisions)
        if not set(names).isdisjoint(self.too_coarse):
            return None

        def fit(name: str) -> tuple[int, int]:
            return sum(self._implies(name, other) for other in names), -self.coarse_layout(name).edges.size

        return max(names, key=fit, default=None)

    def _implies(self, one: str, other: str) -> bool:
        if (one, other) not in self._implied:
            self._implied[one, other] = all_at(self.coarse_layout(one).edges, other)
        return self._implied[one, other]

    @cached_property
    def _implied(self) -> dict[tuple[str, str], bool]:
        return {}

    @cached_property
    def _coarse(self) -> dict[str, Layout]:
        return {}
