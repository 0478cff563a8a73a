"""The demo: a real MLflow server, a real model, real flights, and a storm that others document."""

from __future__ import annotations

from pathlib import Path


def run_demo(
    *, once: bool = False, directory: Path | None = None, port: int | None = None, browser: bool = True
) -> int:
    """Run the demo; what it needs is imported only now.

    Args:
        once: End after the report instead of staying up until Ctrl-C.
        directory: New or empty folder to keep everything in; ``None`` is a temporary one, removed at the end.
        port: TCP port of the MLflow server on 127.0.0.1; ``None`` takes a free one.
        browser: Open the page when the replay starts.

    Returns:
        Process exit code: 0 if the expected events and webhook came, 1 otherwise.
    """
    from mlflow_sentinel_plugin.demo.run import Options, run

    return run(Options(once=once, directory=directory, port=port, browser=browser))


def seed_demo(url: str) -> int:
    """Play the demo into the running server at ``url``, which keeps it.

    Returns:
        Process exit code: 0 if the expected events and alert came, 1 otherwise.
    """
    from mlflow_sentinel_plugin.demo.into import run_into

    return run_into(url)
