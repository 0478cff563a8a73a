"""Log files become rows: each of them once, whoever dies and whatever becomes of the files."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.errors import LeaseLost, Unavailable
from mlflow_sentinel_plugin.ingest.logs.look import QUIET_MS
from mlflow_sentinel_plugin.pipeline import log_batch, read_logs
from mlflow_sentinel_plugin.store import alerts, inbox, lease, monitors, sources
from mlflow_sentinel_plugin.store.models import InboxBlock, Source, SourceFile
from tests.integration.pipeline.conftest import HOUR, MINUTE, World, table


def lines(first: int, last: int) -> str:
    return "".join(json.dumps({"age": n / 100, "city": "Ulm"}) + "\n" for n in range(first, last))


class Logs:
    """A source of the monitor ``churn``, and its leader."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.reader = world.pipeline.log_reader(None)

    def source(self, pattern: str = "*.jsonl*", name: str = "serving", **settings: Any) -> None:
        settings = {"path": f"{self.folder}/{pattern}", **settings}
        self.world.config.ingest.sources[name] = self.configured(settings)
        self.reader = self.world.pipeline.log_reader(None)

    def configured(self, settings: dict[str, Any]) -> Any:
        document = {"ingest": {"sources": {"x": {"monitor": "churn", **settings}}}}
        return Config.model_validate(document).ingest.sources["x"]

    def write(self, text: str | bytes, name: str = "app.jsonl") -> Path:
        path = self.folder / name
        with path.open("ab") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        self._touch(path)
        return path

    def _touch(self, path: Path) -> None:
        """Changed now, by the clock of the test."""
        os.utime(path, (self.world.now / 1000, self.world.now / 1000))

    def read(self) -> None:
        self.world.now += 1000
        while self.reader.read(self.world.epoch):
            pass

    def restart(self) -> None:
        """Another process leads."""
        self.world.epoch = self.world.lead("next")
        self.reader = self.world.pipeline.log_reader(None)

    def row(self, name: str = "serving") -> Source:
        with self.world.db.read() as session:
            return session.scalars(select(Source).where(Source.name == name)).one()

    def files(self) -> list[SourceFile]:
        with self.world.db.read() as session:
            return list(session.scalars(select(SourceFile).order_by(SourceFile.path)))

    def waiting(self) -> int:
        """Rows in the inbox."""
        with self.world.db.read() as session:
            return session.scalar(select(func.sum(InboxBlock.rows))) or 0

    def counted(self) -> int:
        self.world.tick()
        return self.world.counted()


