"""The demo into a running server: what it adds, and what it leaves alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mlflow_sentinel_plugin.demo import into, steps
from mlflow_sentinel_plugin.demo.command import demo_command
from mlflow_sentinel_plugin.demo.into import forget_other_runs
from mlflow_sentinel_plugin.demo.story import STORMS, Finding, Verdict

DAYS = [date(2013, 2, 1) + timedelta(days=n) for n in range(36)]
EXPECTED = {day for storm in STORMS for day in storm.expected}
OURS = {
    "window": {"period": "1d", "rows": None},
    "timestamp_column": "sched_dep",
    "timezone": "America/New_York",
}


class FakeApi:
    """A server with a monitor and some of the demo's days."""

    def __init__(self, monitor: dict[str, Any] | None = None, days: int = 0, alerts: int = 1) -> None:
        self._monitor = monitor
        self._days = days
        self._alerts = alerts

    def wait_ready(self, timeout: float) -> None:
        pass

    def monitor(self) -> dict[str, Any] | None:
        return self._monitor

    def windows(self) -> list[dict[str, Any]]:
        return [{"start": f"{day}T05:00:00.000Z"} for day in DAYS[: self._days]]

    def closed_windows(self) -> list[dict[str, Any]]:
        return self.windows()

    def alerts(self) -> list[dict[str, Any]]:
        alert = {"condition": "drift", "severity": "high", "status": "resolved", "summary": "dep_delay"}
        return [{**alert, "opened_at": "2013-02-08T05:00:00.000Z"}] * self._alerts


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command against a fake server; notes what it did there."""
    done: list[Any] = []

    def replay(api: FakeApi, pipeline: object, days: object, known: set[date]) -> None:
        done.append(len(known))

    def verdict(day: date) -> Verdict:
        if day in EXPECTED:
            return Verdict(day, 900, "drift", "high", (Finding("dep_delay", "51% missing"),))
        return Verdict(day, 900, "ok")

    class Trained:
        pipeline = None

    monkeypatch.setattr(steps, "train", lambda: (Trained(), []))
    monkeypatch.setattr(steps, "register", lambda *_: done.append("registered"))
    monkeypatch.setattr(into, "replay", replay)
    monkeypatch.setattr(into, "collect_verdicts", lambda api: [verdict(day) for day in DAYS])
    monkeypatch.setattr(into, "ALERT_SECONDS", 0.0)

    def _play(api: FakeApi) -> tuple[Result, list[Any]]:
        monkeypatch.setattr(into, "SentinelApi", lambda url, monitor: api)
        return CliRunner().invoke(demo_command, ["--into", "http://mlflow:5000/"]), done

    return _play


def test_an_empty_server_gets_a_baseline_and_every_day(play: Any) -> None:
    result, done = play(FakeApi())
    assert (result.exit_code, done) == (0, ["registered", 0])
    assert "drift, high, resolved: dep_delay" in result.output


def test_an_interrupted_demo_goes_on_where_it_was(play: Any) -> None:
    result, done = play(FakeApi({**OURS, "baseline": {"version": 1}}, days=5))
    assert (result.exit_code, done) == (0, [5])


def test_a_monitor_that_has_no_baseline_yet_gets_it(play: Any) -> None:
    _, done = play(FakeApi({**OURS, "baseline": None}))
    assert done == ["registered", 0]


def test_a_second_demo_changes_nothing(play: Any) -> None:
    result, done = play(FakeApi({**OURS, "baseline": {"version": 1}}, days=36))
    assert (result.exit_code, done) == (0, [])
    assert "nothing was changed" in result.output


@pytest.mark.parametrize(
    "other", [{"timestamp_column": None}, {"window": {"period": "1h"}}, {"timezone": "UTC"}]
)
def test_somebody_elses_monitor_of_that_name_is_left_alone(play: Any, other: dict[str, Any]) -> None:
    result, done = play(FakeApi({**OURS, **other, "baseline": None}))
    assert (result.exit_code, done) == (1, [])
    assert "is not the demo's" in result.output


def test_drift_without_an_alert_is_a_shortcoming(play: Any) -> None:
    result, _ = play(FakeApi(alerts=0))
    assert result.exit_code == 1
    assert "no alert told of the drift" in result.output


def test_the_login_stays_and_other_runs_are_forgotten() -> None:
    environ = {"MLFLOW_RUN_ID": "1", "MLFLOW_EXPERIMENT_NAME": "mine", "MLFLOW_TRACKING_USERNAME": "me"}
    forget_other_runs(environ)
    assert environ == {"MLFLOW_TRACKING_USERNAME": "me"}
