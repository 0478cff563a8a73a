from __future__ import annotations

from mlflow_sentinel_plugin.store import cursors


def test_a_cursor_is_what_was_last_set(db):
    with db.write() as session:
        assert cursors.get(session, "runs") is None
        cursors.set(session, "runs", {"at": 1})
        cursors.set(session, "runs", {"at": 2})
        assert cursors.get(session, "runs") == {"at": 2}


def test_long_names_that_differ_at_the_end_are_different(db):
    path = "logs:" + "x" * 300
    with db.write() as session:
        cursors.set(session, path + "a", {"offset": 1})
        cursors.set(session, path + "b", {"offset": 2})
        assert cursors.get(session, path + "a") == {"offset": 1}