@pytest.fixture
def logs(world, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    world.baseline()
    return Logs(world, folder)


# --- growing ---------------------------------------------------------------------------------------------


def test_rows_of_a_growing_file_are_counted_once(logs):
    logs.source()
    logs.write(lines(0, 100))
    logs.read()
    logs.write(lines(100, 150))
    logs.read()
    logs.read()
    assert logs.counted() == 150
    source = logs.row()
    assert (source.rows, source.rejected, source.files, source.files_behind) == (150, 0, 1, 0)
    assert (source.state, source.bytes_behind, source.reason) == ("idle", 0, None)


def test_a_half_written_line_waits_for_its_end(logs):
    logs.source()
    text = lines(0, 10)
    logs.write(text[:-8])
    logs.read()
    assert logs.waiting() == 9
    logs.write(text[-8:])
    logs.read()
    assert (logs.waiting(), logs.row().rejected) == (10, 0)


def test_a_last_line_without_an_end_is_read_once_nobody_writes(logs):
    logs.source()
    logs.write(lines(0, 10)[:-1])
    logs.read()
    assert logs.waiting() == 9
    logs.world.now += QUIET_MS
    logs.read()
    logs.read()
    assert logs.waiting() == 10


# --- rotated ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["*.jsonl*", "app.jsonl"])
def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(logs, pattern):
    logs.source(pattern)
    path = logs.write(lines(0, 100))
    logs.read()
    logs.write(lines(100, 120))
    path.rename(logs.folder / "app.jsonl.1")
    logs.write(lines(120, 150))
    logs.read()
    logs.write(lines(150, 155), "app.jsonl.1")  # its writer has it still open
    logs.read()
    logs.read()
    assert logs.waiting() == 155


def test_a_file_that_is_compressed_after_its_rotation_is_not_read_again(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    logs.write(lines(100, 120))
    logs.write(gzip.compress(path.read_bytes()), "app.jsonl.1.gz")
    path.unlink()
    logs.write(lines(120, 130))
    logs.read()
    logs.read()
    assert logs.waiting() == 130


def test_a_file_that_is_copied_and_cut_is_read_once(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    shutil.copy2(path, logs.folder / "app.jsonl.1")
    logs.read()
    os.truncate(path, 0)
    logs.write(lines(100, 130))
    logs.read()
    logs.read()
    assert logs.waiting() == 130


def test_a_file_that_is_cut_between_two_looks_is_read_from_its_beginning(logs):
    logs.source("app.jsonl")
    path = logs.write(lines(0, 100))
    logs.read()
    os.truncate(path, 0)
    logs.write(lines(500, 510))
    logs.read()
    assert logs.waiting() == 110


def test_a_file_that_lost_its_end_goes_on_behind_what_is_left(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    os.truncate(path, len(lines(0, 80)))
    logs.read()
    logs.write(lines(200, 210))
    logs.read()
    assert logs.waiting() == 110


def test_a_replaced_file_is_another(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    path.unlink()
    logs.write(lines(300, 340))
    logs.read()
    assert logs.waiting() == 140


def test_a_file_rewritten_with_the_same_beginning_goes_on(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    new = logs.write(lines(0, 130), "fresh")
    new.replace(path)
    logs.read()
    assert logs.waiting() == 130


def test_files_stay_known_to_the_next_leader(logs):
    logs.source()
    path = logs.write(lines(0, 100))
    logs.read()
    logs.restart()
    path.rename(logs.folder / "app.jsonl.1")
    logs.write(lines(100, 110))
    logs.read()
    assert logs.waiting() == 110


# --- formats ---------------------------------------------------------------------------------------------


def test_every_format_and_compression_gives_the_same_rows(logs):
    logs.source("*")
    rows = table(50)
    logs.write("age,city\n" + "".join(f"{n},Ulm\n" for n in range(50)), "a.csv")
    logs.write(gzip.compress(lines(0, 50).encode()), "b.jsonl.gz")
    pq.write_table(rows, logs.folder / "c.parquet", row_group_size=20)
    logs.read()
    assert logs.waiting() == 150
    assert logs.row().rejected == 0


def test_columns_get_the_names_and_times_of_the_baseline(logs):
    logs.source("*.csv", columns={"years": "age"}, timestamp_column="ts", timestamp_unit="s")
    at = logs.world.now // 1000 - 7200
    logs.write(f"years,ts,city\n31,{at},Ulm\n32,{at + 3600},Ulm\n33,never,Ulm\n", "a.csv")
    logs.read()
    logs.world.tick()
    starts = [window.start_ms for window in logs.world.windows()]
    assert starts == [at * 1000, at * 1000 + HOUR]
    source = logs.row()
    assert (source.rows, source.rejected) == (2, 1)
    assert "row 3" in source.samples[0]["reason"]


def test_bad_lines_are_counted_and_a_few_are_kept(logs):
    logs.source()
    logs.write(lines(0, 5) + "oops\n" + lines(5, 10) + "[1]\n")
    logs.read()
    source = logs.row()
    assert (source.rows, source.rejected) == (10, 2)
    assert {sample["position"] for sample in source.samples} == {
        len(lines(0, 5)),
        len(lines(0, 10)) + len("oops\n"),
    }
    assert all(sample["file"].endswith("app.jsonl") for sample in source.samples)
    logs.world.tick()
    assert logs.world.monitor().rows_rejected == 2


def test_a_file_of_bad_lines_alone_counts_them(logs):
    logs.source()
    logs.write("oops\nno\n")
    logs.read()
    assert logs.row().rejected == 2
    assert logs.world.monitor().rows_rejected == 2


# --- waiting and failing ---------------------------------------------------------------------------------


def test_without_a_baseline_files_wait_where_they_are(world, tmp_path):
    with world.db.write() as session:
        monitors.create(session, "churn", now=world.now)
    logs = Logs(world, tmp_path)
    logs.source()
    logs.write(lines(0, 20))
    logs.read()
    source = logs.row()
    assert (source.state, source.rows) == ("waiting", 0)
    assert "has no baseline" in source.reason
    world.baseline()
    logs.read()
    assert logs.row().state == "idle"
    assert logs.counted() == 20


def test_first_rows_may_come_from_files(world, tmp_path):
    with world.db.write() as session:
        monitors.create(session, "churn", now=world.now, settings={"baseline": {"first_rows": 100}})
    logs = Logs(world, tmp_path)
    logs.source()
    logs.write(lines(0, 130))
    logs.read()
    assert logs.counted() == 30
    assert world.monitor().baseline_id is not None


def test_a_paused_monitor_reads_no_files(logs):
    logs.source()
    logs.write(lines(0, 20))
    with logs.world.db.write() as session:
        monitors.update(
            session, monitors.get(session, "churn", for_update=True), now=logs.world.now, paused=True
        )
    logs.read()
    assert logs.waiting() == 0


def test_a_file_of_other_columns_fails_and_is_tried_again_under_other_settings(logs):
    logs.source("*.csv")
    logs.write("years\n1\n2\n", "a.csv")
    logs.read()
    source = logs.row()
    assert (source.state, source.files_failing, source.rows) == ("failing", 1, 0)
    assert "a.csv" in source.reason
    logs.source("*.csv", columns={"years": "age"})
    logs.read()
    assert (logs.row().state, logs.row().rows, logs.row().reason) == ("idle", 2, None)


def test_one_bad_file_does_not_stop_the_others(logs):
    logs.source("*")
    logs.write(b"PAR1 no parquet at all", "a.parquet")
    logs.write(lines(0, 10))
    logs.read()
    source = logs.row()
    assert (source.state, source.files_failing, source.rows) == ("failing", 1, 10)


def test_a_source_that_fails_for_long_raises_an_alert_until_it_works(logs):
    logs.source()
    logs.folder.rename(logs.folder.with_name("away"))
    for _ in range(6):
        logs.world.now += MINUTE
        logs.read()
    assert "there is no folder" in logs.row().reason
    with logs.world.db.read() as session:
        (alert,) = alerts.open_of(session, logs.world.monitor().id)
    assert alert.condition == "source_error"
    assert alert.summary == "log files cannot be read: serving"
    logs.folder.with_name("away").rename(logs.folder)
    logs.read()
    with logs.world.db.read() as session:
        assert not alerts.open_of(session, logs.world.monitor().id)
    assert (logs.row().state, logs.row().alerted) == ("idle", False)


def test_while_too_many_rows_wait_to_be_counted_files_wait_too(logs, monkeypatch):
    monkeypatch.setattr(read_logs, "MAX_PENDING", 10)
    logs.source()
    logs.write(lines(0, 20))
    logs.read()
    logs.write(lines(20, 30))
    logs.read()
    assert (logs.waiting(), logs.row().state) == (20, "waiting")
    logs.world.tick()
    logs.read()
    assert logs.waiting() == 10


# --- exactly once ----------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("module", "step"),
    [
        (lease, "fence"),
        (monitors, "lock"),
        (sources, "lock"),
        (inbox, "add"),
        (sources, "save_files"),
    ],
)
def test_a_crash_at_any_step_loses_and_doubles_no_row(logs, monkeypatch, module, step, after):
    monkeypatch.setattr(log_batch, "BATCH_ROWS", 30)
    monkeypatch.setattr("mlflow_sentinel_plugin.ingest.logs.lines.BLOCK", 1200)
    logs.source()
    logs.write(lines(0, 100), "a.jsonl")
    logs.write(lines(100, 200), "b.jsonl")
    real, calls = getattr(module, step), []

    def crashing(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        done = real(*args, **kwargs)
        if len(calls) > after:
            raise Crash
        return done

    with monkeypatch.context() as patch:
        patch.setattr(module, step, crashing)
        with pytest.raises(Crash):
            logs.read()
            logs.reader.read(logs.world.epoch)
    logs.restart()
    logs.read()
    assert logs.waiting() == 200
    assert logs.row().rows == 200
    assert logs.counted() == 200


def test_a_leader_that_was_replaced_writes_nothing(logs):
    logs.source()
    logs.write(lines(0, 50))
    old, epoch = logs.reader, logs.world.epoch
    logs.restart()
    with pytest.raises(LeaseLost):
        old.read(epoch)
    assert logs.waiting() == 0
    logs.read()
    with pytest.raises(LeaseLost):
        logs.write(lines(50, 60))
        old.read(epoch)
    assert logs.waiting() == 50
    logs.read()
    assert logs.waiting() == 60


def test_a_database_that_is_away_for_a_moment_loses_no_row(logs, monkeypatch):
    logs.source()
    logs.write(lines(0, 50))
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "add", _unavailable)
        with pytest.raises(Unavailable):
            logs.read()
    logs.read()
    assert logs.waiting() == 50


def _unavailable(*_: Any) -> None:
    raise Unavailable("away")


def test_a_new_baseline_in_the_middle_of_a_look_starts_it_over(logs, monkeypatch):
    logs.source()
    logs.read()
    logs.write(lines(0, 50))
    real, done = monitors.lock, []

    def activating(session: Any, monitor_id: str) -> Any:
        monitor = real(session, monitor_id)
        if not done:
            done.append(monitor)
            monitor.baseline_id = "another"
        return monitor

    with monkeypatch.context() as patch:
        patch.setattr(monitors, "lock", activating)
        logs.reader.read(logs.world.epoch)
    assert logs.waiting() == 0
    logs.read()
    assert logs.waiting() == 50


# --- many ------------------------------------------------------------------------------------------------


def test_many_files_are_read_once_and_a_quiet_look_opens_none(logs, monkeypatch):
    logs.source()
    for n in range(300):
        logs.write(lines(n, n + 1), f"{n}.jsonl")
    logs.read()
    assert logs.waiting() == 300
    monkeypatch.setattr("mlflow_sentinel_plugin.ingest.logs.local.LocalFiles.open", None)
    logs.read()
    assert logs.row().files == 300


def test_a_configured_source_is_made_changed_and_removed(logs):
    config = logs.world.config
    config.ingest.sources["one"] = logs.configured({"path": "/nowhere/*.csv"})
    logs.reader = logs.world.pipeline.log_reader(None)
    logs.read()
    assert logs.row("one").settings["path"] == "/nowhere/*.csv"
    config.ingest.sources["one"] = logs.configured({"path": "/elsewhere/*.csv"})
    logs.reader = logs.world.pipeline.log_reader(None)
    logs.read()
    assert logs.row("one").settings["path"] == "/elsewhere/*.csv"
    del config.ingest.sources["one"]
    logs.reader = logs.world.pipeline.log_reader(None)
    logs.read()
    with logs.world.db.read() as session:
        assert sources.of_config(session) == []


def test_a_configured_source_waits_for_its_monitor(logs):
    logs.world.config.ingest.sources["one"] = Config.model_validate(
        {"ingest": {"sources": {"one": {"monitor": "later", "path": f"{logs.folder}/*"}}}}
    ).ingest.sources["one"]
    logs.reader = logs.world.pipeline.log_reader(None)
    logs.write(lines(0, 5))
    logs.read()
    logs.world.baseline("later")
    logs.read()
    assert logs.row("one").rows == 5
