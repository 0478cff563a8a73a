"""How finely columns may be kept so that a baseline stays under 8 MB, however wide the table.

With F counted columns: the grid has ``grid_size`` edges if that is at most 6 MB / (12 bytes x F), else the
largest power of two below it; base blocks 1.5 MB / (8 bytes x F), at most 1024; levels 200,000 / F, 20 to
2000. Seasons: 800 kB / F decide on the longest period and the base blocks. Up to 61 columns keep the full
8192 edges.
"""

from __future__ import annotations

from mlflow_sentinel_plugin.errors import InvalidInput

MAX_BYTES = 8 * 2**20
_EDGE_BYTES, _EDGE_BUDGET = 12, 6_000_000
_BLOCK_BYTES, _BLOCK_BUDGET = 8, 1_500_000
_LEVEL_BUDGET = 200_000
_SEASON_BUDGET = 800_000
_SEASONS = ((19_000, 168, 1024), (7_000, 24, 512), (2_500, 24, 128))
"""Bytes of a column's season, about, with so many phases and base blocks."""


def grid_size_for(columns: int, wanted: int) -> int:
    """Edges per numeric column.

    >>> grid_size_for(25, 8192), grid_size_for(200, 8192), grid_size_for(25, 100)
    (8192, 2048, 100)
    """
    if not 16 <= wanted <= 65_536:
        raise InvalidInput(f"grid_size must be 16..65536, got {wanted}")
    affordable = _EDGE_BUDGET // (_EDGE_BYTES * max(columns, 1))
    return wanted if wanted <= affordable else max(16, _power_of_two(affordable))


def block_count_for(columns: int) -> int:
    """Base blocks per column."""
    return min(1024, max(32, _power_of_two(_BLOCK_BUDGET // (_BLOCK_BYTES * max(columns, 1)))))


def level_cap_for(columns: int) -> int:
    """Levels kept per categorical column."""
    return min(2000, max(20, _LEVEL_BUDGET // max(columns, 1)))


def season_for(columns: int) -> tuple[int, int]:
    """Phases of the longest period looked for (0: none is), and base blocks of a season.

    >>> season_for(25), season_for(100), season_for(300), season_for(1000)
    ((168, 1024), (24, 512), (24, 128), (0, 0))
    """
    affordable = _SEASON_BUDGET // max(columns, 1)
    return next(((phases, blocks) for size, phases, blocks in _SEASONS if size <= affordable), (0, 0))


def _power_of_two(limit: int) -> int:
    return 1 << (max(limit, 1).bit_length() - 1)
