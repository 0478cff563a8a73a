"""How much more a window's statistics vary than those of independent rows, from the reference's own blocks.

Nothing is assumed: unless the reference's row order gives evidence of dependence (see
:mod:`mlflow_sentinel_plugin.profile.blocks`), the effect is 1 and no power is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_sentinel_plugin.profile.blocks import Blocks
from mlflow_sentinel_plugin.profile.season import Season

_ENOUGH_BLOCKS = 8
_SOME_BLOCKS = 4


@dataclass(frozen=True)
class DesignEffect:
    """Variance inflation, at least 1, and the degrees of freedom of the estimate (``None``: none made)."""

    factor: float = 1.0
    df: int | None = None


INDEPENDENT = DesignEffect()


def design_effect(blocks: Blocks | None, n: int) -> DesignEffect:
    """The design effect of ``n`` rows: the spread of the reference's blocks of that length.

    With fewer than 8 such blocks, that of an eighth of the reference, but not below the spread at ``n``
    itself if there are 4.
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
    factor, used = blocks.spread(n if available >= _ENOUGH_BLOCKS else max(1, blocks.rows // _ENOUGH_BLOCKS))
    if _SOME_BLOCKS <= available < _ENOUGH_BLOCKS:
        factor = max(factor, blocks.spread(n)[0])
    return DesignEffect(max(1.0, factor), used - 1)
