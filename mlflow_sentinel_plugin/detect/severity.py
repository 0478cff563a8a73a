"""How bad a window is: a score in 0..1 and a level.

With effect e of each signal (0..1) and importance i of each scored feature (1 where unknown):

    worst = max(i e)        breadth = sum(i e) / sum(i)        score = 1 - (1 - worst) (1 - breadth)

Raising any effect never lowers the score. Under .1 is ``low``, under .3 ``medium``, under .6 ``high``, else
``critical``: a normal feature shifted by .1, .5, 1 and 2 sd has D of .04, .20, .38 and .68.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_sentinel_plugin.entities import Severity

_LEVELS: tuple[tuple[float, Severity], ...] = ((0.1, "low"), (0.3, "medium"), (0.6, "high"))


def score(effects: Mapping[str, float], importances: Mapping[str, float]) -> float:
    """Severity of signals in 0..1; 0 without any.

    Args:
        effects: Signal's feature -> effect, 0..1.
        importances: Every scored feature -> importance, 0..1.

    Ten features, one at D = .2, one at D = .1: 1 - .8 x .97.

    >>> ten = {f"f{i}": 1.0 for i in range(10)}
    >>> round(score({"f0": 0.2, "f1": 0.1}, ten), 3), level(0.224)
    (0.224, 'medium')
    """
    weighted = {name: importances.get(name, 1.0) * effect for name, effect in effects.items()}
    worst = max(weighted.values(), default=0.0)
    total = sum(importances.values())
    breadth = min(sum(weighted.values()) / total, 1.0) if total > 0 else 0.0
    return 1 - (1 - worst) * (1 - breadth)


def level(value: float) -> Severity:
    """The level of a score."""
    return next((name for limit, name in _LEVELS if value < limit), "critical")
