"""How much more a window's statistics vary than those of independent rows, from the reference's own blocks.

Nothing is assumed: unless the reference's row order gives evidence of dependence (see
:mod:`mlflow_sentinel_plugin.profile.blocks`), the effect is 1 and no power is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import fdtri

from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.season import Season

_ENOUGH_BLOCKS = 8
_SOME_BLOCKS = 4
_MANY_BLOCKS = 32
_NOT_GROWING = 0.9


@dataclass(frozen=True)
class DesignEffect:
    """Variance inflation, at least 1, and the degrees of freedom of the estimate (``None``: none made)."""

    factor: float = 1.0
    df: int | None = None


INDEPENDENT = DesignEffect()


def design_effect(blocks: Blocks | None, n: int) -> DesignEffect:
    """The design effect of ``n`` rows: the spread of the reference's blocks of that length.

    With fewer than 8 such blocks, that of an eighth of the reference, but not below the spread at ``n``
    itself if there are 4. Few blocks say little of their spread, and Student's t makes much of that. Blocks
    of a 32nd of the reference say more: where the spread does not grow from them to the longer ones (F below
    its 9th decile), the largest is used with the degrees of freedom of the shorter.
    """
    if blocks is None or not blocks.dependent:
        return INDEPENDENT
    return _spread(blocks, n)


def season_effect(season: Season, n: int) -> DesignEffect:
    """The same of what remains of a seasonal feature; used whether or not it is significant.

    The mean of each phase is that of the same rows, so blocks vary less around it than new rows do: by the
    share of the phase's rows that a block holds.
    """
    if season.blocks is None:
        return INDEPENDENT
    found = _spread(season.blocks, n)
    kept = 1 - season.cycle_share * min(1.0, n / max(season.slot_rows, 1.0))
    df = None if found.df is None else max(1, int(found.df * (1 - season.cycle_share)))
    return DesignEffect(max(1.0, found.factor / kept), df)


def _spread(blocks: Blocks, n: int) -> DesignEffect:
    available = blocks.blocks_of(n)
    found = [blocks.spread(n if available >= _ENOUGH_BLOCKS else max(1, blocks.rows // _ENOUGH_BLOCKS))]
    if _SOME_BLOCKS <= available < _ENOUGH_BLOCKS:
        found.append(blocks.spread(n))
    factor, df = max(spread for spread, _ in found), found[0][1] - 1
    if df + 1 < _MANY_BLOCKS:
        shorter, many = blocks.spread(max(1, blocks.rows // _MANY_BLOCKS))
        if many > df + 1 and all(_alike(spread, used, shorter, many) for spread, used in found):
            factor, df = max(factor, shorter), many - 1
    return DesignEffect(max(1.0, factor), df)


def _alike(spread: float, blocks: int, shorter: float, many: int) -> bool:
    return blocks > 1 and spread <= shorter * float(fdtri(blocks - 1, many - 1, _NOT_GROWING))
