from __future__ import annotations

from contextlib import contextmanager

import pytest
from mlflow.entities import Metric
from sqlalchemy import Engine, event

from mlflow_sentinel_plugin import mlflow_compat
from mlflow_sentinel_plugin.clock import now_ms
from mlflow_sentinel_plugin.errors import NotFound
from mlflow_sentinel_plugin.ingest import poll as polling
from mlflow_sentinel_plugin.ingest import tracking
from mlflow_sentinel_plugin.store import runs

DAY = 86_400_000


@pytest.fixture
def now() -> int:
    return now_ms()


def stored(db, run_id):
    with db.read() as session:
        return runs.get(session, run_id)


def listed(db):
    with db.read() as session:
        return [run.name for run in runs.list_page(session).items]


def add_run(client, experiment, name="run", *, finished=True, **times):
    run_id = client.create_run(experiment, run_name=name, **times).info.run_id
    if finished:
        client.set_terminated(run_id)
    return run_id


def test_a_run_is_kept_with_what_a_list_needs(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, "first", finished=False)
    client.log_metric(run_id, "auc", 0.9)
    client.log_param(run_id, "depth", 3)
    client.set_tag(run_id, "team", "risk")
    client.log_text(run_id, "a\n1\n", "data/train.csv")
    client.log_text(run_id, "hello", "notes.txt")
    client.set_terminated(run_id)

    poll(now)

    run = stored(db, run_id)
    assert (run.name, run.experiment_id, run.experiment_name) == ("first", experiment, "production")
    assert (run.status, run.lifecycle) == ("FINISHED", "active")
    assert run.start_ms <= run.end_ms
    assert (run.metrics, run.params, run.tags) == ({"auc": 0.9}, {"depth": "3"}, {"team": "risk"})
    assert run.artifacts == [
        {"path": "data", "is_dir": True, "size": None},
        {"path": "notes.txt", "is_dir": False, "size": 5},
    ]


def test_metrics_that_are_not_finite_are_null(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, finished=False)
    for name, value in {"nan": float("nan"), "up": float("inf"), "down": float("-inf"), "ok": 1.0}.items():
        client.log_metric(run_id, name, value)

    poll(now)

    assert stored(db, run_id).metrics == {"nan": None, "up": None, "down": None, "ok": 1.0}


def test_an_unchanged_run_is_not_written_again(client, experiment, db, poll, now):
    run_id = add_run(client, experiment)
    poll(now)
    poll(now + 1_000)
    assert stored(db, run_id).updated_at == now


def test_a_running_run_is_followed_to_its_end(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, finished=False, start_time=now - 30 * DAY)
    poll(now)
    client.log_metric(run_id, "loss", 0.5)
    poll(now + 1)
    assert stored(db, run_id).metrics == {"loss": 0.5}
    client.set_terminated(run_id, end_time=now)
    poll(now + 2)
    assert stored(db, run_id).status == "FINISHED"


def test_a_tag_set_long_after_the_end_is_noticed(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, start_time=1, finished=False)
    client.set_terminated(run_id, end_time=2)
    poll(now)
    client.set_tag(run_id, "mlflow.note.content", "not the user's")
    client.set_tag(run_id, "reviewed", "yes")
    poll(now + DAY)
    assert stored(db, run_id).tags == {"reviewed": "yes"}


def test_a_run_logged_with_times_of_long_ago_is_noticed(client, experiment, db, poll, now):
    poll(now)
    run_id = add_run(client, experiment, "imported", start_time=1, finished=False)
    client.set_terminated(run_id, end_time=2)
    poll(now + DAY)
    assert stored(db, run_id).name == "imported"


def test_a_deleted_run_leaves_the_list_and_a_restored_one_returns(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, "kept")
    poll(now)
    client.delete_run(run_id)
    poll(now + DAY)
    assert listed(db) == []
    assert stored(db, run_id).lifecycle == "deleted"
    client.restore_run(run_id)
    poll(now + 2 * DAY)
    assert listed(db) == ["kept"]


