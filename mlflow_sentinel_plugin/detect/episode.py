"""The end of an episode: evidence from before it must not page on once a feature is as it was.

Pooled over 8 windows, a shift of .5 sd would otherwise be seen for 3 to 6 windows after it has gone.
"""

from __future__ import annotations

import math

from mlflow_sentinel_plugin.detect.history import Lead

_QUIET_P = 0.05
_FAR = 3.3


def has_ended(before: Lead | None, alone_p: float, alone_z: float, alone_rows: int) -> bool:
    """Whether a feature that was flagged in the last window is as the reference in this one.

    The window alone must be unremarkable, and the statistic that led must have fallen by more than chance:
    with z over n rows before and z1 over n1 rows now, (z / sqrt(n) - z1 / sqrt(n1)) sign(z) is at least
    3.3 sqrt(1/n + 1/n1).

    >>> has_ended(Lead(1, 8.0, 1000), 0.5, 0.3, 500), has_ended(Lead(1, 4.0, 4000), 0.5, 1.0, 500)
    (True, False)
    """
    if before is None or alone_p <= _QUIET_P or not before.rows or not alone_rows:
        return False
    fallen = (before.z / math.sqrt(before.rows) - alone_z / math.sqrt(alone_rows)) * math.copysign(
        1, before.z
    )
    return fallen >= _FAR * math.sqrt(1 / before.rows + 1 / alone_rows)
