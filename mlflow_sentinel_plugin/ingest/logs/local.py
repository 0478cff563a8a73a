"""Local files by a pattern. Only regular files count: a pipe or a device would hang the reader."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path
from typing import BinaryIO

from mlflow_sentinel_plugin.errors import Conflict, Unavailable
from mlflow_sentinel_plugin.ingest.logs.allowed import WILD, fixed_part, is_inside
from mlflow_sentinel_plugin.ingest.logs.place import Found, in_order

MAX_DEPTH = 20
"""Folders that ``**`` goes down at most."""


class LocalFiles:
    """Files of this machine.

    Args:
        pattern: Absolute, with wildcards; hidden files only match a part that begins with a dot.
        allowed: Folders that a file must really lie in, links resolved; ``None``: anywhere.
    """

    def __init__(self, pattern: str, allowed: Sequence[str] | None) -> None:
        self._pattern = pattern
        self._allowed = allowed

    def files(self) -> list[Found]:
        base = fixed_part(self._pattern)
        if not Path(base).is_dir():
            raise Unavailable(f"there is no folder {base!r}", hint="create it, or correct the path")
        rest = self._pattern[len(base.rstrip("/")) + 1 :].split("/")
        try:
            found = {file.path: file for file in _matches(base, rest, 0)}
        except OSError as error:
            raise Unavailable(f"the files cannot be listed: {_reason(error)}") from error
        return in_order(list(found.values()))

    def beside(self, path: str) -> list[Found]:
        try:
            entries = list(os.scandir(posixpath.dirname(path)))
        except OSError:
            return []
        found = (_found(entry) for entry in entries)
        return in_order([file for file in found if file is not None])

    @contextmanager
    def open(self, found: Found) -> Iterator[BinaryIO]:
        try:
            descriptor = os.open(found.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Conflict(f"{found.path!r} is gone", code="file_changed") from None
        except OSError as error:
            raise Unavailable(f"{found.path!r} cannot be opened: {_reason(error)}") from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            self._check(descriptor, found)
            yield file

    def _check(self, descriptor: int, found: Found) -> None:
        """It is the file that was listed, and (links resolved) it lies where it may."""
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode) or _inode(opened) != found.inode:
            raise Conflict(f"{found.path!r} is another file by now", code="file_changed")
        if self._allowed is None:
            return
        real = os.path.realpath(found.path)
        try:
            same = os.path.samestat(opened, Path(real).stat())
        except OSError:
            same = False
        if not same or not is_inside(real, self._allowed):
            raise Unavailable(
                f"{found.path!r} leads out of the allowed folders",
                hint="an administrator lists folders in ingest.allowed_paths",
                code="path_not_allowed",
            )


def _matches(folder: str, parts: list[str], depth: int) -> Iterator[Found]:
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _matches(folder, rest or ["*"], depth)
        for entry in _folders(folder):
            if depth < MAX_DEPTH and not entry.name.startswith(".") and not entry.is_symlink():
                yield from _matches(entry.path, parts, depth + 1)
        return
    if rest:
        wild = any(mark in first for mark in WILD)
        names = [e.path for e in _folders(folder) if _fits(first)(e.name)] if wild else [f"{folder}/{first}"]
        for name in names:
            if Path(name).is_dir():
                yield from _matches(name, rest, depth)
        return
    fits = _fits(first)
    for entry in os.scandir(folder):
        if fits(entry.name) and (file := _found(entry)) is not None:
            yield file


def _folders(folder: str) -> list[os.DirEntry[str]]:
    return sorted((entry for entry in os.scandir(folder) if entry.is_dir()), key=lambda entry: entry.name)


def _fits(glob: str) -> Callable[[str], bool]:
    match = re.compile(translate(glob)).match
    return lambda name: bool(match(name)) and (glob.startswith(".") or not name.startswith("."))


def _found(entry: os.DirEntry[str]) -> Found | None:
    try:
        facts = entry.stat()
    except OSError:  # gone again, or a link into nowhere
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Found(entry.path, facts.st_size, facts.st_mtime_ns // 1_000_000, _inode(facts))


def _inode(facts: os.stat_result) -> str:
    return f"{facts.st_dev}:{facts.st_ino}"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
