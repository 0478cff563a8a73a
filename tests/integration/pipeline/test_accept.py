"""Rows in: what is stored, what is answered, what is refused."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sqlalchemy import func, select

from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, NotFound
from mlflow_sentinel_plugin.ingest.rows import Rows
from mlflow_sentinel_plugin.store import inbox, monitors
from mlflow_sentinel_plugin.store.models import InboxBlock
from tests.integration.pipeline.conftest import HOUR, MINUTE, NOON, World, table


def blocks(world: World) -> int:
    with world.db.read() as session:
        return session.scalar(select(func.count(InboxBlock.id))) or 0


def test_rows_wait_in_the_inbox_until_they_are_folded(world):
    world.baseline()
    answer = world.post(table(70))

    assert (answer.rows, answer.rejected, answer.unknown_columns, answer.missing_columns) == (70, 0, [], [])
    with world.db.read() as session:
        assert inbox.total_pending(session) == 70
    assert world.windows() == []


def test_a_monitor_without_a_baseline_refuses_rows_with_a_hint(world):
    with world.db.write() as session:
        monitors.create(session, "churn", now=NOON)

    with pytest.raises(Conflict, match="no baseline yet") as refused:
        world.post(table(5))

    assert refused.value.code == "no_baseline"
    assert "POST /api/v1/baseline?monitor=churn" in str(refused.value.hint)
    assert blocks(world) == 0


def test_a_body_without_any_known_column_is_refused(world):
    world.baseline()

    with pytest.raises(InvalidInput) as refused:
        world.post(pa.table({"other": [1, 2]}))

    assert refused.value.code == "no_known_column"
    assert refused.value.details["missing_columns"] == ["age", "city"]
    assert blocks(world) == 0


def test_unknown_and_missing_columns_are_told_and_the_rows_kept(world):
    world.baseline()

    answer = world.post(table(3).drop_columns("city").append_column("zip", pa.array(["1", "2", "3"])))

    assert (answer.rows, answer.unknown_columns, answer.missing_columns) == (3, ["zip"], ["city"])
    world.fold()
    found = world.pipeline.provisional(world.monitor())
    assert found is not None
    assert any("zip" in note for note in found[1].notes)


def test_a_second_post_with_the_same_key_adds_no_rows(world):
    world.baseline()
    first = world.post(table(7), key="k", digest="d")
    again = world.post(table(7), key="k", digest="d")

    assert (first.replayed, again.replayed) == (False, True)
    assert (again.rows, again.rejected) == (first.rows, first.rejected)
    assert blocks(world) == 1


def test_a_second_post_with_the_same_key_adds_no_rows_after_the_first_was_folded(world):
    world.baseline()
    world.post(table(7), key="k", digest="d")
    world.fold()

    assert world.post(table(7), key="k", digest="d").replayed
    assert blocks(world) == 0
    assert world.counted() == 7


def test_the_same_key_with_other_content_is_a_conflict(world):
    world.baseline()
    world.post(table(7), key="k", digest="d")

    with pytest.raises(Conflict):
        world.post(table(8), key="k", digest="e")

    assert blocks(world) == 1


def test_one_key_may_serve_two_monitors(world):
    world.baseline("churn")
    world.baseline("fraud")

    assert not world.post(table(1), "churn", key="k", digest="d").replayed
    assert not world.post(table(1), "fraud", key="k", digest="d").replayed


def test_rows_without_a_usable_time_are_rejected_and_sampled(world):
    world.baseline()
    monitor = world.set(timestamp_column="at")
    good = "2026-03-10T11:00:00Z"
    at = [good, None, "yesterday", good, "2026-03-12T12:00:01Z", "1969-12-31T23:59:59Z", ""]
    body = table(7).append_column("at", pa.array(at))

    answer = world.pipeline.accept(monitor, Rows(body, rejected=1, samples=[(2, "bad line")]))

    assert (answer.rows, answer.rejected) == (2, 6)
    assert [position for position, _ in answer.samples] == [2, 3, 4, 6, 7]
    reasons = [reason for _, reason in answer.samples]
    assert reasons[1] == "at is empty"
    assert "write RFC 3339" in reasons[2]
    assert "not between 1970 and a day from now" in reasons[3]
    world.fold()
    assert (world.monitor().rows_accepted, world.monitor().rows_rejected) == (2, 6)


def test_the_timestamp_column_is_no_unknown_column(world):
    world.baseline()
    world.set(timestamp_column="at")

    assert world.post(table(2, at=NOON)).unknown_columns == []


def test_rows_of_which_none_has_a_usable_time_are_refused(world):
    world.baseline()
    world.set(timestamp_column="at")

    with pytest.raises(InvalidInput, match="no row has a usable timestamp; row 1: at is 'soon'"):
        world.post(table(1).append_column("at", pa.array(["soon"])))

    assert blocks(world) == 0


def test_a_body_without_the_timestamp_column_is_refused(world):
    world.baseline()
    world.set(timestamp_column="at")

    with pytest.raises(InvalidInput) as refused:
        world.post(table(1))

    assert refused.value.code == "timestamp_missing"
    assert blocks(world) == 0


@pytest.mark.parametrize(
    "at",
    [
        pa.array(["2026-03-10T11:30:00Z"]),
        pa.array(["2026-03-10T12:30:00+01:00"]),
        pa.array(["2026-03-10 11:30:00"]),
        pa.array(["2026-03-10T11:30:00Z"]).dictionary_encode(),
        pa.array([NOON - 30 * MINUTE], pa.timestamp("ms")),
        pa.array([NOON - 30 * MINUTE], pa.timestamp("ms", "Asia/Tokyo")),
        pa.array([(NOON - 30 * MINUTE) * 1_000_000], pa.timestamp("ns")),
    ],
    ids=str,
)
def test_the_event_time_is_the_same_however_it_is_written(world, at):
    world.baseline()
    world.set(timestamp_column="at")
    world.post(table(1).append_column("at", at))
    world.fold()

    assert [window.start_ms for window in world.windows()] == [NOON - HOUR]
    assert world.monitor().max_event_ms == NOON - 30 * MINUTE


def test_a_column_named_like_the_stored_event_time_changes_nothing(world):
    body = table(2000).append_column("event time", table(2000, seed=1)["age"])
    world.pipeline.register_baseline("churn", body)
    world.set(timestamp_column="at")
    world.post(body.append_column("at", pa.array(["2026-03-10T11:30:00Z"] * 2000)))
    world.fold()

    found = world.pipeline.provisional(world.monitor())
    assert found is not None
    assert (found[1].rows, found[1].state) == (2000, "ok")


def test_rows_for_a_monitor_deleted_meanwhile_are_not_stored(world):
    monitor = world.baseline()
    with world.db.write() as session:
        monitors.delete(session, monitor.id)

    with pytest.raises(NotFound):
        world.pipeline.accept(monitor, Rows(table(1)))

    assert blocks(world) == 0
