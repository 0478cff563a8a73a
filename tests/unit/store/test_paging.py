from __future__ import annotations

import base64
import json

import pytest
from sqlalchemy import func, select

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.store.models import InboxBlock, Monitor, RunSnapshot
from mlflow_sentinel_plugin.store.paging import page


@pytest.fixture
def session(db):
    with db.write() as session:
        yield session


@pytest.fixture
def blocks(session):
    """Seven blocks, some of one time."""
    for received_at in (10, 20, 20, 20, 30, 30, 40):
        session.add(InboxBlock(monitor_id="m", received_at=received_at, rows=1, rejected=0, data=b""))
    session.flush()


def blocks_page(session, **options):
    return page(session, select(InboxBlock), InboxBlock.received_at, InboxBlock.id, **options)


def walk(session, **options):
    cursor, seen = None, []
    while True:
        part = blocks_page(session, cursor=cursor, **options)
        seen += [(block.received_at, block.id) for block in part.items]
        if part.next is None:
            return seen
        cursor = part.next


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
@pytest.mark.parametrize("descending", [False, True])
def test_all_pages_together_are_the_list_in_order_whatever_their_size(session, blocks, limit, descending):
    whole = sorted(
        ((block.received_at, block.id) for block in session.scalars(select(InboxBlock))), reverse=descending
    )
    assert walk(session, limit=limit, descending=descending) == whole
    assert len(whole) == 7


def test_a_last_page_that_is_full_has_no_next(session, blocks):
    assert blocks_page(session, limit=7).next is None


def test_rows_added_before_the_cursor_move_nothing(session, blocks):
    first = blocks_page(session, limit=3)
    session.add(InboxBlock(monitor_id="m", received_at=5, rows=1, rejected=0, data=b""))
    session.flush()
    rest = blocks_page(session, limit=10, cursor=first.next)
    assert [block.received_at for block in rest.items] == [20, 30, 30, 40]


def test_a_nullable_column_is_paged_through_coalesce(session):
    started = func.coalesce(RunSnapshot.start_ms, 0)
    for run_id, start in (("a", None), ("b", 5), ("c", None)):
        session.add(
            RunSnapshot(
                run_id=run_id,
                experiment_id="0",
                experiment_name="e",
                status="RUNNING",
                lifecycle="active",
                start_ms=start,
                metrics={},
                params={},
                tags={},
                artifacts=[],
                digest="d",
                updated_at=1,
            )
        )
    session.flush()
    query = select(RunSnapshot)
    first = page(session, query, started, RunSnapshot.run_id, descending=True, limit=2)
    rest = page(session, query, started, RunSnapshot.run_id, descending=True, limit=2, cursor=first.next)
    assert [run.run_id for run in (*first.items, *rest.items)] == ["b", "c", "a"]


def forged(*keys):
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "é",
        "AAAA",
        forged(1),
        forged(1, 2, 3),
        forged("text", 2),
        forged(1.5, 2),
        forged(True, 2),
        forged(None, 2),
        forged({}, 2),
        forged(1, 2**63),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_damaged_cursor_is_invalid_input(session, blocks, cursor):
    with pytest.raises(InvalidInput, match="cursor"):
        blocks_page(session, cursor=cursor)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_forged_text_that_a_database_cannot_take_is_invalid_input(session, text):
    with pytest.raises(InvalidInput, match="cursor"):
        page(session, select(Monitor), Monitor.name, Monitor.id, cursor=forged(text, "id"))


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_limit_out_of_range_is_invalid_input(session, limit):
    with pytest.raises(InvalidInput, match="1 to 500"):
        blocks_page(session, limit=limit)
