"""Which file is which after whatever happened to the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlflow_sentinel_plugin.errors import Unavailable
from mlflow_sentinel_plugin.ingest.logs.local import LocalFiles
from mlflow_sentinel_plugin.ingest.logs.look import QUIET_MS, Look, look
from mlflow_sentinel_plugin.ingest.logs.opening import reader_of

NOW = 1_800_000_000_000


class Folder:
    """A folder, what is known of its files, and a reader that reads them to their ends."""

    def __init__(self, path: Path, pattern: str = "*") -> None:
        self.path = path
        self.place = LocalFiles(f"{path}/{pattern}", None)
        self.states: list = []

    def write(self, name: str, text: str, age_ms: int = 0) -> Path:
        path = self.path / name
        with path.open("a") as file:
            file.write(text)
        at = (NOW - age_ms) / 1000
        os.utime(path, (at, at))
        return path

    def look(self, now: int = NOW) -> Look:
        seen = look(self.place, self.states, "auto", now, anew=False)
        self.states = seen.states
        return seen

    def read(self) -> list[tuple[str, int, int]]:
        """Name, and from where to where, of each file that is read."""
        done = []
        for task in self.look().tasks:
            state, before = task.state, task.state.position
            with self.place.open(task.found) as raw, reader_of(raw, state.path, "auto") as reader:
                if before:
                    assert reader.resume(before, state.mark) == "same"
                for portion in reader.portions(final=task.final, wanted=None):
                    state.position, state.mark = portion.end, portion.mark
            found = task.found
            state.size, state.mtime_ms, state.inode = found.size, found.mtime_ms, found.inode
            state.read_at = NOW
            done.append((Path(found.path).name, before, state.position))
        return done


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def lines(first: int, last: int) -> str:
    return "".join(f'{{"a": {n:04}}}\n'.replace(" 0", " 1") for n in range(first, last))


SIZE = len(lines(0, 1))


def test_what_was_read_and_did_not_change_is_no_task(folder):
    folder.write("a.jsonl", lines(0, 9))
    assert folder.read() == [("a.jsonl", 0, 9 * SIZE)]
    assert folder.read() == []


def test_the_longest_unchanged_file_comes_first(folder):
    folder.write("b.jsonl", lines(0, 1), age_ms=5_000)
    folder.write("a.jsonl", lines(1, 2), age_ms=1_000)
    assert [name for name, *_ in folder.read()] == ["b.jsonl", "a.jsonl"]


def test_a_file_that_was_rotated_out_of_the_pattern_is_finished_before_the_new_one(tmp_path):
    folder = Folder(tmp_path, "app.log")
    path = folder.write("app.log", lines(0, 9))
    folder.read()
    folder.write("app.log", lines(9, 12))
    path.rename(tmp_path / "app.log.1")
    folder.write("app.log", lines(20, 25))
    assert folder.read() == [("app.log.1", 9 * SIZE, 12 * SIZE), ("app.log", 0, 5 * SIZE)]
    assert folder.read() == []


def test_a_file_that_is_gone_stays_known(folder):
    path = folder.write("a.jsonl", lines(0, 9))
    folder.read()
    content = path.read_text()
    path.unlink()
    (state,) = folder.look().changed
    assert state.gone_at == NOW
    folder.write("a.jsonl", content + lines(9, 10))
    assert folder.read() == [("a.jsonl", 9 * SIZE, 10 * SIZE)]
    assert state.gone_at is None


def test_equal_files_of_two_days_are_two_files(folder):
    folder.write("app.log.2026-01-01", lines(0, 3))
    folder.read()
    folder.write("app.log.2026-01-02", lines(0, 3))
    assert folder.read() == [("app.log.2026-01-02", 0, 3 * SIZE)]


def test_a_file_that_cannot_be_read_for_a_moment_is_not_taken_for_another(folder, monkeypatch):
    folder.write("a.jsonl", lines(0, 9))
    folder.read()
    folder.write("a.jsonl", lines(9, 12))

    def unavailable(*_: object) -> None:
        raise Unavailable("not now")

    with monkeypatch.context() as patch:
        patch.setattr(folder.place, "open", unavailable)
        folder.look()
    assert folder.read() == [("a.jsonl", 9 * SIZE, 12 * SIZE)]


def test_a_copy_that_cannot_be_compared_now_is_no_new_file(folder, monkeypatch):
    path = folder.write("app.log", lines(0, 9))
    folder.read()
    folder.write("app.log.1", path.read_text())
    path.unlink()

    def unavailable(*_: object) -> None:
        raise Unavailable("not now")

    with monkeypatch.context() as patch:
        patch.setattr(folder.place, "open", unavailable)
        seen = folder.look()
        assert (seen.tasks, seen.problems) == ([], ["not now"])
    assert folder.read() == []
    assert [(Path(one.path).name, one.position) for one in folder.states] == [("app.log.1", 9 * SIZE)]


def test_a_quiet_file_is_looked_at_once_more_for_its_last_line(folder):
    folder.write("a.jsonl", lines(0, 2) + '{"a": 5}', age_ms=1_000)
    folder.read()
    assert folder.look().tasks == []
    (task,) = folder.look(NOW + QUIET_MS).tasks
    assert task.final


def test_empty_files_and_what_is_no_file_are_left_out(folder, tmp_path):
    folder.write("empty.jsonl", "")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / ".hidden.jsonl").write_text(lines(0, 1))
    assert folder.look().tasks == []


def test_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(Unavailable, match="there is no folder"):
        Folder(tmp_path / "none").look()
