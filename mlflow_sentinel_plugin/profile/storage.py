"""A baseline's features as a JSON header and arrays, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.feature import FeatureBaseline
from mlflow_sentinel_plugin.profile.season import PHASES, SCORES, Season

_PLAIN = (
    "name", "kind", "role", "source", "rows", "missing", "malformed", "capped", "distinct", "singletons",
    "doubletons", "precision", "snap_fully", "clock", "bound", "summary",
)  # fmt: skip

Arrays = dict[str, NDArray[Any]]


def dump_feature(feature: FeatureBaseline, key: str) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays of one feature; array names begin with ``key``."""
    header = {name: getattr(feature, name) for name in _PLAIN}
    header |= {"levels": list(feature.levels), "coarser": list(feature.coarser)}
    header["too_coarse"] = list(feature.too_coarse)
    arrays: Arrays = {
        f"{key}.edges": feature.edges,
        f"{key}.bins": feature.bins,
        f"{key}.counts": codec.smallest(feature.counts),
    }
    for name in ("blocks", "missing_blocks"):
        blocks: Blocks | None = getattr(feature, name)
        if blocks is not None:
            header[name] = _block_facts(blocks)
            arrays |= _dump_blocks(blocks, f"{key}.{name}")
    if feature.season is not None:
        header["season"], kept = _dump_season(feature.season, f"{key}.season")
        arrays |= kept
    return header, arrays


def load_feature(header: dict[str, Any], arrays: Arrays, key: str) -> FeatureBaseline:
    """The inverse of :func:`dump_feature`."""
    plain = {name: header[name] for name in _PLAIN}
    return FeatureBaseline(
        **plain,
        levels=tuple(header["levels"]),
        coarser=tuple(header["coarser"]),
        too_coarse=tuple(header["too_coarse"]),
        edges=arrays[f"{key}.edges"],
        bins=arrays[f"{key}.bins"],
        counts=arrays[f"{key}.counts"].astype(np.int64),
        blocks=_load_blocks(header.get("blocks"), arrays, f"{key}.blocks"),
        missing_blocks=_load_blocks(header.get("missing_blocks"), arrays, f"{key}.missing_blocks"),
        season=_load_season(header.get("season"), arrays, f"{key}.season"),
    )


def _block_facts(blocks: Blocks) -> dict[str, Any]:
    return {"rows": blocks.rows, "size": blocks.size, "gate_p": blocks.gate_p}


def _dump_blocks(blocks: Blocks, key: str) -> Arrays:
    return {
        f"{key}.present": codec.smallest(blocks.present),
        f"{key}.sums": blocks.sums.reshape(-1).astype(np.float32),
        f"{key}.weights": blocks.weights,
    }


def _load_blocks(header: dict[str, Any] | None, arrays: Arrays, key: str) -> Blocks | None:
    if header is None:
        return None
    present = arrays[f"{key}.present"].astype(np.int64)
    sums = arrays[f"{key}.sums"].astype(np.float64).reshape(-1, present.size)
    return Blocks(header["rows"], header["size"], present, sums, arrays[f"{key}.weights"], header["gate_p"])


def _dump_season(season: Season, key: str) -> tuple[dict[str, Any], Arrays]:
    blocks = season.blocks
    header = {"period": season.period, "blocks": None if blocks is None else _block_facts(blocks)}
    arrays: Arrays = {
        f"{key}.rows": codec.smallest(season.rows),
        f"{key}.slots": codec.smallest(season.slots),
        f"{key}.means": season.means.reshape(-1).astype(np.float32),
        f"{key}.variances": season.variances.reshape(-1).astype(np.float32),
        f"{key}.cells": codec.smallest(season.cells.reshape(-1)),
    }
    return header, arrays if blocks is None else arrays | _dump_blocks(blocks, f"{key}.blocks")


def _load_season(header: dict[str, Any] | None, arrays: Arrays, key: str) -> Season | None:
    """Earlier baselines have none."""
    if header is None:
        return None
    phases = PHASES[header["period"]]
    return Season(
        header["period"],
        arrays[f"{key}.rows"].astype(np.int64),
        arrays[f"{key}.slots"].astype(np.int64),
        arrays[f"{key}.means"].astype(np.float64).reshape(phases, SCORES),
        arrays[f"{key}.variances"].astype(np.float64).reshape(phases, SCORES),
        arrays[f"{key}.cells"].astype(np.int64).reshape(phases, -1),
        _load_blocks(header["blocks"], arrays, f"{key}.blocks"),
    )
