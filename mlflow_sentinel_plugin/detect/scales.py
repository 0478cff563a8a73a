"""Time scales: a window alone and pooled with those before it, since counts add.

Scales pool 1, 2, 4 and 8 windows with weights .4 .2 .2 .2. While fewer windows are known, the next scale
pools what there is (after 3 windows: 1, 2 and 3) and the weights are renormalised.
"""

from __future__ import annotations

import numpy as np

from mlflow_sentinel_plugin.profile.types import FloatArray, IntArray

SCALES = (1, 2, 4, 8)
MOST_WINDOWS = SCALES[-1]
_WEIGHTS = (0.4, 0.2, 0.2, 0.2)


def pooled_windows(known: IntArray) -> IntArray:
    """How many windows each scale pools (scales x features), given how many each feature knows, 1..8.

    >>> pooled_windows(np.array([1, 3, 8])).T.tolist()
    [[1, 1, 1, 1], [1, 2, 3, 3], [1, 2, 4, 8]]
    """
    return np.asarray(np.minimum(np.array(SCALES)[:, None], known))


def scale_weights(known: IntArray) -> FloatArray:
    """Weights of the scales (scales x features) that add up to 1; 0 where a scale repeats the one before.

    >>> scale_weights(np.array([1, 3])).T.round(2).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.5, 0.25, 0.25, 0.0]]
    """
    before = np.array([0, *SCALES[:-1]])[:, None]
    weights = np.where(before < known, np.array(_WEIGHTS)[:, None], 0.0)
    return np.asarray(weights / weights.sum(axis=0))
