"""What a rule says of one feature."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_sentinel_plugin.detect.history import Lead


@dataclass(frozen=True)
class Finding:
    """Whether a feature drifted, why, and how sure.

    Attributes:
        text: ``reason`` in words.
        notes: Remarks for people.
        lead: The statistic that flagged it most.
        fresh: An episode ended before this window: what was before is forgotten.
    """

    drifted: bool
    reason: str | None = None
    p_value: float | None = None
    notes: tuple[str, ...] = ()
    text: str | None = None
    lead: Lead | None = None
    fresh: bool = False
