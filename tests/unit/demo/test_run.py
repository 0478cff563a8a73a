"""How the demo ends: exit code, reason, and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pytest
import requests

from mlflow_sentinel_plugin.demo import run as module
from mlflow_sentinel_plugin.demo import run_demo
from mlflow_sentinel_plugin.demo.server import DemoFailed


class FakeServer:
    """A server that is never started."""

    stopped: list[Path]

    def __init__(self, folder: Path, port: int, webhook: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        FakeServer.stopped.append(self.folder)

    def running(self) -> bool:
        return False

    def last_lines(self) -> str:
        return "out of memory"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeServer.stopped = []
    monkeypatch.setattr(module, "MLflowServer", FakeServer)
    monkeypatch.setattr(module, "forget_settings", lambda environ: None)


def play(monkeypatch: pytest.MonkeyPatch, outcome: list[str] | BaseException) -> None:
    def played(*args: object) -> list[str]:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(module, "_play", played)


def test_what_was_expected_gives_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, [])
    assert run_demo(once=True) == 0
    assert "As expected" in capsys.readouterr().out


def test_a_shortcoming_gives_1_and_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, ["no webhook told of the drift"])
    assert run_demo(once=True) == 1
    assert "Not as expected: no webhook told of the drift" in capsys.readouterr().err


def test_a_failure_gives_1_its_reason_and_the_servers_last_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, DemoFailed("no verdict came for 60 s; 3 days have one"))
    assert run_demo(once=True) == 1
    said = capsys.readouterr().err
    assert "The demo failed: no verdict came" in said
    assert "out of memory" in said


def test_a_server_that_ends_while_the_demo_stays_up_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, [])
    assert run_demo(browser=False) == 1
    assert "the MLflow server ended" in capsys.readouterr().err


def test_ctrl_c_stops_the_server_and_removes_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, KeyboardInterrupt())
    assert run_demo(once=True) == 130
    [folder] = FakeServer.stopped
    assert not folder.exists()


def test_a_named_folder_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, [])
    assert run_demo(once=True, directory=tmp_path / "kept") == 0
    assert FakeServer.stopped == [tmp_path / "kept"]
    assert (tmp_path / "kept").is_dir()


def test_a_demo_without_a_webhook_is_a_shortcoming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WEBHOOK_SECONDS", 0.0)
    with module.Receiver() as receiver:
        requests.post(receiver.url, json={"type": "drift.alert.resolved"}, timeout=5)
        assert not module._tell_webhooks(receiver)
        requests.post(receiver.url, json={"type": "drift.alert.firing"}, timeout=5)
        assert module._tell_webhooks(receiver)