def test_a_run_removed_for_good_is_not_found_any_more(client, store, experiment, db, poll, now):
    gone, kept = add_run(client, experiment, "gone"), add_run(client, experiment, "kept")
    poll(now)
    client.delete_run(gone)
    store._hard_delete_run(gone)
    poll(now + DAY)
    assert listed(db) == ["kept"]
    assert stored(db, kept).lifecycle == "active"
    with pytest.raises(NotFound):
        stored(db, gone)


def test_the_runs_of_an_experiment_removed_for_good_go_too(client, store, experiment, db, poll, now):
    run_id = add_run(client, experiment)
    poll(now)
    client.delete_experiment(experiment)
    store._hard_delete_run(run_id)
    store._hard_delete_experiment(experiment)
    poll(now + DAY)
    with pytest.raises(NotFound):
        stored(db, run_id)


def test_a_renamed_experiment_shows_its_new_name(client, experiment, db, poll, now):
    run_id = add_run(client, experiment)
    poll(now)
    client.rename_experiment(experiment, "staging")
    poll(now + DAY)
    assert stored(db, run_id).experiment_name == "staging"


def test_only_experiments_with_a_configured_name_are_read(client, experiment, db, poll, now):
    add_run(client, experiment, "watched")
    add_run(client, client.create_experiment("staging-eu"), "by glob")
    add_run(client, client.create_experiment("sandbox"), "unwatched")
    poll(now, "production", "staging-*")
    assert sorted(listed(db)) == ["by glob", "watched"]


def test_the_first_round_goes_in_portions_and_says_when_it_is_through(
    client, experiment, db, poll, now, monkeypatch
):
    monkeypatch.setattr(tracking, "PAGE_RUNS", 2)
    monkeypatch.setattr(polling, "FIRST_ROUND_RUNS", 2)
    for number in range(5):
        run_id = add_run(client, experiment, str(number), finished=False, start_time=1)
        client.set_terminated(run_id, end_time=2)
    assert poll(now) is True
    assert len(listed(db)) == 2
    assert poll(now) is True
    assert poll(now) is False
    assert sorted(listed(db)) == ["0", "1", "2", "3", "4"]


def test_later_rounds_in_portions_still_find_what_was_removed(
    client, store, experiment, db, poll, now, monkeypatch
):
    ids = sorted(add_run(client, experiment) for _ in range(7))
    poll(now)
    monkeypatch.setattr(tracking, "PAGE_RUNS", 2)
    monkeypatch.setattr(polling, "ROUND_RUNS", 2)
    for run_id in (ids[0], ids[3], ids[6]):
        store._hard_delete_run(run_id)
    for step in range(1, 8):
        poll(now + step * DAY)
    with db.read() as session:
        left = {run.run_id for run in runs.list_page(session).items}
    assert left == {ids[1], ids[2], ids[4], ids[5]}


def test_the_statements_of_a_poll_do_not_grow_with_the_runs(client, experiment, poll, now):
    add_run(client, experiment)
    poll(now)
    with counted_statements() as few:
        poll(now + 1)
    for _ in range(15):
        add_run(client, experiment)
    poll(now + 2)
    with counted_statements() as many:
        poll(now + 3)
    assert many["count"] == few["count"] < 60


def test_an_artifact_store_that_is_away_does_not_stop_the_poll(
    client, experiment, db, poll, now, monkeypatch
):
    run_id = add_run(client, experiment, finished=False)
    client.log_text(run_id, "hello", "notes.txt")
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_compat, "artifact_repository", broken_repository)
        poll(now)
    assert stored(db, run_id).artifacts == []
    poll(now + 1)
    assert [item["path"] for item in stored(db, run_id).artifacts] == ["notes.txt"]


def test_long_texts_and_many_entries_are_cut(client, experiment, db, poll, now):
    run_id = add_run(client, experiment, "n" * 600, finished=False)
    client.log_param(run_id, "text", "v" * 5_000)
    client.log_batch(run_id, [Metric(f"m{number:03}", 1.0, now, 0) for number in range(210)])
    poll(now)
    run = stored(db, run_id)
    assert len(run.name) == len(run.params["text"]) == 500
    assert list(run.metrics) == [f"m{number:03}" for number in range(200)]


def broken_repository(uri):
    raise OSError("no route to host")


@contextmanager
def counted_statements():
    found = {"count": 0}

    def count(*_):
        found["count"] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", count)
