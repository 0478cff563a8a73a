"""The windows before one, as far back as they matter: their counts, and what was found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlflow_sentinel_plugin.detect.evidence import FACTS, Evidence, layouts_of
from mlflow_sentinel_plugin.detect.scales import MOST_WINDOWS
from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.types import IntArray

MAGIC = b"MSPD"
KEPT = MOST_WINDOWS - 1


@dataclass(frozen=True)
class Lead:
    """The signed statistic that flagged a feature most: which one, its z, and over how many rows."""

    statistic: int
    z: float
    rows: int


@dataclass(frozen=True)
class Memory:
    """What was found in one window.

    Attributes:
        flagged: Features that drifted, with their leading statistic if there was one.
        fresh: Features whose history begins with this window, as an episode ended before it.
    """

    flagged: Mapping[str, Lead | None] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any] | None:
        """Strict JSON; ``None`` if there is nothing to say."""
        if not self.flagged and not self.fresh:
            return None
        flagged = {n: None if x is None else [x.statistic, x.z, x.rows] for n, x in self.flagged.items()}
        return {"flagged": flagged, "fresh": sorted(self.fresh)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Memory:
        """The inverse; nothing is remembered of ``None``."""
        flagged = (data or {}).get("flagged", {})
        leads = {
            name: None if x is None else Lead(int(x[0]), float(x[1]), int(x[2]))
            for name, x in flagged.items()
        }
        return cls(leads, frozenset((data or {}).get("fresh", ())))


@dataclass(frozen=True)
class History:
    """The last :data:`KEPT` windows, oldest first."""

    windows: tuple[tuple[Evidence, Memory], ...] = ()

    def followed_by(self, evidence: Evidence, memory: Memory) -> History:
        """With one more window."""
        return History((*self.windows, (evidence, memory))[-KEPT:])

    def reach(self, names: Sequence[str]) -> IntArray:
        """Per feature, how many windows may be pooled: the one to come and those since its history began."""
        reach = np.full(len(names), 1 + len(self.windows))
        at = {name: i for i, name in enumerate(names)}
        for back, (_, memory) in enumerate(reversed(self.windows), 2):
            for name in memory.fresh & at.keys():
                reach[at[name]] = min(reach[at[name]], back)
        return reach

    def last_lead(self, name: str) -> Lead | None:
        """The leading statistic of a feature that was flagged in the last window."""
        return self.windows[-1][1].flagged.get(name) if self.windows else None

    def flagged_lately(self, name: str, windows: int) -> tuple[int, int]:
        """In how many of the last ``windows`` a feature was flagged, and how many of them there were."""
        lately = self.windows[-windows:] if windows else ()
        return sum(name in memory.flagged for _, memory in lately), len(lately)

    def to_bytes(self, baseline: Baseline) -> bytes:
        """Compact bytes."""
        header = {
            "baseline": baseline.digest,
            "windows": [
                [evidence.start, evidence.end, list(evidence.precisions), memory.to_json()]
                for evidence, memory in self.windows
            ],
        }
        arrays = {}
        for i, (evidence, _) in enumerate(self.windows):
            arrays[f"{i}.counts"] = codec.smallest(np.concatenate([np.zeros(0, np.int32), *evidence.vectors]))
            arrays[f"{i}.facts"] = codec.smallest(evidence.facts.reshape(-1))
        return codec.pack(MAGIC, header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, baseline: Baseline) -> History:
        """The inverse of :meth:`to_bytes`.

        Raises:
            CorruptData: damaged bytes.
            InvalidInput: they belong to another baseline.
        """
        header, arrays = codec.unpack(MAGIC, data, "detector state")
        if header["baseline"] != baseline.digest:
            raise InvalidInput("the detector state belongs to another baseline", hint="start without a state")
        try:
            windows = [
                (
                    _read(window, arrays[f"{i}.counts"], arrays[f"{i}.facts"], baseline),
                    Memory.from_json(window[3]),
                )
                for i, window in enumerate(header["windows"])
            ]
            return cls(tuple(windows))
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise CorruptData(f"this detector state cannot be read: {error}") from error


def _read(window: Sequence[Any], counts: Any, facts: Any, baseline: Baseline) -> Evidence:
    start, end, precisions, _ = window
    features = baseline.counted.values()
    sizes = [
        feature.counts.size if layout is None else layout.segments.size - 1
        for feature, layout in zip(features, layouts_of(baseline, tuple(precisions)), strict=True)
    ]
    if sum(sizes) != counts.size:
        raise ValueError(f"{counts.size} counts of {sum(sizes)}")
    vectors = np.split(counts.astype(np.int32), np.cumsum(sizes)[:-1]) if sizes else []
    known = facts.astype(np.int64).reshape(len(FACTS), len(sizes))
    return Evidence(start, end, tuple(vectors), tuple(precisions), known)
