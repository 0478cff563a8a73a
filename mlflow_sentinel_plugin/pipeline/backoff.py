"""A monitor that fails is left alone for a while, so that it neither stops the others nor fills the log."""

from __future__ import annotations

from mlflow_sentinel_plugin.clock import Clock

FIRST_MS = 5_000
LONGEST_MS = 600_000


class Backoff:
    """Remembers which keys failed and when each may be tried again: after 5 s, 10 s, … at most 10 min."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[str, tuple[int, int]] = {}

    def failed(self, key: str) -> None:
        """Let ``key`` wait, twice as long as the last time."""
        wait = min(2 * self._waits[key][0], LONGEST_MS) if key in self._waits else FIRST_MS
        self._waits[key] = (wait, self._clock() + wait)

    def succeeded(self, key: str) -> None:
        """Forget that ``key`` failed."""
        self._waits.pop(key, None)

    def waiting(self) -> set[str]:
        """The keys that should not be tried now."""
        now = self._clock()
        return {key for key, (_, until) in self._waits.items() if now < until}
