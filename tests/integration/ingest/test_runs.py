from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.errors import InvalidInput, NotFound
from mlflow_sentinel_plugin.store import runs
from mlflow_sentinel_plugin.store.models import RunSnapshot


def snapshot(run_id, **changes):
    values = {
        "workspace": "default",
        "experiment_id": "1",
        "experiment_name": "production",
        "name": f"run {run_id}",
        "status": "FINISHED",
        "lifecycle": "active",
        "user": None,
        "start_ms": 0,
        "end_ms": None,
        "metrics": {},
        "params": {},
        "tags": {},
        "artifacts": [],
        "digest": "d",
        "updated_at": 1,
    }
    return RunSnapshot(run_id=run_id, **{**values, **changes})


@pytest.fixture
def session(db):
    with db.write() as session:
        found = [
            snapshot("a1", start_ms=100, name="Gradient boosting"),
            snapshot("b2", start_ms=300, status="RUNNING"),
            snapshot("c3", start_ms=200, experiment_id="2", experiment_name="staging"),
            snapshot("d4", start_ms=None),
            snapshot("e5", start_ms=400, lifecycle="deleted"),
            snapshot("f6", start_ms=500, workspace="other"),
        ]
        runs.save(session, found)
    with db.read() as session:
        yield session


def test_the_newest_active_runs_come_first(session):
    assert [run.run_id for run in runs.list_page(session).items] == ["b2", "c3", "a1", "d4"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"experiment": "2"}, ["c3"]),
        ({"experiment": "staging"}, ["c3"]),
        ({"status": "RUNNING"}, ["b2"]),
        ({"search": "BOOST"}, ["a1"]),
        ({"search": "C3"}, ["c3"]),
        ({"search": "%"}, []),
        ({"since": 200}, ["b2", "c3"]),
        ({"until": 200}, ["a1", "d4"]),
        ({"visible": {"2"}}, ["c3"]),
        ({"visible": set()}, []),
        ({"workspace": "other"}, ["f6"]),
    ],
)
def test_each_filter_narrows_the_list(session, filters, expected):
    assert [run.run_id for run in runs.list_page(session, **filters).items] == expected


def test_pages_join_without_gap_or_overlap(session):
    first = runs.list_page(session, limit=3)
    rest = runs.list_page(session, limit=3, cursor=first.next)
    assert [run.run_id for run in [*first.items, *rest.items]] == ["b2", "c3", "a1", "d4"]
    assert rest.next is None


def test_an_unknown_status_is_refused_with_the_known_ones(session):
    with pytest.raises(InvalidInput, match="'DONE'") as caught:
        runs.list_page(session, status="DONE")
    assert "FINISHED" in caught.value.hint


def test_a_deleted_run_can_still_be_opened(session):
    assert runs.get(session, "e5").lifecycle == "deleted"


@pytest.mark.parametrize("filters", [{"workspace": "other"}, {"visible": {"2"}}])
def test_a_run_that_may_not_be_seen_is_not_found(session, filters):
    with pytest.raises(NotFound):
        runs.get(session, "a1", **filters)
