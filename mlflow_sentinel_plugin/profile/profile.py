"""A profile: what rows look like on a baseline's grid, as counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.cells import Cells
from mlflow_sentinel_plugin.profile.count import count_column
from mlflow_sentinel_plugin.profile.counts import FeatureCounts, no_counts
from mlflow_sentinel_plugin.profile.types import IntArray

if TYPE_CHECKING:
    from mlflow_sentinel_plugin.profile.baseline import Baseline
    from mlflow_sentinel_plugin.profile.feature import FeatureBaseline

MAGIC = b"MSPW"
MAX_EXTRA = 50
_SCALARS = ("missing", "unseen", "malformed", "absent", "infinite", "finer")


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts of rows; adds up with profiles of the same baseline, exactly and in any order.

    Attributes:
        baseline: Whose grid the counts are on.
        rows: Rows counted.
        features: Per counted column of the baseline.
        extra: Columns that the baseline does not have (at most 50, by name).
        reduced: Some of the counts were made coarser, see :mod:`mlflow_sentinel_plugin.profile.reduce`.
    """

    baseline: Baseline
    rows: int
    features: Mapping[str, FeatureCounts]
    extra: tuple[str, ...] = field(default=())
    reduced: bool = False

    def __add__(self, other: Profile) -> Profile:
        if self.baseline is not other.baseline and self.baseline.digest != other.baseline.digest:
            raise InvalidInput(
                "profiles of two baselines do not add up", hint="profile both sets of rows with one baseline"
            )
        features = {name: counts + other.features[name] for name, counts in self.features.items()}
        return Profile(
            self.baseline,
            self.rows + other.rows,
            features,
            _few({*self.extra, *other.extra}),
            self.reduced or other.reduced,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Profile) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # compared by content

    def to_bytes(self) -> bytes:
        """Compact bytes, the same for the same counts."""
        counts = list(self.features.values())
        vectors = [
            vector
            for c in counts
            for vector in (c.counted, *(Cells(c.coarse[name]) for name in sorted(c.coarse)))
        ]
        header = {
            "baseline": self.baseline.digest,
            "rows": self.rows,
            "extra": list(self.extra),
            "coarse": {name: sorted(c.coarse) for name, c in self.features.items() if c.coarse},
            "names": {name: dict(c.names) for name, c in self.features.items() if c.names},
        }
        if self.reduced:
            header["reduced"] = True
        arrays = {
            "scalars": np.array([getattr(c, name) for c in counts for name in _SCALARS], np.int64),
            "extremes": np.array([np.nan if v is None else v for c in counts for v in (c.low, c.high)]),
            "filled": codec.smallest(np.array([vector.held.size for vector in vectors], np.int64)),
            "steps": codec.smallest(_joined([np.diff(vector.held, prepend=0) for vector in vectors])),
            "counts": codec.smallest(_joined([vector.counts for vector in vectors])),
        }
        return codec.pack(MAGIC, header, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, baseline: Baseline) -> Profile:
        """The profile that :meth:`to_bytes` wrote.

        Raises:
            CorruptData: damaged bytes, or not a profile's.
            InvalidInput: the profile belongs to another baseline.
        """
        header, arrays = codec.unpack(MAGIC, data, "profile")
        if header["baseline"] != baseline.digest:
            raise InvalidInput(
                f"the profile belongs to baseline {header['baseline'][:12]}, not {baseline.digest[:12]}",
                hint="load it with the baseline that made it",
            )
        try:
            features = _read_features(header, arrays, baseline)
            return cls(
                baseline, header["rows"], features, tuple(header["extra"]), header.get("reduced", False)
            )
        except (ValueError, IndexError, KeyError) as error:
            raise CorruptData(f"this profile does not fit its baseline: {error}") from error


def empty_profile(baseline: Baseline) -> Profile:
    """The profile of no rows."""
    return Profile(baseline, 0, {name: no_counts(feature) for name, feature in baseline.counted.items()})


def profile_table(baseline: Baseline, table: pa.Table) -> Profile:
    """The profile of one Arrow table."""
    present = set(table.column_names)
    features = {
        name: count_column(feature, one_array(table[name]))
        if name in present
        else no_counts(feature, table.num_rows)
        for name, feature in baseline.counted.items()
    }
    return Profile(baseline, table.num_rows, features, _few(present - set(baseline.features)))


def one_array(column: Any) -> Any:
    """A table's column as one Arrow array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _few(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names)[:MAX_EXTRA])


def _joined(parts: list[IntArray]) -> IntArray:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _read_features(
    header: dict[str, Any], arrays: dict[str, Any], baseline: Baseline
) -> dict[str, FeatureCounts]:
    scalars = arrays["scalars"].reshape(-1, len(_SCALARS)).tolist()
    extremes = [None if v != v else v for v in arrays["extremes"].tolist()]
    ends = np.cumsum(arrays["filled"].astype(np.int64))
    steps, counts = arrays["steps"].astype(np.int64), arrays["counts"].astype(np.int64)
    parts = iter(zip(np.split(steps, ends[:-1]), np.split(counts, ends[:-1]), strict=True))
    features = {}
    for (name, feature), row, low, high in zip(
        baseline.counted.items(), scalars, extremes[::2], extremes[1::2], strict=True
    ):
        cells = _cells(feature.counts.size, *next(parts))
        coarse = {
            p: _cells(_coarse_size(feature, p), *next(parts)).full for p in header["coarse"].get(name, ())
        }
        known = dict(zip(_SCALARS, row, strict=True))
        features[name] = FeatureCounts(
            cells, low=low, high=high, coarse=coarse, names=header["names"].get(name, {}), **known
        )
    return features


def _coarse_size(feature: FeatureBaseline, precision: str) -> int:
    if precision in feature.too_coarse:
        return 0
    if precision not in feature.coarser:
        raise ValueError(f"{feature.name!r} has no precision {precision!r}")
    return int(feature.coarse_layout(precision).reference.size)


def _cells(size: int, steps: IntArray, counts: IntArray) -> Cells:
    return Cells.of_held(np.cumsum(steps), np.append(0, np.cumsum(counts)), size)
