"""Who sends rows while a server is in trouble: one posts with keys, one writes log files that rotate."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import requests

from tests.server.running import Server

LEVELS = [f"l{n:02}" for n in range(20)]
"""Of the column ``level``: a piece of rows has one of them, so that a lost and a doubled one both show."""
PAUSE_S = 0.05


class Writer:
    """Writes piece after piece in a thread until the block ends; ``written`` is what surely arrived."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.written: Counter[str] = Counter()
        self.pieces = 0
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(180)
        assert not self._thread.is_alive(), f"{self.name} could not get rid of its last rows"

    @property
    def rows(self) -> int:
        return sum(self.written.values())

    def _run(self) -> None:
        source = random.Random(self.name)
        while not self._enough.is_set():
            level, rows = LEVELS[self.pieces % len(LEVELS)], source.randint(1, 60)
            self._write(level, rows)
            self.written[level] += rows
            self.pieces += 1
            time.sleep(PAUSE_S)

    def _write(self, level: str, rows: int) -> None:
        raise NotImplementedError


class Poster(Writer):
    """Posts each piece again under its key until the server has taken it."""

    def __init__(self, server: Server, monitor: str, name: str) -> None:
        super().__init__(name)
        self._server = server
        self._monitor = monitor
        self.again = 0
        """Posts that were sent again."""

    def _write(self, level: str, rows: int) -> None:
        body = "level\n" + f"{level}\n" * rows
        headers = {"Content-Type": "text/csv", "Idempotency-Key": f"{self.name}-{self.pieces}"}
        while True:
            try:
                path = f"/api/v1/predictions?monitor={self._monitor}"
                answer = self._server.post(path, data=body, headers=headers)
                if answer.status_code == 202:
                    return
                assert answer.status_code >= 500, answer.text
            except requests.RequestException:
                pass
            self.again += 1
            time.sleep(0.3)


class FileWriter(Writer):
    """Appends lines in pieces that end anywhere; rotates by renaming."""

    def __init__(self, folder: Path, name: str, *, rotate_every: int = 150) -> None:
        super().__init__(name)
        self._path = folder / f"{name}.jsonl"
        self._every = rotate_every
        self.rotations = 0

    def _write(self, level: str, rows: int) -> None:
        if self.pieces % self._every == self._every - 1:
            self.rotations += 1
            self._path.rename(self._path.with_name(f"{self.name}.jsonl.{self.rotations}"))
        text = (json.dumps({"level": level}) + "\n").encode() * rows
        middle = len(text) * (self.pieces % 7) // 7
        with self._path.open("ab", buffering=0) as file:
            file.write(text[:middle])
            time.sleep(PAUSE_S / 2)
            file.write(text[middle:])
