"""From rows and results to the bodies of the API."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from mlflow_sentinel_plugin.alert.sink import SinkSettings
from mlflow_sentinel_plugin.alert.sinks import Sinks
from mlflow_sentinel_plugin.api import schemas
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.config import ResolvedSettings
from mlflow_sentinel_plugin.config.model import SinkConfig
from mlflow_sentinel_plugin.detect.report import UNSEEN_LEVELS
from mlflow_sentinel_plugin.store import keys, models
from mlflow_sentinel_plugin.store.deliveries import SinkCounts
from mlflow_sentinel_plugin.store.events import ExperimentTotals
from mlflow_sentinel_plugin.store.silences import matching, state
from mlflow_sentinel_plugin.store.windows import Heatmap, SeriesRow


def time(ms: int) -> str:
    """RFC 3339."""
    return cast(str, to_rfc3339(ms))


# --- windows ---------------------------------------------------------------------------------------------


def window(row: models.Window, result: Mapping[str, Any] | None = None) -> schemas.WindowOut:
    """A window with its stored verdict, or with the provisional ``result`` of an open one."""
    return schemas.WindowOut.model_validate(_window(row, result))


def window_detail(
    row: models.Window, hidden: Collection[str], result: Mapping[str, Any] | None = None
) -> schemas.WindowDetail:
    """:func:`window` with its features, worst first; no values of the ``hidden`` ones."""
    found = result if result is not None else row.result or {}
    features = [_veiled(f) if f["name"] in hidden else f for f in found.get("features", [])]
    return schemas.WindowDetail.model_validate(
        {
            **_window(row, result),
            "features": worst_first(features),
            "notes": found.get("notes", []),
        }
    )


def worst_first(features: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Signals first, then by effect."""
    return sorted(features, key=lambda f: (not f["drifted"], -(f["effect"] or 0.0), f["name"]))


