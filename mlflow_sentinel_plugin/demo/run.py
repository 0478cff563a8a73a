"""The demo from start to end: server, model, baseline, replay, report."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from mlflow_sentinel_plugin.demo import steps
from mlflow_sentinel_plugin.demo.api import SentinelApi
from mlflow_sentinel_plugin.demo.receiver import Receiver
from mlflow_sentinel_plugin.demo.replay import collect_verdicts, replay
from mlflow_sentinel_plugin.demo.report import webhook_line
from mlflow_sentinel_plugin.demo.server import MLflowServer, forget_settings, free_port, port_is_free
from mlflow_sentinel_plugin.demo.story import FIRING, shortcomings
from mlflow_sentinel_plugin.errors import InvalidInput, SentinelError

MESSAGES = 3
"""The February storm begins, is over, and the March storm begins."""
WEBHOOK_SECONDS = 20.0


@dataclass(frozen=True)
class Options:
    once: bool
    directory: Path | None
    port: int | None
    browser: bool


def run(options: Options) -> int:
    """Run the demo; 0 if the expected events and webhook came, 1 with a reason otherwise."""
    started = time.monotonic()
    try:
        port = _port(options.port)
        with (
            steps.stops_on_sigterm(),
            _folder(options.directory) as folder,
            Receiver() as receiver,
            MLflowServer(folder, port, receiver.url) as server,
        ):
            forget_settings(os.environ)
            _say(f"Starting mlflow server --app-name sentinel at {server.url} (files in {folder})")
            with _log_shown_on_failure(server):
                problems = _play(server, receiver, options)
                _say(f"\nDone in {time.monotonic() - started:.0f} s.")
                steps.conclude(problems, "quiet days, the storms' days, and the webhook")
                if not options.once:
                    _stay_up(server)
        return 1 if problems else 0
    except SentinelError as error:
        click.secho("; ".join(filter(None, (f"The demo failed: {error}", error.hint))), fg="red", err=True)
        return 1
    except KeyboardInterrupt:
        _say("\nStopped.")
        return 130 if options.once else 0


def _play(server: MLflowServer, receiver: Receiver, options: Options) -> list[str]:
    trained, days = steps.train()
    server.wait_ready()
    api = SentinelApi(server.url, steps.MONITOR)
    steps.register(api, trained, server.url)
    if options.browser and not options.once:
        click.launch(f"{server.url}/sentinel/")
    replay(api, trained.pipeline, days)
    verdicts = collect_verdicts(api)
    steps.tell(verdicts)
    problems = shortcomings(verdicts, [day for day, _ in days])
    return problems if _tell_webhooks(receiver) else [*problems, "no webhook told of the drift"]


def _tell_webhooks(receiver: Receiver) -> bool:
    """Print the messages that came; whether one told of drift."""
    receiver.wait_for(MESSAGES, WEBHOOK_SECONDS)
    _say(f"\nThe webhook {receiver.url} received:")
    for message in receiver.messages:
        _say(webhook_line(message))
    return any(message.get("type") == FIRING for message in receiver.messages)


def _stay_up(server: MLflowServer) -> None:
    _say(f"Still serving at {server.url}/sentinel/ (MLflow itself: {server.url}); Ctrl-C ends it.")
    while server.running():
        time.sleep(0.5)
    raise SentinelError("the MLflow server ended")


def _port(asked: int | None) -> int:
    if asked is None:
        return free_port()
    if not port_is_free(asked):
        raise InvalidInput(f"port {asked} is in use", hint="leave --port out for a free one")
    return asked


@contextmanager
def _log_shown_on_failure(server: MLflowServer) -> Iterator[None]:
    """What the server said last, while its log is still there."""
    try:
        yield
    except SentinelError:
        click.echo(f"The server's last lines:\n{server.last_lines()}\n", err=True)
        raise


@contextmanager
def _folder(asked: Path | None) -> Iterator[Path]:
    if asked is None:
        with tempfile.TemporaryDirectory(prefix="sentinel-demo-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    asked.mkdir(parents=True, exist_ok=True)
    if any(asked.iterdir()):
        raise InvalidInput(f"{asked} is not empty; --dir needs a new or empty folder")
    yield asked.resolve()


def _say(text: str) -> None:
    click.echo(text)
