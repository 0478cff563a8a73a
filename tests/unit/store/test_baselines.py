from __future__ import annotations

import pytest
from sqlalchemy import inspect

from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.store import baselines, monitors


@pytest.fixture
def session(db):
    with db.write() as session:
        yield session


@pytest.fixture
def m(session):
    return monitors.create(session, "flights", now=1, experiment_id="7").id


def add(session, m, now=1, data=b"grid"):
    return baselines.add(
        session,
        m,
        data=data,
        rows=100,
        digest="d",
        source={"run_id": "r"},
        features=[{"name": "age"}],
        now=now,
    )


def versions(page):
    return [baseline.version for baseline in page.items]


def test_versions_count_from_one_per_monitor(session, m):
    other = monitors.create(session, "hotels", now=1).id
    assert [add(session, m).version, add(session, m).version, add(session, other).version] == [1, 2, 1]


def test_a_baseline_for_a_deleted_monitor_is_refused(session):
    with pytest.raises(NotFound, match="deleted"):
        add(session, "gone")


def test_a_baseline_takes_its_monitors_workspace(session):
    team = monitors.create(session, "flights", now=1, workspace="team-b").id
    baseline = add(session, team)
    assert baselines.get(session, baseline.id, workspace="team-b") is baseline
    with pytest.raises(NotFound):
        baselines.get(session, baseline.id)


def test_the_data_is_read_only_when_asked_for(session, m):
    stored = add(session, m, data=b"\x00" * 1_000).id
    session.expunge_all()
    baseline = baselines.get(session, stored)
    assert "data" in inspect(baseline).unloaded
    assert baselines.load(session, stored) == b"\x00" * 1_000


def test_an_unknown_baseline_is_not_found(session):
    for ask in (baselines.get, baselines.load):
        with pytest.raises(NotFound, match="'nope'"):
            ask(session, "nope")
    with pytest.raises(NotFound, match="'nope'"):
        baselines.activate(session, "nope", now=1)


def test_a_monitors_baselines_are_listed_newest_first(session, m):
    for _ in range(3):
        add(session, m)
    first = baselines.list_page(session, monitor_id=m, limit=2)
    assert versions(first) == [3, 2]
    assert versions(baselines.list_page(session, monitor_id=m, limit=2, cursor=first.next)) == [1]


def test_baselines_of_all_monitors_are_listed_by_time(session, m):
    other = monitors.create(session, "hotels", now=1).id
    late, early = add(session, m, now=9), add(session, other, now=3)
    assert baselines.list_page(session).items == [late, early]


def test_baselines_of_hidden_experiments_are_not_listed(session, m):
    baseline = add(session, m)
    assert baselines.list_page(session, visible=["8"]).items == []
    assert baselines.list_page(session, visible=["7"]).items == [baseline]
    with pytest.raises(NotFound):
        baselines.get(session, baseline.id, visible=[])


def test_activation_points_the_monitor_at_it(session, m):
    first, second = add(session, m), add(session, m)
    baselines.activate(session, first.id, now=5)
    baselines.activate(session, second.id, now=6)
    session.expire_all()
    assert monitors.get(session, "flights").baseline_id == second.id
    assert (first.activated_at, second.activated_at) == (5, 6)
