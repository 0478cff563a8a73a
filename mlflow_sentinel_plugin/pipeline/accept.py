"""Accept rows: check them, keep them as one block, answer. No counting: this runs in request threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.clock import Clock
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.ingest import rows as ingest
from mlflow_sentinel_plugin.pipeline import blocks
from mlflow_sentinel_plugin.pipeline.event_time import event_times
from mlflow_sentinel_plugin.pipeline.settings import no_baseline, settings_of
from mlflow_sentinel_plugin.profile.kinds import UNSCORED_ROLES
from mlflow_sentinel_plugin.profile.profile import MAX_EXTRA
from mlflow_sentinel_plugin.store import baselines, inbox
from mlflow_sentinel_plugin.store.engine import Database
from mlflow_sentinel_plugin.store.models import Monitor

_OPTIONAL_ROLES = (*UNSCORED_ROLES, "target")
"""Columns of these roles may be absent live."""


@dataclass(frozen=True)
class Accepted:
    """What a post is answered.

    Attributes:
        rows: Stored.
        rejected: Refused as malformed.
        samples: Position (from 1) and reason of the first few refused.
        unknown_columns: Not in the baseline; their values are not kept.
        missing_columns: In the baseline, not in the body.
        replayed: The key was seen before; nothing was stored again.
    """

    rows: int
    rejected: int
    samples: Sequence[tuple[int, str]] = ()
    unknown_columns: Sequence[str] = ()
    missing_columns: Sequence[str] = ()
    replayed: bool = False


@dataclass(frozen=True)
class _Columns:
    """The columns of a body beside those of the baseline."""

    counted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Acceptor:
    """Takes rows in; any worker, any thread."""

    def __init__(self, db: Database, config: Config, clock: Clock) -> None:
        self._db = db
        self._config = config
        self._clock = clock

    def accept(self, monitor: Monitor, rows: ingest.Rows, key: str | None, digest: str) -> Accepted:
        """Store the rows of one post.

        Args:
            key: The ``Idempotency-Key``, if any.
            digest: SHA-256 (hex) of media type and body.

        Raises:
            Conflict: the monitor has no baseline and makes none of its first rows (``no_baseline``), or
                the key came with other content.
            InvalidInput: no column the baseline knows, or no row with a usable timestamp. Nothing is stored.
            NotFound: the monitor is deleted.
        """
        settings = settings_of(self._config, monitor)
        clock_column = settings.timestamp_column
        if monitor.baseline_id is None and settings.first_rows is not None:
            return self._await_baseline(monitor, clock_column, rows, key, digest)
        features = self._features(monitor)
        columns = _compare(rows.columns, features, clock_column)
        answer = Accepted(rows.table.num_rows, rows.rejected, rows.samples, columns.unknown, columns.missing)
        if key is not None and (earlier := self._recall(monitor, key, digest)):
            return _replay(answer, earlier)
        if not columns.counted:
            raise _nothing_known(columns)
        data, answer = self._encoded(monitor, rows, columns, clock_column, answer)
        return self._store(monitor, data, answer, key, digest)

    def watched(self, monitor: Monitor, clock_column: str | None) -> set[str] | None:
        """Names of the columns that rows of the monitor are kept of, and of their event time.

        ``None``: all, while its first rows are to become its baseline.

        Raises:
            Conflict: the monitor has no baseline (``no_baseline``).
        """
        if self._awaits_baseline(monitor):
            return None
        counted = {feature["name"] for feature in self._features(monitor) if _is_counted(feature)}
        return counted if clock_column is None else counted | {clock_column}

    def encode(self, monitor: Monitor, rows: ingest.Rows, clock_column: str | None) -> tuple[bytes, Accepted]:
        """Rows as :meth:`accept` would store them, for a caller that stores them itself.

        Args:
            clock_column: Where their event time is; ``None``: arrival counts.

        Raises:
            Conflict: the monitor has no baseline (``no_baseline``).
            InvalidInput: no column the baseline knows, or no row with a usable timestamp.
        """
        if self._awaits_baseline(monitor):
            return self._whole(monitor, clock_column, rows)
        columns = _compare(rows.columns, self._features(monitor), clock_column)
        if not columns.counted:
            raise _nothing_known(columns)
        answer = Accepted(rows.table.num_rows, rows.rejected, rows.samples, columns.unknown, columns.missing)
        return self._encoded(monitor, rows, columns, clock_column, answer)

    def _encoded(
        self,
        monitor: Monitor,
        rows: ingest.Rows,
        columns: _Columns,
        clock_column: str | None,
        answer: Accepted,
    ) -> tuple[bytes, Accepted]:
        kept, answer = self._timed(monitor, clock_column, rows, answer)
        return blocks.encode(replace(kept, table=_slim(kept.table, columns))), answer

    def _await_baseline(
        self, monitor: Monitor, clock_column: str | None, rows: ingest.Rows, key: str | None, digest: str
    ) -> Accepted:
        """Store rows whole: the first of them become the baseline, which then says what is counted."""
        answer = Accepted(rows.table.num_rows, rows.rejected, rows.samples)
        if key is not None and (earlier := self._recall(monitor, key, digest)):
            return _replay(answer, earlier)
        data, answer = self._whole(monitor, clock_column, rows)
        return self._store(monitor, data, answer, key, digest)

    def _awaits_baseline(self, monitor: Monitor) -> bool:
        return monitor.baseline_id is None and settings_of(self._config, monitor).first_rows is not None

    def _whole(self, monitor: Monitor, clock_column: str | None, rows: ingest.Rows) -> tuple[bytes, Accepted]:
        answer = Accepted(rows.table.num_rows, rows.rejected, rows.samples)
        kept, answer = self._timed(monitor, clock_column, rows, answer)
        return blocks.encode(replace(kept, baseline_id="", untyped=rows.untyped)), answer

    def _features(self, monitor: Monitor) -> list[dict[str, Any]]:
        if monitor.baseline_id is None:
            raise no_baseline(monitor)
        with self._db.read() as session:
            return baselines.get(session, monitor.baseline_id, workspace=monitor.workspace).features

    def _recall(self, monitor: Monitor, key: str, digest: str) -> inbox.Answer | None:
        with self._db.read() as session:
            return inbox.recall_key(session, monitor.id, key, digest)

    def _timed(
        self, monitor: Monitor, column: str | None, rows: ingest.Rows, answer: Accepted
    ) -> tuple[blocks.Rows, Accepted]:
        """The rows with their event times, without those that have none."""
        baseline_id = str(monitor.baseline_id)
        if column is None:
            return blocks.Rows(rows.table, None, baseline_id), answer
        found = event_times(rows.table, column, self._clock())
        samples = _merged(rows.samples, found.reasons)
        if not found.usable.any():
            raise InvalidInput(
                f"no row has a usable timestamp; row {samples[0][0]}: {samples[0][1]}",
                code="no_valid_rows",
                details={"samples": [list(sample) for sample in samples]},
            )
        refused = int(np.count_nonzero(~found.usable))
        table = rows.table.filter(pa.array(found.usable)) if refused else rows.table
        answer = replace(answer, rows=table.num_rows, rejected=answer.rejected + refused, samples=samples)
        return blocks.Rows(table, found.ms[found.usable], baseline_id), answer

    def _store(
        self, monitor: Monitor, data: bytes, answer: Accepted, key: str | None, digest: str
    ) -> Accepted:
        now = self._clock()
        with self._db.write() as session:
            if session.get(Monitor, monitor.id) is None:
                raise NotFound(f"the monitor {monitor.name!r} was deleted", code="monitor_not_found")
            if key is not None:
                ours = inbox.Answer(answer.rows, answer.rejected)
                earlier = inbox.remember_key(session, monitor.id, key, digest, ours, now)
                if earlier is not None:
                    return _replay(answer, earlier)
            inbox.add(session, monitor.id, data, answer.rows, answer.rejected, now)
        return answer


def _compare(names: Sequence[str], features: list[dict[str, Any]], clock_column: str | None) -> _Columns:
    given, known = set(names), {feature["name"]: feature for feature in features}
    return _Columns(
        counted=[name for name, feature in known.items() if name in given and _is_counted(feature)],
        unknown=[name for name in names if name not in known and name != clock_column],
        missing=[
            name
            for name, feature in known.items()
            if name not in given and _is_counted(feature) and feature["role"] not in _OPTIONAL_ROLES
        ],
    )


def _is_counted(feature: dict[str, Any]) -> bool:
    return feature["kind"] != "ignored" and feature["role"] not in UNSCORED_ROLES


def _slim(table: pa.Table, columns: _Columns) -> pa.Table:
    """Only what is counted; of unknown columns only some names, so that the window can note them."""
    kept = table.select(columns.counted)
    for name in sorted(columns.unknown)[:MAX_EXTRA]:
        kept = kept.append_column(name, pa.nulls(table.num_rows))
    return kept


def _merged(samples: Sequence[tuple[int, str]], reasons: dict[int, str]) -> list[tuple[int, str]]:
    """Samples of the body's rows (position from 1) and of the readable ones (index from 0), by position.

    The body's samples are the first of their kind, so each position that is kept here is exact.
    """
    merged = list(samples)
    for index, reason in reasons.items():
        position = index + 1
        for refused, _ in sorted(samples):
            position += refused <= position
        merged.append((position, reason))
    return sorted(merged)[: ingest.SAMPLES]


def _replay(answer: Accepted, earlier: inbox.Answer) -> Accepted:
    return replace(answer, rows=earlier.rows, rejected=earlier.rejected, replayed=True)


def _nothing_known(columns: _Columns) -> InvalidInput:
    return InvalidInput(
        "no column of the body is one that the baseline watches",
        hint=f"expected columns such as {', '.join(columns.missing[:10])}",
        code="no_known_column",
        details={"unknown_columns": columns.unknown[:50], "missing_columns": columns.missing[:50]},
    )
