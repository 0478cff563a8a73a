"""The baseline: the frozen reference distribution of every column."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile import budget, codec
from mlflow_sentinel_plugin.profile.blocks import is_grouped
from mlflow_sentinel_plugin.profile.convert import datetimes, is_number, numbers
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.kinds import (
    UNSCORED_ROLES,
    checked_kinds,
    checked_roles,
    default_role,
    infer_kind,
    infer_untyped,
    source_of,
)
from mlflow_sentinel_plugin.profile.learn import Plan, learn
from mlflow_sentinel_plugin.profile.profile import Profile, empty_profile, one_array, profile_table
from mlflow_sentinel_plugin.profile.storage import dump_feature, load_feature
from mlflow_sentinel_plugin.profile.table import blocks, to_table
from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

__all__ = ["Baseline", "Profile"]

MAGIC = b"MSPB"


@dataclass(frozen=True, eq=False)
class Baseline:
    """The reference distribution of every column; frozen, at most 8 MB as bytes.

    Attributes:
        rows: Reference rows.
        features: Column name -> :class:`FeatureBaseline`, in the reference's order.
        source: JSON-ready facts on where the reference came from (run id, model version, dataset digest ...).
    """

    rows: int
    features: Mapping[str, FeatureBaseline]
    source: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_data(
        cls,
        reference: Any,
        *,
        kinds: Mapping[str, str] | None = None,
        roles: Mapping[str, str] | None = None,
        timestamp: str | None = None,
        time_ordered: bool = True,
        window_rows: int | None = None,
        grid_size: int = 8192,
        untyped: bool = False,
        source: Mapping[str, Any] | None = None,
    ) -> Baseline:
        """Learn a baseline.

        Args:
            reference: The training rows: pandas, polars, pyarrow, or a dict of arrays.
            kinds: Column -> kind, for columns whose kind should not be inferred.
            roles: Column -> role; default ``prediction`` for ``prediction`` and ``prediction.*``, else
                ``feature``.
            timestamp: The column of role ``timestamp``; the rows' time order is taken from it, and whether a
                numeric column follows the hour of the day or the day of the week (UTC): see :mod:`.season`.
            time_ordered: Whether the rows (without ``timestamp``) are in time order. If so, how much the
                reference wanders over time is measured and allowed for. Not done where rows are sorted by
                their target, nor for a column that they are sorted by.
            window_rows: Rows a live window usually has; dependence is looked for at that length too.
            grid_size: Edges per numeric column, 16 to 65,536; fewer for very wide tables, see :mod:`.budget`.
            untyped: The rows are texts because their format has no types (CSV): columns that hold only
                numbers are numeric, only true and false boolean.
            source: Where the reference came from; kept with the baseline.

        Raises:
            InvalidInput: no table, no rows, no columns, or names and options that do not exist.
        """
        table = to_table(reference)
        _check(table, window_rows)
        said = checked_kinds(kinds, table.column_names)
        given = checked_roles(roles, timestamp, table.column_names)
        blanks = [_blank(name, one_array(table[name]), said, given, untyped) for name in table.column_names]
        plan = _plan(table, blanks, time_ordered, window_rows, grid_size)
        features = {blank.name: learn(blank, one_array(table[blank.name]), plan) for blank in blanks}
        baseline = cls(table.num_rows, features, dict(source or {}))
        packed = baseline.to_bytes()
        _check_size(baseline, len(packed))
        return baseline._of_digest(packed)

    @cached_property
    def counted(self) -> dict[str, FeatureBaseline]:
        """The features whose live values are counted: not ignored, not timestamp or id."""
        return {name: feature for name, feature in self.features.items() if feature.counted}

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the content."""
        return codec.digest_of(*self._dumped())

    def profile(self, data: Any) -> Profile:
        """Counts of live rows: a table, or an iterable of tables (counted in blocks of 65,536 rows).

        Bad values are counted as malformed, missing columns as absent; neither raises.

        Raises:
            InvalidInput: not a table, or two columns of one name.
        """
        parts = (profile_table(self, block) for block in blocks(data))
        first = next(parts, None)
        return self.empty_profile() if first is None else functools.reduce(operator.add, parts, first)

    def empty_profile(self) -> Profile:
        """The profile of no rows, the neutral element of adding."""
        return empty_profile(self)

    def to_bytes(self) -> bytes:
        """Compact, checksummed bytes; the same for the same content."""
        try:
            return codec.pack(MAGIC, *self._dumped())
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"source must be JSON: {error}", hint="use texts, finite numbers, lists, dicts"
            ) from error

    def _dumped(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Header and arrays."""
        dumped = [dump_feature(feature, str(i)) for i, feature in enumerate(self.features.values())]
        header = {"rows": self.rows, "source": dict(self.source), "features": [h for h, _ in dumped]}
        return header, {name: array for _, part in dumped for name, array in part.items()}

    @classmethod
    def from_bytes(cls, data: bytes) -> Baseline:
        """The baseline that :meth:`to_bytes` wrote.

        Raises:
            CorruptData: damaged bytes, not a baseline's, or of a newer version.
        """
        header, arrays = codec.unpack(MAGIC, data, "baseline")
        try:
            loaded = [load_feature(h, arrays, str(i)) for i, h in enumerate(header["features"])]
            known = cls(header["rows"], {f.name: f for f in loaded}, header["source"])
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptData(f"this baseline cannot be read: {error}") from error
        return known._of_digest(data)

    def _of_digest(self, packed: bytes) -> Baseline:
        """With the digest that its bytes already hold, so that it is not worked out again."""
        vars(self)["digest"] = codec.digest_in(packed)
        return self


def _check(table: pa.Table, window_rows: int | None) -> None:
    if table.num_rows == 0 or table.num_columns == 0:
        what = "rows" if table.num_rows == 0 else "columns"
        raise InvalidInput(f"the reference has no {what}", hint="give the rows the model was trained on")
    if window_rows is not None and window_rows < 1:
        raise InvalidInput(f"window_rows must be at least 1, got {window_rows}")


def _blank(
    name: str, column: Any, kinds: dict[str, str], roles: dict[str, str], untyped: bool
) -> FeatureBaseline:
    role: Any = roles.get(name) or default_role(name)
    guess, source = infer_kind(column), source_of(column)
    if untyped and source == "text":
        guess, source = infer_untyped(column)
    kind: Any = kinds.get(name) or ("ignored" if role == "id" else guess)
    return FeatureBaseline(name, kind, role, source, len(column))


def _plan(
    table: pa.Table,
    blanks: list[FeatureBaseline],
    time_ordered: bool,
    window_rows: int | None,
    grid_size: int,
) -> Plan:
    columns = sum(blank.counted for blank in blanks)
    clock = next((blank.name for blank in blanks if blank.role == "timestamp"), None)
    seconds = None if clock is None else _seconds(one_array(table[clock]))
    order = None if seconds is None else np.argsort(seconds, kind="stable")
    phases, season_blocks = budget.season_for(columns)
    return Plan(
        budget.grid_size_for(columns, grid_size),
        budget.level_cap_for(columns),
        budget.block_count_for(columns),
        ordered=clock is not None or (time_ordered and not _sorted_by_label(table, blanks)),
        order=order,
        window_rows=window_rows,
        seconds=None if seconds is None or _bare_numbers(table[clock]) else seconds[order],
        season_phases=phases,
        season_blocks=season_blocks,
    )


def _sorted_by_label(table: pa.Table, blanks: list[FeatureBaseline]) -> bool:
    """Rows sorted by their target are in no time order."""
    targets = (one_array(table[blank.name]) for blank in blanks if blank.role == "target")
    return any(is_grouped(_codes(column)) for column in targets)


def _codes(column: Any) -> IntArray:
    plain = column.dictionary_encode().indices.fill_null(-1)
    return np.asarray(plain.to_numpy(zero_copy_only=False), np.int64)


def _seconds(column: Any) -> FloatArray:
    """Times that the rows are sorted by; of bare numbers the unit is not known, but their order is."""
    return (numbers if is_number(column) else datetimes)(column).values


def _bare_numbers(column: Any) -> bool:
    return is_number(one_array(column))


def _check_size(baseline: Baseline, size: int) -> None:
    if size > budget.MAX_BYTES:
        wide = sum(feature.role not in UNSCORED_ROLES for feature in baseline.features.values())
        raise InvalidInput(
            f"the baseline of {wide} columns takes {size / 2**20:.1f} MB; at most 8 MB are kept",
            hint='leave columns out, or say kinds={"<column>": "ignored"}',
        )
