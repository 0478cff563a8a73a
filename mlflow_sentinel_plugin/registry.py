"""Named plug-ins: built-in ones, and those that other distributions bring by entry point."""

from __future__ import annotations

import difflib
import importlib.metadata
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from mlflow_sentinel_plugin.errors import InvalidInput

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps names to plug-ins of one kind.

    Args:
        kind: What is registered, for messages: ``"metric"``, ``"sink"``.
        group: Entry-point group that other distributions use, e.g. ``"mlflow_sentinel.metrics"``.
        builtin: The plug-ins that ship with this package. A built-in name cannot be replaced.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, T]) -> None:
        self._kind = kind
        self._group = group
        self._items: dict[str, T] = dict(builtin)
        self._found: dict[str, importlib.metadata.EntryPoint] | None = None

    def names(self) -> list[str]:
        """All known names, sorted."""
        return sorted({*self._items, *self._entry_points()})

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self._items or name in self._entry_points()

    def get(self, name: str) -> T:
        """The plug-in of that name, loaded on first use.

        Raises:
            InvalidInput: no such plug-in (the message lists the known ones), or its code cannot be loaded.
        """
        if name in self._items:
            return self._items[name]
        entry_point = self._entry_points().get(name)
        if entry_point is None:
            raise self._unknown(name)
        try:
            item: T = entry_point.load()
        except Exception as error:  # another distribution's code: whatever it raises
            raise self._broken(entry_point, error) from error
        self._items[name] = item
        return item

    def _broken(self, entry_point: importlib.metadata.EntryPoint, error: Exception) -> InvalidInput:
        brought = entry_point.dist.name if entry_point.dist else "another distribution"
        return InvalidInput(
            f"{self._kind} {entry_point.name!r} cannot be loaded: {type(error).__name__}: {error}",
            hint=f"it comes with {brought}: repair that, or remove it",
            code=f"broken_{self._kind}",
        )

    def _unknown(self, name: str) -> InvalidInput:
        near = difflib.get_close_matches(name, self.names(), 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        return InvalidInput(
            f"unknown {self._kind} {name!r}{meant}",
            hint=f"known: {', '.join(self.names())}",
            code=f"unknown_{self._kind}",
        )

    def _entry_points(self) -> dict[str, importlib.metadata.EntryPoint]:
        if self._found is None:
            self._found = {ep.name: ep for ep in importlib.metadata.entry_points(group=self._group)}
        return self._found
