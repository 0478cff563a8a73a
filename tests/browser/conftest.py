"""Real browsers on a real server: Chromium by Playwright, as installed on the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mlflow_sentinel_plugin.api.ui import FOLDER
from tests.browser import seeding
from tests.server.running import Server, running_server

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = os.environ.get("SENTINEL_CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it or name it in SENTINEL_CHROMIUM")
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the dashboard is not built: run `python hatch_build.py`")
    sync_api.expect.set_options(timeout=20_000)  # a busy machine's, not a person's patience
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def empty_server(browser: sync_api.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server, below a static prefix, that watches nothing yet."""
    folder = tmp_path_factory.mktemp("empty")
    with running_server(folder, workers=1, prefix="/team") as server:
        yield server


@pytest.fixture(scope="session")
def seeded(browser: sync_api.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the monitors ``flights``, which drifts, and ``calm``, which does not."""
    folder: Path = tmp_path_factory.mktemp("seeded")
    with running_server(folder, workers=1) as server:
        seeding.watch(server, "calm")
        seeding.live(server, "calm", windows=2, seed=9)
        seeding.drift(server, "flights")
        yield server


TOLD = ("ERR_INTERNET_DISCONNECTED", "status of 400")
"""What the browser logs of a server that is away, or that refuses a form: the page itself shows both."""

Open = Callable[..., sync_api.Page]


@pytest.fixture
def open_page(browser: sync_api.Browser) -> Iterator[Open]:
    """Opens the dashboard of a server at an address; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    contexts: list[sync_api.BrowserContext] = []

    def open_at(server: Server, address: str = "/", **options: object) -> sync_api.Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        page.on("request", lambda request: _stays(request.url, server) or complaints.append(request.url))
        page.goto(f"{server.root}/sentinel/#{address}")
        return page

    yield open_at
    for context in contexts:
        context.close()
    unexpected = [line for line in complaints if not any(told in line for told in TOLD)]
    assert not unexpected


def _stays(url: str, server: Server) -> bool:
    """Whether a request goes to the server itself: the page talks to nobody else."""
    return urlsplit(url).netloc == urlsplit(server.root).netloc