def _veiled(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict from when the feature's values were still shown, without them."""
    return {**feature, "notes": [note for note in feature["notes"] if not note.startswith(UNSEEN_LEVELS)]}


def _window(row: models.Window, result: Mapping[str, Any] | None) -> dict[str, Any]:
    provisional = result is not None
    found = result if result is not None else row.result or {}
    return {
        "id": row.id,
        "start": time(row.start_ms),
        "end": time(row.end_ms),
        "open": row.is_open,
        "provisional": provisional,
        "rows": row.rows,
        "state": found.get("state") or row.state or "waiting",
        "severity": found.get("severity") if provisional else row.severity,
        "score": found.get("score") if provisional else row.score,
        "summary": found.get("summary"),
        "baseline_id": row.baseline_id,
        "closed_at": to_rfc3339(row.closed_at),
        "scored_at": to_rfc3339(row.scored_at),
        "history": [{**past, "at": to_rfc3339(past.get("at"))} for past in row.history],
    }


# --- monitors --------------------------------------------------------------------------------------------


def monitor(
    row: models.Monitor,
    settings: ResolvedSettings,
    *,
    experiment_name: str | None,
    baseline: models.Baseline | None,
    pending: int,
    open_alerts: int,
    recent: Sequence[SeriesRow],
) -> dict[str, Any]:
    """Fields of ``MonitorOut``."""
    return {
        "name": row.name,
        "workspace": row.workspace,
        "experiment_id": row.experiment_id,
        "experiment_name": experiment_name,
        "model": row.model,
        **settings.model_dump(),
        "problem": row.problem,
        "paused": row.paused,
        "state": row.state or "waiting",
        "severity": row.severity,
        "baseline": None if baseline is None else baseline_brief(baseline),
        "rows": row_counts(row, pending),
        "last_row_at": to_rfc3339(row.last_row_at),
        "open_alerts": open_alerts,
        "recent": [{"at": time(p.start_ms), "state": p.state, "score": p.score} for p in recent],
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
    }


def row_counts(row: models.Monitor, pending: int) -> schemas.RowCounts:
    """What became of the rows sent to a monitor."""
    return schemas.RowCounts(accepted=row.rows_accepted, pending=pending, rejected=row.rows_rejected)


def baseline_brief(row: models.Baseline) -> schemas.BaselineBrief:
    """What a monitor says of its baseline."""
    return schemas.BaselineBrief(
        id=row.id,
        version=row.version,
        rows=row.rows,
        created_at=time(row.created_at),
        run_id=row.source.get("run_id"),
    )


# --- baselines -------------------------------------------------------------------------------------------


def baseline(row: models.Baseline, owner: models.Monitor, rejected: int = 0) -> schemas.BaselineOut:
    """A baseline of a monitor."""
    return schemas.BaselineOut.model_validate(_baseline(row, owner, rejected))


def baseline_detail(
    row: models.Baseline, owner: models.Monitor, hidden: Collection[str], rejected: int = 0
) -> schemas.BaselineDetail:
    """A baseline with its features; no values of the ``hidden`` ones."""
    features = [
        {**feature, "summary": {}, "hidden": True} if feature["name"] in hidden else feature
        for feature in row.features
    ]
    return schemas.BaselineDetail.model_validate({**_baseline(row, owner, rejected), "features": features})


def baseline_diff(
    before: models.Baseline,
    after: models.Baseline,
    owner: models.Monitor,
    found: Mapping[str, Any],
    hidden: Collection[str],
) -> schemas.BaselineDiff:
    """How two baselines of a monitor differ; no values of the ``hidden`` features."""
    kinds, others = (_kinds(row) for row in (before, after))
    features = [_veiled(f) if f["name"] in hidden else f for f in found["features"]]
    return schemas.BaselineDiff.model_validate(
        {
            **{name: found[name] for name in ("state", "severity", "score", "summary", "notes")},
            "baseline": _baseline(before, owner, 0),
            "to": _baseline(after, owner, 0),
            "features": worst_first(features),
            "added": [name for name in others if name not in kinds],
            "removed": [name for name in kinds if name not in others],
            "kinds": [
                {"name": name, "before": kind, "after": others[name]}
                for name, kind in kinds.items()
                if others.get(name, kind) != kind
            ],
        }
    )


def _kinds(row: models.Baseline) -> dict[str, str]:
    return {feature["name"]: feature["kind"] for feature in row.features}


def _baseline(row: models.Baseline, owner: models.Monitor, rejected: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "monitor": owner.name,
        "version": row.version,
        "active": owner.baseline_id == row.id,
        "rows": row.rows,
        "digest": row.digest,
        "source": row.source,
        "created_at": time(row.created_at),
        "activated_at": to_rfc3339(row.activated_at),
        "rejected": rejected,
    }


# --- drift -----------------------------------------------------------------------------------------------


def distribution(
    found: Mapping[str, Any], owner: models.Monitor, of: models.Window, hidden: bool
) -> schemas.DistributionReply:
    """Both distributions of a feature; the bins of a ``hidden`` one are counted off."""
    bins = found["bins"]
    if hidden:
        bins = [
            {**one, "label": str(position), "low": None, "high": None} for position, one in enumerate(bins, 1)
        ]
    return schemas.DistributionReply.model_validate(
        {**found, "bins": bins, "monitor": owner.name, "window": window(of), "hidden": hidden}
    )


def heatmap(found: Heatmap, owner: models.Monitor) -> schemas.HeatmapReply:
    """Features by columns of windows; effects with three digits, which is more than a colour shows."""
    return schemas.HeatmapReply(
        monitor=owner.name,
        columns=[
            schemas.HeatmapColumn(
                start=time(column.start_ms),
                end=time(column.end_ms),
                windows=column.windows,
                state=column.state,
                window_id=column.worst,
            )
            for column in found.columns
        ],
        features=[
            schemas.HeatmapLine(
                feature=line.feature,
                effects=[None if effect is None else round(effect, 3) for effect in line.effects],
                signals=line.signals,
            )
            for line in found.lines
        ],
        total=found.total,
    )


def event(row: models.DriftEvent, owner: models.Monitor, of: models.Window) -> schemas.EventOut:
    """An event of a window."""
    return schemas.EventOut.model_validate(_event(row, owner, of))


def event_detail(
    row: models.DriftEvent, owner: models.Monitor, of: models.Window, hidden: Collection[str]
) -> schemas.EventDetail:
    """An event with its window's whole verdict."""
    return schemas.EventDetail.model_validate({**_event(row, owner, of), "window": window_detail(of, hidden)})


def _event(row: models.DriftEvent, owner: models.Monitor, of: models.Window) -> dict[str, Any]:
    return {
        "id": row.id,
        "monitor": owner.name,
        "experiment_id": row.experiment_id,
        "at": time(row.at_ms),
        "state": row.state,
        "severity": row.severity,
        "score": row.score,
        "features": row.features,
        "summary": row.summary,
        "window_id": row.window_id,
        "window_start": time(of.start_ms),
        "window_end": time(of.end_ms),
        "rows": of.rows,
        "baseline_id": row.baseline_id,
        "withdrawn": row.withdrawn,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
    }


def experiment(total: ExperimentTotals, name: str | None) -> schemas.ExperimentSummary:
    """Totals of one experiment."""
    return schemas.ExperimentSummary.model_validate(
        {
            "experiment_id": total.experiment_id,
            "experiment_name": name,
            "monitors": total.monitors,
            "windows": total.windows,
            "events": total.events,
            "by_severity": total.by_severity,
            "open_alerts": total.open_alerts,
            "last_event_at": to_rfc3339(total.last_event_ms),
        }
    )


def series_point(row: SeriesRow, metric: str | None) -> schemas.SeriesPoint:
    """A window of a series, with all metrics or the one named."""
    scores = row.scores or {}
    return schemas.SeriesPoint(
        window_id=row.window_id,
        start=time(row.start_ms),
        end=time(row.end_ms),
        rows=row.rows,
        state=row.state,
        score=row.score,
        effect=row.effect,
        metrics={
            name: schemas.MetricOut.model_validate(score)
            for name, score in scores.items()
            if metric in (None, name)
        },
    )


# --- alerts ----------------------------------------------------------------------------------------------


def alert(row: models.Alert, owner: models.Monitor, silences: Collection[models.Silence]) -> schemas.AlertOut:
    """An alert of a monitor; ``silences`` are those that hold now."""
    return schemas.AlertOut.model_validate(_alert(row, owner, silences))


def alert_detail(
    row: models.Alert,
    owner: models.Monitor,
    silences: Collection[models.Silence],
    log: Sequence[models.AlertLog],
    deliveries: Sequence[models.Delivery],
) -> schemas.AlertDetail:
    """An alert with its log and deliveries."""
    entries = [{"at": time(e.at_ms), "reason": e.reason, "text": e.text, "actor": e.actor} for e in log]
    return schemas.AlertDetail.model_validate(
        {**_alert(row, owner, silences), "log": entries, "deliveries": [delivery(d) for d in deliveries]}
    )


def delivery(row: models.Delivery) -> schemas.DeliveryOut:
    """One message to one sink."""
    settled = row.status not in ("grouping", "pending", "sending")
    return schemas.DeliveryOut.model_validate(
        {
            "id": row.id,
            "alert_id": row.alert_id,
            "monitor": row.monitor,
            "digest_id": row.digest_id,
            "sink": row.sink,
            "action": row.action,
            "status": "pending" if row.status == "grouping" else row.status,
            "attempts": row.attempts,
            "next_attempt_at": None if settled else to_rfc3339(row.next_at),
            "last_error": row.last_error,
            "created_at": time(row.created_at),
            "sent_at": to_rfc3339(row.sent_at),
        }
    )


def sink(name: str, section: SinkConfig, sinks: Sinks, counts: SinkCounts) -> schemas.SinkOut:
    """A sink of the configuration, without its secrets."""
    receiver = sinks.receiver(name)
    settings = SinkSettings() if receiver is None else receiver.sink.settings
    problem = sinks.unconfigured.get(name, "it is switched off")
    return schemas.SinkOut.model_validate(
        {
            "name": name,
            "type": section.type or name,
            "enabled": section.enabled,
            "configured": receiver is not None,
            "problem": None if receiver is not None else problem,
            "send_resolved": settings.send_resolved,
            "monitors": list(settings.monitors),
            "min_severity": settings.min_severity,
            "pending": counts.pending,
            "failed": counts.failed,
            "last_sent_at": to_rfc3339(counts.last_sent_at),
            "last_error": counts.last_error,
        }
    )


def silence(row: models.Silence, owner: models.Monitor | None, now: int) -> schemas.SilenceOut:
    """A silence as it stands at ``now``; ``owner`` is the one monitor it names."""
    return schemas.SilenceOut.model_validate(
        {
            "id": row.id,
            "monitor": owner.name if owner else None,
            "pattern": row.pattern,
            "condition": row.condition,
            "severity": row.severity,
            "reason": row.reason,
            "author": row.author,
            "starts_at": time(row.starts_at),
            "ends_at": time(row.ends_at),
            "created_at": time(row.created_at),
            "ended_at": to_rfc3339(row.ended_at),
            "ended_by": row.ended_by,
            "state": state(row, now),
        }
    )


def _alert(row: models.Alert, owner: models.Monitor, silences: Collection[models.Silence]) -> dict[str, Any]:
    return {
        "id": row.id,
        "monitor": owner.name,
        "experiment_id": row.experiment_id,
        "condition": row.condition,
        "status": row.status,
        "severity": row.severity,
        "summary": row.summary,
        "features": row.features,
        "event_id": row.event_id,
        "windows": row.windows,
        "opened_at": time(row.opened_at),
        "updated_at": time(row.updated_at),
        "resolved_at": to_rfc3339(row.resolved_at),
        "resolved_by": row.resolved_by,
        "acknowledged_at": to_rfc3339(row.acknowledged_at),
        "acknowledged_by": row.acknowledged_by,
        "reopened": row.reopened,
        "silenced": row.status != "resolved" and _is_muted(row, owner, silences),
    }


def _is_muted(row: models.Alert, owner: models.Monitor, silences: Collection[models.Silence]) -> bool:
    found = matching(
        silences,
        monitor_id=owner.id,
        monitor=owner.name,
        condition=row.condition,
        severity=row.severity,
    )
    return found is not None


# --- runs ------------------------------------------------------------------------------------------------


def run(row: models.RunSnapshot, baselines: Sequence[str]) -> dict[str, Any]:
    """Fields of ``RunOut``."""
    return {
        "run_id": row.run_id,
        "name": row.name,
        "experiment_id": row.experiment_id,
        "experiment_name": row.experiment_name,
        "status": row.status,
        "user": row.user,
        "start": to_rfc3339(row.start_ms),
        "end": to_rfc3339(row.end_ms),
        "metrics": row.metrics,
        "params": row.params,
        "tags": row.tags,
        "baseline": {"state": row.found_state, "error": row.found_error} if row.found_state else None,
        "baselines": list(baselines),
    }


# --- API keys --------------------------------------------------------------------------------------------


def api_key(row: models.ApiKey, now: int) -> dict[str, Any]:
    """Fields of ``KeyOut``: all but the key itself, which nobody has any more."""
    return {
        "id": row.id,
        "name": row.name,
        "scope": row.scope,
        "status": keys.status(row, now),
        "owner": row.owner,
        "monitors": row.monitors,
        "created_at": time(row.created_at),
        "expires_at": to_rfc3339(row.expires_at),
        "revoked_at": to_rfc3339(row.revoked_at),
        "last_used_at": to_rfc3339(row.last_used_at),
    }
