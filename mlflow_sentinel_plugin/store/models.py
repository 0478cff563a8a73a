"""Sentinel's tables: own metadata, prefix ``sentinel_``, no foreign keys into MLflow's tables.

Times are milliseconds since the epoch, UTC. Ids are 32 hex digits unless said. JSON columns hold strict JSON.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, KeyScope

LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
Blob = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
Serial = BigInteger().with_variant(Integer(), "sqlite")


class Json(TypeDecorator[Any]):
    """Strict JSON text: NaN and Infinity are refused when written.

    Escaped to ASCII: a lone surrogate is legal in JSON, yet no database stores it as text.
    """

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """Own registry, so MLflow's schema check never sees these tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _workspace() -> Mapped[str]:
    return mapped_column(String(63), default=DEFAULT_WORKSPACE, server_default=DEFAULT_WORKSPACE)


class Monitor(Base):
    """One stream of predictions to watch."""

    __tablename__ = "sentinel_monitors"
    __table_args__ = (UniqueConstraint("workspace", "name"), Index(None, "experiment_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    name: Mapped[str] = mapped_column(String(200))
    experiment_id: Mapped[str] = mapped_column(String(32))
    model: Mapped[str | None] = mapped_column(String(255))
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    baseline_id: Mapped[str | None] = mapped_column(String(32))
    """The active baseline."""
    rows_accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    """Rows folded into windows."""
    rows_rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str | None] = mapped_column(String(32))
    """State of the last closed window; null before the first."""
    severity: Mapped[str | None] = mapped_column(String(16))
    last_row_at: Mapped[int | None] = mapped_column(BigInteger)
    """Arrival of the newest folded row."""
    max_event_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Newest event time folded: the watermark that closes event-time windows."""
    detector_state: Mapped[bytes | None] = mapped_column(Blob, deferred=True)
    """Not used since schema 0004: a verdict's past is read from the windows, see ``Window.memory``."""
    resumed_at: Mapped[int | None] = mapped_column(BigInteger)
    """End of its last pause: windows closed until then raise no alert."""
    no_data_at: Mapped[int | None] = mapped_column(BigInteger)
    """When its silence was last told to the alerts; null while data comes."""
    problem: Mapped[str | None] = mapped_column(LongText)
    """What keeps it from working, in a sentence; null: nothing."""
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class Baseline(Base):
    """A frozen training distribution of a monitor."""

    __tablename__ = "sentinel_baselines"
    __table_args__ = (UniqueConstraint("monitor_id", "version"), Index(None, "run_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer)
    rows: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    source: Mapped[dict[str, Any]] = mapped_column(Json)
    """``run_id``, ``artifact_path``, ``model_version``, ``dataset_digest`` as far as known."""
    run_id: Mapped[str | None] = mapped_column(String(32))
    """That of ``source``, to find a run's baselines by."""
    features: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Name, kind, role and summary per feature: what a page shows without loading ``data``."""
    data: Mapped[bytes] = mapped_column(Blob, deferred=True)
    """``profile.Baseline.to_bytes()``."""
    created_at: Mapped[int] = mapped_column(BigInteger)
    activated_at: Mapped[int | None] = mapped_column(BigInteger)


class InboxBlock(Base):
    """Accepted rows not yet folded: one compressed Arrow block a post."""

    __tablename__ = "sentinel_inbox"
    __table_args__ = (Index(None, "monitor_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    monitor_id: Mapped[str] = mapped_column(String(32))
    received_at: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(Integer)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    data: Mapped[bytes] = mapped_column(Blob)


class IdempotencyKey(Base):
    """What a post with an ``Idempotency-Key`` answered, kept for a week."""

    __tablename__ = "sentinel_idempotency"
    __table_args__ = (Index(None, "created_at"),)

    monitor_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the key: any length, any character."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of media type and body."""
    rows: Mapped[int] = mapped_column(Integer)
    rejected: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Window(Base):
    """The counts and the verdict of one window under one baseline."""

    __tablename__ = "sentinel_windows"
    __table_args__ = (
        UniqueConstraint("monitor_id", "baseline_id", "spec", "ordinal"),
        Index(None, "monitor_id", "end_ms"),
        Index(None, "monitor_id", "start_ms", "id"),
        Index(None, "is_open", "monitor_id"),
        Index(None, "is_due", "monitor_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str] = mapped_column(String(32))
    baseline_id: Mapped[str] = mapped_column(String(32))
    spec: Mapped[str] = mapped_column(String(80))
    """How the rows were cut: ``1h UTC``, ``500 rows``. A changed setting starts windows of its own."""
    ordinal: Mapped[int] = mapped_column(BigInteger)
    """Period windows: ``start_ms``. Count windows: 0, 1, 2, ... under this baseline and spec."""
    start_ms: Mapped[int] = mapped_column(BigInteger)
    """Period windows: the bound. Count windows: arrival of the first row."""
    end_ms: Mapped[int] = mapped_column(BigInteger)
    """Period windows: the (exclusive) bound. Count windows: arrival of the last row so far."""
    is_open: Mapped[bool] = mapped_column(Boolean, default=True)
    is_due: Mapped[bool] = mapped_column(Boolean, default=False)
    """Closed, and waiting for a verdict: the first one, or another because late rows came."""
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    last_arrival_ms: Mapped[int] = mapped_column(BigInteger)
    data_version: Mapped[int] = mapped_column(Integer, default=1)
    """Grows with each fold into the window."""
    scored_version: Mapped[int] = mapped_column(Integer, default=0)
    """``data_version`` that the verdict belongs to; 0 before the first."""
    state: Mapped[str | None] = mapped_column(String(32))
    severity: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Double)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)
    """``WindowResult.to_dict()`` of the last verdict."""
    history: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """Earlier verdicts (state, severity, score, rows, at) of a re-scored window, oldest first."""
    profile: Mapped[bytes | None] = mapped_column(Blob, deferred=True)
    """``profile.Profile.to_bytes()``; null once pruned."""
    reduced: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """1 once the profile was made coarser (``profile.reduce``)."""
    memory: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the decision rule found here that later verdicts need: ``detect.history.Memory``."""
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    scored_at: Mapped[int | None] = mapped_column(BigInteger)


class WindowFeature(Base):
    """Scores of one feature in one closed window, keyed for series."""

    __tablename__ = "sentinel_window_features"
    __table_args__ = (Index(None, "monitor_id", "feature_key", "at_ms"),)

    window_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    feature_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    """First 32 hex digits of SHA-256 of the name: names may be longer than a key."""
    feature: Mapped[str] = mapped_column(LongText)
    monitor_id: Mapped[str] = mapped_column(String(32))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """The window's ``start_ms``."""
    state: Mapped[str] = mapped_column(String(32))
    effect: Mapped[float | None] = mapped_column(Double)
    p_value: Mapped[float | None] = mapped_column(Double)
    scores: Mapped[dict[str, Any]] = mapped_column(Json)
    """Metric name -> ``{"value", "p_value", "reason"}``."""


class DriftEvent(Base):
    """All signals of a monitor in one window; at most one event a window."""

    __tablename__ = "sentinel_events"
    __table_args__ = (
        UniqueConstraint("window_id"),
        Index(None, "monitor_id", "at_ms"),
        Index(None, "workspace", "at_ms"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str] = mapped_column(String(32))
    experiment_id: Mapped[str] = mapped_column(String(32))
    window_id: Mapped[str] = mapped_column(String(32))
    baseline_id: Mapped[str] = mapped_column(String(32))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """The window's ``end_ms``."""
    state: Mapped[str] = mapped_column(String(32))
    """``drift`` or ``schema_changed``."""
    severity: Mapped[str] = mapped_column(String(16))
    score: Mapped[float] = mapped_column(Double)
    features: Mapped[list[str]] = mapped_column(Json)
    """Names of the features with a signal, worst first."""
    summary: Mapped[str] = mapped_column(LongText)
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)
    """Late rows re-scored the window and the drift is gone."""
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class Alert(Base):
    """A condition of a monitor over time."""

    __tablename__ = "sentinel_alerts"
    __table_args__ = (
        Index(None, "monitor_id", "condition", "status"),
        Index(None, "workspace", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str] = mapped_column(String(32))
    experiment_id: Mapped[str] = mapped_column(String(32))
    condition: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    summary: Mapped[str] = mapped_column(LongText)
    features: Mapped[list[str]] = mapped_column(Json, default=list)
    event_id: Mapped[str | None] = mapped_column(String(32))
    """The newest event of the alert."""
    windows: Mapped[int] = mapped_column(Integer, default=1)
    """Windows with the condition since it opened."""
    clean_windows: Mapped[int] = mapped_column(Integer, default=0)
    """Windows without the condition since the last one with it."""
    opened_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    resolved_at: Mapped[int | None] = mapped_column(BigInteger)
    resolved_by: Mapped[str | None] = mapped_column(String(255))
    """The user who resolved it; null: it was over by itself, or nobody signs in here."""
    acknowledged_at: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_by: Mapped[str | None] = mapped_column(String(255))
    reopened: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often it fired again soon after it was resolved."""
    fired_at: Mapped[int | None] = mapped_column(BigInteger)
    """When it took enough windows to be told of, whether or not a silence kept it; null before."""
    notified_at: Mapped[int | None] = mapped_column(BigInteger)
    notified_severity: Mapped[str | None] = mapped_column(String(16))
    held: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The newest message that a silence holds back."""


class AlertLog(Base):
    """Every decision about an alert, with its reason."""

    __tablename__ = "sentinel_alert_log"
    __table_args__ = (Index(None, "alert_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    alert_id: Mapped[str] = mapped_column(String(32))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    """``alert.decide.Reason``, or ``comment``."""
    text: Mapped[str] = mapped_column(LongText)
    actor: Mapped[str | None] = mapped_column(String(255))
    """Null: Sentinel itself."""


class Delivery(Base):
    """One message for one sink, written in the transaction of the state change it tells of."""

    __tablename__ = "sentinel_deliveries"
    __table_args__ = (
        Index(None, "status", "next_at"),
        Index(None, "alert_id"),
        Index(None, "workspace", "created_at"),
        Index(None, "digest_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Sent along: the same on every retry."""
    workspace: Mapped[str] = _workspace()
    alert_id: Mapped[str] = mapped_column(String(32))
    """Of a digest: its ``digest_id``."""
    monitor: Mapped[str | None] = mapped_column(String(200))
    """Its name at that time; null of a digest."""
    digest_id: Mapped[str | None] = mapped_column(String(32))
    """The digest that tells of it, or that this is."""
    sink: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(16))
    """``firing``, ``acknowledged`` or ``resolved``."""
    message: Mapped[dict[str, Any]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[int] = mapped_column(BigInteger)
    """Earliest time of the next attempt; while ``sending``, when the claim lapses."""
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    last_error: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[int | None] = mapped_column(BigInteger)


class Silence(Base):
    """Nobody is told that matching alerts fire, for a time. Empty matchers match everything."""

    __tablename__ = "sentinel_silences"
    __table_args__ = (
        Index(None, "workspace", "created_at"),
        Index(None, "workspace", "ends_at"),
        Index(None, "monitor_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str | None] = mapped_column(String(32))
    experiment_id: Mapped[str | None] = mapped_column(String(32))
    """The monitor's; null without one."""
    pattern: Mapped[str | None] = mapped_column(String(200))
    """Of names of monitors; ``*`` and ``?`` are wildcards."""
    condition: Mapped[str | None] = mapped_column(String(32))
    severity: Mapped[str | None] = mapped_column(String(16))
    """This one or milder."""
    reason: Mapped[str] = mapped_column(LongText)
    author: Mapped[str | None] = mapped_column(String(255))
    starts_at: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_by: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    """When somebody ended it early."""


class RunSnapshot(Base):
    """What a list of runs needs; everything else is asked of MLflow when shown."""

    __tablename__ = "sentinel_runs"
    __table_args__ = (
        Index(None, "workspace", "start_ms"),
        Index(None, "experiment_id", "start_ms"),
        Index(None, "found_state"),
    )

    run_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    experiment_id: Mapped[str] = mapped_column(String(32))
    experiment_name: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(20))
    lifecycle: Mapped[str] = mapped_column(String(20))
    user: Mapped[str | None] = mapped_column("user_name", String(255))
    start_ms: Mapped[int | None] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    metrics: Mapped[dict[str, Any]] = mapped_column(Json)
    """Latest value per metric; null for NaN and infinities."""
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    tags: Mapped[dict[str, Any]] = mapped_column(Json)
    """The user's tags, without ``mlflow.*``."""
    artifacts: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Manifest of the top level: ``path``, ``is_dir``, ``size`` (bytes or null)."""
    datasets: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """Dataset inputs: ``name``, ``digest``, ``source_type``, ``context``; null in snapshots from before."""
    digest: Mapped[str] = mapped_column(String(64))
    """Of everything above: an unchanged run is not written again."""
    updated_at: Mapped[int] = mapped_column(BigInteger)
    found: Mapped[str | None] = mapped_column(String(64))
    """Which baseline its tags name (a digest of them); null if none."""
    found_state: Mapped[str | None] = mapped_column(String(16))
    """Of that baseline: ``waiting``, ``registered`` or ``failed``."""
    found_error: Mapped[str | None] = mapped_column(LongText)


class ModelVersion(Base):
    """A version of a registered model, as MLflow's registry had it at the last poll."""

    __tablename__ = "sentinel_model_versions"
    __table_args__ = (Index(None, "run_id"),)

    workspace: Mapped[str] = mapped_column(
        String(63), primary_key=True, default=DEFAULT_WORKSPACE, server_default=DEFAULT_WORKSPACE
    )
    name: Mapped[str] = mapped_column(String(256), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(20))
    aliases: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class Cursor(Base):
    """How far a reader got."""

    __tablename__ = "sentinel_cursors"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(Json)


class Lease(Base):
    """Who runs the background jobs. ``expires_at`` is by the database's clock."""

    __tablename__ = "sentinel_lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str | None] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    """Grows with each change of owner: a fence for late writers."""
    expires_at: Mapped[int] = mapped_column(BigInteger, default=0)
    beat_at: Mapped[int] = mapped_column(BigInteger, default=0)


class ApiKey(Base):
    """A machine's way in. ``id`` is the 16 hex digits that the key itself begins with."""

    __tablename__ = "sentinel_keys"
    __table_args__ = (Index(None, "workspace", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    name: Mapped[str] = mapped_column(String(200))
    """What it is for, in its owner's words; not unique."""
    owner: Mapped[str | None] = mapped_column(String(255))
    """User whose rights bound the key's; null when it was made on a server without a login."""
    scope: Mapped[KeyScope] = mapped_column(String(16))
    monitors: Mapped[list[str] | None] = mapped_column(Json)
    """Names of the only monitors it works on; null for all."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the secret part, in hex."""
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)
    """To the minute."""


class Source(Base):
    """Log files of a monitor, read by the leader; see ``config.sources.SourceSettings``."""

    __tablename__ = "sentinel_sources"
    __table_args__ = (UniqueConstraint("monitor_id", "name"), Index(None, "workspace", "name"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = _workspace()
    monitor_id: Mapped[str] = mapped_column(String(32))
    experiment_id: Mapped[str] = mapped_column(String(32))
    """The monitor's."""
    name: Mapped[str] = mapped_column(String(200))
    origin: Mapped[str] = mapped_column(String(16))
    """``config`` or ``api``: who made it, and so who may remove it."""
    settings: Mapped[dict[str, Any]] = mapped_column(Json)
    created_by: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    """Of the settings."""
    state: Mapped[str] = mapped_column(String(16), default="new")
    """``new``, ``reading``, ``idle``, ``waiting`` or ``failing``."""
    reason: Mapped[str | None] = mapped_column(LongText)
    """What it waits for, or why it fails."""
    failing_since: Mapped[int | None] = mapped_column(BigInteger)
    alerted: Mapped[bool] = mapped_column(Boolean, default=False)
    """The alert layer was told that it fails."""
    looked_at: Mapped[int | None] = mapped_column(BigInteger)
    """Last look at its files, to the minute."""
    read_at: Mapped[int | None] = mapped_column(BigInteger)
    """When it last gave rows."""
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    files: Mapped[int] = mapped_column(Integer, default=0)
    files_behind: Mapped[int] = mapped_column(Integer, default=0)
    """With something unread at the last look."""
    files_failing: Mapped[int] = mapped_column(Integer, default=0)
    bytes_behind: Mapped[int] = mapped_column(BigInteger, default=0)
    samples: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    """The newest few bad lines: ``file``, ``position``, ``reason``."""


class SourceFile(Base):
    """How far one file of a source is read. Its content, not its name, says which file it is."""

    __tablename__ = "sentinel_source_files"
    __table_args__ = (Index(None, "source_id", "read_at"), Index(None, "monitor_id"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(32))
    monitor_id: Mapped[str] = mapped_column(String(32))
    path: Mapped[str] = mapped_column(LongText)
    """Where it was seen last."""
    inode: Mapped[str | None] = mapped_column(String(64))
    """``device:inode`` of a local file."""
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ms: Mapped[int | None] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(8))
    """What ``position`` counts: ``bytes`` (inflated) or ``rows``."""
    position: Mapped[int] = mapped_column(BigInteger)
    """Everything before it is counted."""
    mark: Mapped[dict[str, Any]] = mapped_column(Json)
    """Digests of what stands before the position; see ``ingest.logs.marks``."""
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str | None] = mapped_column(LongText)
    read_at: Mapped[int] = mapped_column(BigInteger)
    gone_at: Mapped[int | None] = mapped_column(BigInteger)
    """Since when no file of the source has this content."""


class StreamEntry(Base):
    """Something the leader did that an open page should hear of; see ``store.stream``."""

    __tablename__ = "sentinel_stream"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """The time it was written (ms), or one more than the entry before: in the order of the commits."""
    monitor_id: Mapped[str] = mapped_column(String(32))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    """``window``, ``drift``, ``alert`` or ``monitor``."""
    data: Mapped[dict[str, Any]] = mapped_column(Json)
