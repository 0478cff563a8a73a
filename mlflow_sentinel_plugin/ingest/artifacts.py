"""Files of a run in an MLflow artifact repository."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mlflow_sentinel_plugin.errors import InvalidInput, NotFound, TooLarge


@dataclass(frozen=True)
class Artifact:
    """A file or folder; ``path`` from the run's root, ``size`` in bytes if known."""

    path: str
    is_dir: bool
    size: int | None


def list_artifacts(repository: Any, root: str, folder: str = "") -> list[Artifact]:
    """What ``folder`` holds, by path.

    Args:
        repository: MLflow's.
        root: Where the run's artifacts begin in it.
        folder: From there; ``""`` is the top.

    Raises:
        InvalidInput: the folder's path leaves the root.
    """
    inside = checked_path(folder) if folder else ""
    found = repository.list_artifacts(posixpath.join(root, inside) or None)
    # Repositories differ in what their paths start from; the last part is always the name.
    items = [
        Artifact(posixpath.join(inside, posixpath.basename(item.path)), item.is_dir, item.file_size)
        for item in found
    ]
    return sorted(items, key=lambda item: item.path)


@contextmanager
def local_file(repository: Any, root: str, path: str, *, max_bytes: int, in_place: bool) -> Iterator[Path]:
    """A file of the repository on this machine: itself if ``in_place``, else a download deleted afterwards.

    Raises:
        NotFound: no such artifact.
        InvalidInput: the path leaves the root, or is a folder.
        TooLarge: more than ``max_bytes``; nothing was downloaded.
    """
    inside = checked_path(path)
    _check_file(_entry(repository, root, inside), max_bytes)
    full = posixpath.join(root, inside)
    if in_place:
        yield Path(repository.download_artifacts(full))
        return
    with tempfile.TemporaryDirectory(prefix="sentinel-artifact-") as folder:
        yield Path(repository.download_artifacts(full, folder))


def checked_path(path: str) -> str:
    """The path of an artifact, tidied.

    Raises:
        InvalidInput: empty, absolute, or with ``..``, a backslash or a control character, encoded or not.
    """
    plain = unquote(path)
    if (
        not path.strip("/")
        or plain.startswith("/")
        or ".." in plain.split("/")
        or "\\" in plain
        or not plain.isprintable()
    ):
        raise InvalidInput(
            f"{path!r} is no path of an artifact", hint="write it from the run's root, like data/train.csv"
        )
    return posixpath.normpath(path)


def _entry(repository: Any, root: str, path: str) -> Artifact:
    folder = list_artifacts(repository, root, posixpath.dirname(path))
    for item in folder:
        if item.path == path:
            return item
    near = ", ".join(item.path for item in folder[:10])
    raise NotFound(
        f"the run has no artifact {path!r}",
        hint=f"there are: {near}" if near else "list the run's artifacts in MLflow",
        code="artifact_not_found",
    )


def _check_file(item: Artifact, max_bytes: int) -> None:
    if item.is_dir:
        raise InvalidInput(f"{item.path!r} is a folder", hint="name a file in it")
    if item.size is not None and item.size > max_bytes:
        raise TooLarge(f"{item.path!r} holds {item.size} bytes", hint=f"at most {max_bytes} are read")
