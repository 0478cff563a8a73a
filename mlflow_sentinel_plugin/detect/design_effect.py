"""How much more a window's statistics vary than those of independent rows, from the reference's own blocks.

Nothing is assumed: unless the reference's row order gives evidence of dependence (see
:mod:`mlflow_sentinel_plugin.profile.blocks`), the effect is 1 and no power is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_sentinel_plugin.profile.blocks import Blocks

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
    available = blocks.blocks_of(n)
    factor, used = blocks.spread(n if available >= _ENOUGH_BLOCKS else max(1, blocks.rows // _ENOUGH_BLOCKS))
    if _SOME_BLOCKS <= available < _ENOUGH_BLOCKS:
        factor = max(factor, blocks.spread(n)[0])
    return DesignEffect(max(1.0, factor), used - 1)
