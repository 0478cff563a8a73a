from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from mlflow_sentinel_plugin.errors import Conflict, NotFound
from mlflow_sentinel_plugin.store import models, monitors


@pytest.fixture
def session(db):
    with db.write() as session:
        yield session


def create(session, name, **fields):
    return monitors.create(session, name, now=1, **fields)


def names(page):
    return [monitor.name for monitor in page.items]


def test_a_created_monitor_is_found_by_name(session):
    created = create(session, "flights", model="delay", settings={"timezone": "UTC"}, experiment_id="7")
    session.expire_all()
    found = monitors.get(session, "flights")
    assert found.id == created.id
    assert (found.model, found.settings, found.experiment_id, found.paused) == (
        "delay",
        {"timezone": "UTC"},
        "7",
        False,
    )


def test_a_taken_name_is_a_conflict_and_the_transaction_goes_on(session):
    create(session, "flights")
    with pytest.raises(Conflict) as caught:
        create(session, "flights")
    assert caught.value.code == "monitor_exists"
    create(session, "hotels")
    assert names(monitors.list_page(session)) == ["flights", "hotels"]


def test_each_workspace_has_its_own_names(session):
    create(session, "flights")
    other = create(session, "flights", workspace="team-b")
    assert monitors.get(session, "flights", workspace="team-b").id == other.id
    assert names(monitors.list_page(session, workspace="team-b")) == ["flights"]
    with pytest.raises(NotFound):
        monitors.get(session, "flights", workspace="team-c")


def test_names_that_differ_in_case_are_different(session):
    create(session, "flights")
    assert create(session, "Flights").name == "Flights"


def test_an_unknown_name_is_not_found_with_similar_ones(session):
    create(session, "flight-delays")
    with pytest.raises(NotFound) as caught:
        monitors.get(session, "flight-delay")
    assert "'flight-delays'" in caught.value.hint


def test_without_a_similar_name_the_hint_says_how_to_create_one(session):
    with pytest.raises(NotFound) as caught:
        monitors.get(session, "flights")
    assert "POST /api/v1/baseline?monitor=flights" in caught.value.hint


def test_what_may_not_be_seen_is_absent_from_answers_and_hints(session):
    create(session, "flight-delays", experiment_id="7")
    assert names(monitors.list_page(session, visible=["8"])) == []
    with pytest.raises(NotFound) as caught:
        monitors.get(session, "flight-delays", visible=["8"])
    assert "similar" not in caught.value.hint
    assert monitors.get(session, "flight-delays", visible=["7", "8"]).experiment_id == "7"


def test_a_list_is_sorted_by_name_and_paged(session):
    for name in ("c", "a", "b"):
        create(session, name)
    first = monitors.list_page(session, limit=2)
    assert names(first) == ["a", "b"]
    second = monitors.list_page(session, limit=2, cursor=first.next)
    assert names(second) == ["c"] and second.next is None


def test_a_list_is_filtered_by_part_of_the_name_experiment_and_state(session):
    create(session, "Flights", experiment_id="7")
    monitors.update(session, create(session, "hotels"), now=2, state="drift")
    assert names(monitors.list_page(session, search="LIGHT")) == ["Flights"]
    assert names(monitors.list_page(session, experiment_id="7")) == ["Flights"]
    assert names(monitors.list_page(session, state="drift")) == ["hotels"]


def test_a_search_takes_wildcards_literally(session):
    create(session, "plain")
    create(session, "under_score")
    assert names(monitors.list_page(session, search="_")) == ["under_score"]


def test_monitors_are_found_by_ids(session):
    one = create(session, "one")
    create(session, "two")
    assert monitors.by_ids(session, [one.id, "absent"]) == {one.id: one}


def test_an_update_changes_the_given_columns_and_the_time(session):
    monitor = create(session, "flights", model="delay")
    monitors.update(session, monitor, now=5, paused=True)
    session.expire_all()
    assert (monitor.paused, monitor.model, monitor.created_at, monitor.updated_at) == (True, "delay", 1, 5)


def test_an_update_of_an_unknown_column_raises(session):
    with pytest.raises(AttributeError, match="nonsense"):
        monitors.update(session, create(session, "flights"), now=5, nonsense=1)


def test_a_deleted_monitor_cannot_be_locked(session):
    monitor = create(session, "flights")
    assert monitors.lock(session, monitor.id) is monitor
    monitors.delete(session, monitor.id)
    assert monitors.lock(session, monitor.id) is None


def _row(table, **given):
    """A row with something in each required column."""
    fill = {str: "x", int: 1, float: 1.0, bool: False, bytes: b"x"}
    row = {}
    for column in table.columns:
        if isinstance(column.type, models.Json):
            row[column.name] = {}
        elif not column.nullable and not (column.primary_key and column.autoincrement is True):
            row[column.name] = fill[column.type.python_type]
    return row | {key: value for key, value in given.items() if key in table.columns}


def _counts(session):
    tables = models.Base.metadata.sorted_tables
    return {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}


def test_deleting_a_monitor_deletes_its_rows_in_every_table_and_no_others(session):
    doomed, kept = create(session, "doomed").id, create(session, "kept").id
    session.flush()
    for table in models.Base.metadata.sorted_tables:
        if table.name == "sentinel_monitors" or not {"monitor_id", "alert_id"} & set(table.columns.keys()):
            continue
        for owner in (doomed, kept):
            unique = {"id": owner, "window_id": owner, "monitor_id": owner, "alert_id": owner}
            if "id" in table.columns and table.columns["id"].type.python_type is int:
                unique["id"] = (doomed, kept).index(owner)
            session.execute(insert(table).values(**_row(table, **unique)))
    before = _counts(session)
    assert sum(count == 2 for count in before.values()) == 14
    monitors.delete(session, doomed)
    assert _counts(session) == {name: count // 2 for name, count in before.items()}
    assert names(monitors.list_page(session)) == ["kept"]
