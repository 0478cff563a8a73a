"""A PostgreSQL server of a test's own, which may be stopped and started."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import free_port

USER = "postgres"
"""It refuses to run as root; then it runs as this user."""


class OwnPostgresql:
    """A cluster in a folder of its own, on a free port of 127.0.0.1."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self._tools = tools
        self._data = folder / "data"
        self._log = folder / "log"
        self.port = free_port()

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        self._run("initdb", "--auth=trust", f"--username={USER}", "--no-sync", "--pgdata", str(self._data))

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self._control("start", "-o", options, "-l", str(self._log))

    def stop(self) -> None:
        """As if the machine went down: no goodbye to any connection."""
        self._control("stop", "-m", "immediate")

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "--pgdata", str(self._data), "--wait", "--timeout=120", *arguments)

    def _run(self, tool: str, *arguments: str) -> None:
        as_user = ("runuser", "-u", USER, "--") if os.geteuid() == 0 else ()
        done = subprocess.run(
            [*as_user, str(self._tools / tool), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def own_postgresql() -> Iterator[OwnPostgresql]:
    """A running server; the test is skipped where PostgreSQL's programs are not installed."""
    tools = _tools()
    if tools is None or (os.geteuid() == 0 and not _user_exists()):
        pytest.skip(f"PostgreSQL's initdb and pg_ctl, or its user {USER}, are not installed")
    # Not below pytest's folder: only its owner may enter that, and the server may be another user.
    folder = Path(tempfile.mkdtemp(prefix="own-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        server = OwnPostgresql(tools, folder)
        server.create()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(AssertionError):  # it is stopped already
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user_exists() -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(USER))
    return False


def _tools() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("initdb")) is not None:
        folders.insert(0, Path(found).parent)
    usable = [folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    return usable[0] if usable else None
