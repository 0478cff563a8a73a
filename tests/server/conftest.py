"""A real ``mlflow server --app-name sentinel``, one a test or one for all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import Server, running_server


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers in the test's folder; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> Server:
            return stack.enter_context(running_server(tmp_path, *arguments, **options))

        yield start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with default settings for every test that only talks to it."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running
