"""Log sources as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow_sentinel_plugin.api import schemas
from mlflow_sentinel_plugin.clock import to_rfc3339
from mlflow_sentinel_plugin.config.sources import SourceSettings
from mlflow_sentinel_plugin.store.models import Monitor, Source, SourceFile


def source(row: Source, owner: Monitor) -> schemas.SourceOut:
    """In a list."""
    return schemas.SourceOut.model_validate(_source(row, owner))


def source_detail(row: Source, owner: Monitor, files: Sequence[SourceFile]) -> schemas.SourceDetail:
    """With the files that were read last."""
    return schemas.SourceDetail.model_validate(
        {**_source(row, owner), "newest": [_file(one) for one in files]}
    )


def _source(row: Source, owner: Monitor) -> dict[str, Any]:
    settings = SourceSettings.model_validate(row.settings)
    state = row.state if row.state in ("waiting", "failing") else "ok"
    return {
        "id": row.id,
        "name": row.name,
        "monitor": owner.name,
        "experiment_id": row.experiment_id,
        "origin": row.origin,
        "settings": settings,
        "place": settings.place,
        "state": "paused" if owner.paused else state,
        "reason": row.reason,
        "failing_since": _time(row.failing_since),
        "rows": row.rows,
        "rejected": row.rejected,
        "files": row.files,
        "files_behind": row.files_behind,
        "files_failing": row.files_failing,
        "bytes_behind": row.bytes_behind,
        "looked_at": _time(row.looked_at),
        "read_at": _time(row.read_at),
        "created_at": _time(row.created_at),
        "created_by": row.created_by,
        "samples": row.samples,
    }


def _file(row: SourceFile) -> dict[str, Any]:
    return {
        "path": row.path,
        "size": row.size,
        "unit": row.unit,
        "position": row.position,
        "rows": row.rows,
        "rejected": row.rejected,
        "error": row.error,
        "read_at": _time(row.read_at),
        "gone_at": _time(row.gone_at),
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else to_rfc3339(ms)
