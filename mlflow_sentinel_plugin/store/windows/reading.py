"""Windows as pages and the pipeline look at them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, WindowState
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store.models import Window
from mlflow_sentinel_plugin.store.paging import DEFAULT_LIMIT, Page, page
from mlflow_sentinel_plugin.store.windows.series import newest_first, scored, started


def get(
    session: Session, window_id: str, *, workspace: str = DEFAULT_WORKSPACE, with_profile: bool = False
) -> Window:
    """A window with its verdict.

    Raises:
        NotFound: there is none in this workspace.
    """
    options = [undefer(Window.result), *([undefer(Window.profile)] if with_profile else [])]
    query = select(Window).where(Window.id == window_id, Window.workspace == workspace).options(*options)
    window = session.scalar(query)
    if window is None:
        raise NotFound(
            f"no window has the id {window_id!r}",
            hint="GET /api/v1/monitors/{name}/windows lists them",
            code="window_not_found",
        )
    return window


def by_ids(session: Session, ids: Collection[str]) -> dict[str, Window]:
    """The windows that exist among the ids, by id, without verdict and profile."""
    return {window.id: window for window in session.scalars(select(Window).where(Window.id.in_(ids)))}


def newest_open(session: Session, monitor_id: str, baseline_id: str, spec: str) -> Window | None:
    """The open window that the newest rows go to, with its profile."""
    return session.scalar(
        select(Window)
        .where(
            Window.is_open,
            Window.monitor_id == monitor_id,
            Window.baseline_id == baseline_id,
            Window.spec == spec,
        )
        .order_by(Window.start_ms.desc(), Window.ordinal.desc())
        .options(undefer(Window.profile))
        .limit(1)
    )


def newest_scored(session: Session, monitor_id: str) -> Window | None:
    """The newest window with a verdict, and that verdict."""
    query = newest_first(scored(monitor_id)).options(undefer(Window.result))
    return session.scalar(query.limit(1))


def newest_judged(session: Session, monitor_id: str, count: int) -> list[Window]:
    """The newest windows with a verdict, oldest first, without that verdict's text and their counts."""
    return list(session.scalars(newest_first(scored(monitor_id)).limit(count)))[::-1]


def newest_profiled(session: Session, monitor_id: str, baseline_id: str) -> Window | None:
    """The newest window, open or closed, that still has its profile."""
    query = select(Window).where(
        Window.monitor_id == monitor_id, Window.baseline_id == baseline_id, Window.profile.is_not(None)
    )
    loaded = [undefer(Window.profile), undefer(Window.result)]
    return session.scalar(newest_first(query).options(*loaded).limit(1))


def before(session: Session, window: Window, count: int) -> list[Window]:
    """The last windows with a verdict before one, cut alike, under the same baseline, oldest first.

    Without their counts, see :func:`counts_of`.
    """
    earlier = (Window.start_ms < window.start_ms) | (
        (Window.start_ms == window.start_ms) & (Window.ordinal < window.ordinal)
    )
    query = scored(window.monitor_id).where(
        Window.baseline_id == window.baseline_id, Window.spec == window.spec, earlier
    )
    newest = query.order_by(Window.start_ms.desc(), Window.ordinal.desc()).limit(count)
    return list(session.scalars(newest))[::-1]


def counts_of(session: Session, ids: Collection[str]) -> dict[str, tuple[int, bytes | None]]:
    """By id: the version of a window's counts, and they themselves; ``None`` once pruned."""
    query = select(Window.id, Window.data_version, Window.profile).where(Window.id.in_(ids))
    return {row.id: (row.data_version, row.profile) for row in session.execute(query)}


def list_page(
    session: Session,
    monitor_id: str,
    *,
    state: WindowState | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Window]:
    """Windows of a monitor with their verdicts, newest first.

    Args:
        since, until: Bounds of the window's start in ms: inclusive, exclusive.

    Raises:
        InvalidInput: limit or cursor.
    """
    query = started(select(Window).where(Window.monitor_id == monitor_id), since, until)
    if state is not None:
        query = query.where(Window.state == state)
    query = query.options(undefer(Window.result))
    return page(session, query, Window.start_ms, Window.id, descending=True, limit=limit, cursor=cursor)
