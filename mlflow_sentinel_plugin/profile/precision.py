"""Reference and live values often differ in precision (float64 and float32, a CSV with 4 digits).

Compared as they are, each live value would miss the reference's atoms. A *precision* is a monotone rounding:
``float32``, ``decimals:d`` (d digits after the point) or ``digits:s`` (s significant digits).

- The reference is the coarser one: live values are rounded to its precision when they are counted.
- The live values are the coarser ones: they are counted on the rounded edges too, for each candidate
  precision as long as *all* values seen are at it. "All" survives adding profiles, so counts still merge.

A rounding is used only if it merges at most 5 % of the reference into one value, and if the live values are
not all at one that merges more: so a column stuck at a constant, or turned from a probability into a label,
is never rounded into agreement.
"""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.types import BoolArray, FloatArray, IntArray

MAX_MERGED = 0.05
_MATERIAL_SHARE = 0.001
_MATERIAL_ROWS = 3
_FLOAT32_NOISE = 6e-8
_EXACT = 2.0**53
_DECIMALS = range(7)
_DIGITS = range(3, 8)
_FEW = 64
_TWELVE_DIGITS = 1e6
"""Below it a value with 6 decimals, or with 7 digits, has at most 12 digits."""


def round_to(values: FloatArray, precision: str) -> FloatArray:
    """``values`` rounded; monotone; infinities and values too large for the rounding stay.

    >>> round_to(np.array([0.123456, 98765.4321]), "decimals:2"), round_to(np.array([98765.4321]), "digits:3")
    (array([1.200000e-01, 9.876543e+04]), array([98800.]))
    """
    if precision == "float32":
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float32).astype(np.float64)
        return np.where(np.isinf(narrow), values, narrow)
    rule, places = precision.split(":")
    if rule == "decimals":
        fits = np.abs(values) < _EXACT / 10.0 ** int(places)
        return np.where(fits, np.round(np.where(fits, values, 0.0), int(places)), values) + 0.0
    return _significant(values, int(places))


def _significant(values: FloatArray, digits: int) -> FloatArray:
    usable = np.isfinite(values) & (np.abs(values) > 1e-290) & (np.abs(values) < 1e290)
    safe = np.where(usable, values, 1.0)
    exponent = digits - 1 - np.floor(np.log10(np.abs(safe)))
    up, down = 10.0 ** np.maximum(exponent, 0), 10.0 ** np.maximum(-exponent, 0)  # one of them is 1
    rounded = np.round(safe * up / down) * down / up
    return np.where(usable, rounded, values)


def alive(ordered: FloatArray, names: tuple[str, ...]) -> list[str]:
    """Those of ``names`` (candidates) that all values (sorted, finite) are at.

    Within a rule the finest is tried first: what is not at 3 decimals is not at 2 either.
    """
    if not names or (ordered.size and any(map(_is_at_none, (ordered[ordered.size // 2], ordered[-1])))):
        return []
    found: list[str] = []
    failed: set[str] = set()
    for name in sorted(names, reverse=True):
        rule = name.split(":")[0]
        if rule not in failed and all_at(ordered, name):
            found.append(name)
        else:
            failed.add(rule)
    return found


def _is_at_none(value: float) -> bool:
    """Whether a value has too many digits for any precision; a cheap test of what most floats are."""
    plain = float(value)
    many = abs(plain) < _TWELVE_DIGITS and float(f"{plain:.12g}") != plain
    return many and float(np.float32(plain)) != plain


def all_at(ordered: FloatArray, precision: str) -> bool:
    """Whether rounding changes none of the values (sorted)."""
    few = ordered[:: max(1, ordered.size // _FEW)]
    return bool((round_to(few, precision) == few).all() and (round_to(ordered, precision) == ordered).all())


def reference_precision(distinct: FloatArray) -> str | None:
    """The coarsest of ``decimals:0`` .. ``decimals:6``, ``float32`` that all values are at, or ``None``."""
    if distinct.size == 0:
        return None
    names = [*(f"decimals:{d}" for d in _DECIMALS), "float32"]
    return next((name for name in names if all_at(distinct, name)), None)


def snap(values: FloatArray, precision: str | None, fully: bool) -> tuple[FloatArray, int]:
    """Live values at the reference's precision, and how many were truly finer than it.

    Float noise (0.30000000000000004, or 0.1 as float32) always snaps; real extra digits only if ``fully``.
    """
    if precision is None or values.size == 0 or _whole(values, precision):
        return values, 0
    rounded = round_to(values, precision)
    moved = np.subtract(values, rounded, where=np.isfinite(values), out=np.zeros_like(values))
    noise = np.abs(moved) <= _FLOAT32_NOISE * np.abs(values)
    finer = int((~noise).sum())
    return (rounded if fully else np.where(noise, rounded, values)), finer if fully else 0


def _whole(values: FloatArray, precision: str) -> bool:
    """Whether these are whole numbers, as most rounded ones are: then there is nothing to round."""
    return precision.startswith("decimals") and bool((np.rint(values) == values).all())


def candidates(
    distinct: FloatArray, share: FloatArray, rows: int, own: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Coarser precisions that live data might come in and that would matter; and those too coarse to use.

    Args:
        distinct, share: The reference's values, sorted, and their shares of its ``rows``.
        own: The reference's own precision.
    """
    if distinct.size == 0:
        return (), ()
    names = [*(f"decimals:{d}" for d in _DECIMALS), *(f"digits:{s}" for s in _DIGITS), "float32"]
    if own is not None and own.startswith("decimals"):
        names = [n for n in names if n != "float32" and not (n.startswith("decimals") and n >= own)]
    least = max(_MATERIAL_SHARE, _MATERIAL_ROWS / max(rows, 1))
    effects = {name: _effect(distinct, share, name) for name in names}
    usable = tuple(n for n, (moved, merged) in effects.items() if moved > least and merged <= MAX_MERGED)
    return usable, tuple(n for n, (_, merged) in effects.items() if usable and merged > MAX_MERGED)


def _effect(distinct: FloatArray, share: FloatArray, precision: str) -> tuple[float, float]:
    """What a rounding does: the most mass on a value that it moves, and that it merges into another."""
    rounded = round_to(distinct, precision)
    starts: BoolArray = np.concatenate([[True], rounded[1:] != rounded[:-1]])
    at = np.flatnonzero(starts)
    mass = np.add.reduceat(share, at)
    moved = np.add.reduceat((rounded != distinct).astype(np.float64), at) > 0
    merged = mass - np.maximum.reduceat(share, at)
    return float(mass[moved].max(initial=0.0)), float(merged.max())


def coarsen(edges: FloatArray, precision: str) -> tuple[FloatArray, IntArray]:
    """Rounded edges, and for each fine cell the coarse cell that its reference values fall into."""
    rounded = round_to(edges, precision)
    coarse, position = np.unique(rounded, return_inverse=True)
    position = position.reshape(-1).astype(np.int64)
    cells = np.empty(2 * edges.size + 1, np.int64)
    cells[1::2] = 2 * position + 1
    cells[0], cells[-1] = 0, 2 * coarse.size
    between = np.where(position[1:] == position[:-1], 2 * position[1:] + 1, 2 * position[1:])
    cells[2:-1:2] = between
    return coarse, cells
