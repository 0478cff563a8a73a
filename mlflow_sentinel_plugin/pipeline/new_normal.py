"""Windows A to B are the new normal: their counts become the monitor's next baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow_sentinel_plugin.clock import Clock, to_rfc3339
from mlflow_sentinel_plugin.errors import Conflict, CorruptData, InvalidInput
from mlflow_sentinel_plugin.pipeline.baselines import Registered, add_version, packed
from mlflow_sentinel_plugin.pipeline.cache import BaselineCache
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from mlflow_sentinel_plugin.profile.renew import coarse_features, renewed
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor, Window
from mlflow_sentinel_plugin.store.windows import ranges

MAX_WINDOWS = 10_000
_AT_ONCE = 50


class NewNormal:
    """Makes baselines of stored windows; any worker, any thread."""

    def __init__(self, db: Database, clock: Clock, baselines: BaselineCache) -> None:
        self._db = db
        self._clock = clock
        self._baselines = baselines

    def register(self, monitor: Monitor, first: str, last: str, *, activate: bool = False) -> Registered:
        """Store the counts of all windows from ``first`` to ``last`` (ids) as the monitor's next baseline.

        Raises:
            NotFound: one of the two is no window of this monitor.
            InvalidInput: they are not of one baseline and one way of cutting, in the wrong order, hold no
                rows, or are more than :data:`MAX_WINDOWS`.
            Conflict: a window between them is still open (``window_open``), or its full counts are no longer
                kept (``profile_pruned``).
        """
        with self._db.read() as session:
            ends = [ranges.of_monitor(session, monitor, window_id) for window_id in (first, last)]
            _check_ends(*ends)
            found = ranges.between(session, *ends, limit=MAX_WINDOWS + 1)
        _check(found)
        baseline = self._baselines.get(ends[0].baseline_id)
        source = _source(found)
        renewal = renewed(self._sum(found, baseline), source)
        coarse = coarse_features(renewal)
        if coarse:
            source["coarse"] = coarse
        data = packed(renewal)
        with self._db.write() as session:
            return add_version(
                session,
                monitor.name,
                renewal,
                data,
                workspace=monitor.workspace,
                experiment_id=None,
                source=source,
                activate=activate,
                now=self._clock(),
            )

    def _sum(self, found: Sequence[Window], baseline: Baseline) -> Profile:
        total = baseline.empty_profile()
        for start in range(0, len(found), _AT_ONCE):
            with self._db.read() as session:
                stored = ranges.profiles(session, [window.id for window in found[start : start + _AT_ONCE]])
            for window in found[start : start + _AT_ONCE]:
                total = total + _full(window, stored.get(window.id), baseline)
        return total


def _check_ends(first: Window, last: Window) -> None:
    if (first.baseline_id, first.spec) != (last.baseline_id, last.spec):
        raise InvalidInput(
            "the first and the last window were counted on different baselines, or cut differently",
            hint="choose two windows after the last change of baseline or window length",
            code="windows_differ",
        )
    if (first.start_ms, first.ordinal) > (last.start_ms, last.ordinal):
        raise InvalidInput("the first window begins after the last", hint="swap first and last")


def _check(found: Sequence[Window]) -> None:
    if len(found) > MAX_WINDOWS:
        raise InvalidInput(f"more than {MAX_WINDOWS} windows", hint="choose a shorter range")
    for window in found:
        if window.is_open:
            raise Conflict(
                f"the window from {to_rfc3339(window.start_ms)} is still open",
                hint="end with the last closed one",
                code="window_open",
            )


def _full(window: Window, data: bytes | None, baseline: Baseline) -> Profile:
    try:
        profile = Profile.from_bytes(data or b"", baseline)
    except CorruptData:
        raise _not_kept(window) from None
    if profile.reduced:
        raise _not_kept(window)
    return profile


def _not_kept(window: Window) -> Conflict:
    return Conflict(
        f"the full counts of the window from {to_rfc3339(window.start_ms)} are no longer kept",
        hint="choose newer windows; see retention.profiles in the configuration",
        code="profile_pruned",
    )


def _source(found: Sequence[Window]) -> dict[str, Any]:
    return {
        "from_windows": {
            "first": found[0].id,
            "last": found[-1].id,
            "windows": len(found),
            "start": to_rfc3339(found[0].start_ms),
            "end": to_rfc3339(found[-1].end_ms),
            "baseline_id": found[0].baseline_id,
        }
    }
