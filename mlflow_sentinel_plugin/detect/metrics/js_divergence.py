"""Jensen-Shannon divergence."""

from __future__ import annotations

from typing import Any

from scipy.special import rel_entr

from mlflow_sentinel_plugin.detect.metrics.base import MetricValue, as_counts, empty, not_compared, versioned

_LN2 = 0.6931471805599453


@versioned(1)
def js_divergence(
    reference: Any, current: Any, edges_or_levels: Any = (), kind: str = "numeric"
) -> MetricValue:
    """Mean Kullback-Leibler divergence, base 2, of both sides' shares from their average.

    Range 0 to 1: 0 for equal shares, 1 for sides that share no bin. Base 2 is part of the number: in nats the
    largest value is .693, and the *distance* some tools report is the square root (``js_distance``).

    Source: Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37 (1991).

    >>> js_divergence([5, 5], [5, 5]).value, js_divergence([5, 0], [0, 5]).value
    (0.0, 1.0)
    >>> round(js_divergence([50, 50], [90, 10]).value, 4)
    0.1468
    """
    a, b = as_counts(reference), as_counts(current)
    refused = not_compared(kind) or empty(a, b)
    if refused:
        return refused
    p, q = a.shares, b.shares
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle) + rel_entr(q, middle)).sum() / (2 * _LN2)
    return MetricValue(float(min(max(divergence, 0.0), 1.0)))
