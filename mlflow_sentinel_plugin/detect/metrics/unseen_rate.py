"""Share of values that the reference never had."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betainc, gammaln

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, versioned


@versioned(1)
def unseen_rate(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """Categorical: values of levels the reference lacks; numeric: values beyond its smallest or largest.

    Range 0 to 1, over the window's present values. A large level set always leaves some unseen, so p allows
    for what the reference's own rare levels say (see :func:`unseen_levels_p`); numeric p is exact and needs
    no distribution (see :func:`beyond_range_p`). Levels beyond the cap cannot be told from unseen ones:
    null then.

    Source: Good (1953) and Esty (1983) for levels; orderings of exchangeable values for ranges.

    >>> from mlflow_sentinel_plugin.detect.metrics.base import Counts
    >>> side = Counts([60, 40, 0], singletons=0, unseen=0)
    >>> result = unseen_rate(side, Counts([50, 40, 10], unseen=10), ["a", "b", "c"], "categorical")
    >>> result.value, result.p_value < 0.01
    (0.1, True)
    """
    if not hasattr(current, "unseen"):
        return MetricValue(None, reason="not_counted")
    total, known = int(np.sum(reference)), int(np.sum(current))
    if total == 0 or known == 0:
        return MetricValue(None, reason="empty")
    if kind in ("categorical", "boolean"):
        if current.unseen is None:
            return MetricValue(None, reason="levels_capped")
        p = unseen_levels_p(current.unseen, known, total, reference.singletons, reference.doubletons)
        return MetricValue(current.unseen / known, p)
    sides = [side for side in (current.below, current.above) if side is not None]
    if not sides:
        return MetricValue(None, reason="unbounded")
    return MetricValue(sum(sides) / known, beyond_range_p(max(sides), known, total))


def unseen_levels_p(unseen: int, n: int, total: int, singletons: int, doubletons: int) -> float:
    """P(at least ``unseen`` of ``n`` values have new levels), from levels the reference has once and twice.

    The unseen mass is estimated by Good-Turing, (f1 + 1) / N, with Esty's variance: a gamma of mean f = f1 +
    1 (over N) and shape A = f^2 / (f + 2 f2). A Poisson count over it is negative binomial; its tail is
    ``betainc(unseen, A, n / (n + A N / f))``.

    Source: Good (1953), Esty (1983).
    """
    if unseen == 0:
        return 1.0
    f = singletons + 1
    shape = f * f / (f + 2 * doubletons)
    return float(betainc(unseen, shape, n / (n + shape * total / f)))


def beyond_range_p(beyond: int, n: int, total: int) -> float:
    """Two-sided P that the ``beyond`` outermost of ``n + total`` exchangeable values all belong to the n.

    ``2 * prod_{i < beyond} (n - i) / (n + total - i)``, at most 1.
    """
    both = n + total
    log = gammaln(n + 1) - gammaln(n - beyond + 1) - gammaln(both + 1) + gammaln(both - beyond + 1)
    return float(min(1.0, 2 * np.exp(log)))
