"""One look at the files of a source: which is which by now, and what there is to read, in order."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from mlflow_sentinel_plugin.config.sources import SourceFormat
from mlflow_sentinel_plugin.errors import Conflict, InvalidInput, Unavailable
from mlflow_sentinel_plugin.ingest.logs.follow import FileState, pair, stem_of
from mlflow_sentinel_plugin.ingest.logs.forward import Forward
from mlflow_sentinel_plugin.ingest.logs.lines import shortened_end
from mlflow_sentinel_plugin.ingest.logs.marks import Known
from mlflow_sentinel_plugin.ingest.logs.naming import compression_of
from mlflow_sentinel_plugin.ingest.logs.opening import reader_of
from mlflow_sentinel_plugin.ingest.logs.place import Found, Place

QUIET_MS = 600_000
"""A file that nobody wrote to for so long has a whole last line, line end or not."""
_TRIED = 20
"""Files that were read before, of which a new one may be a copy, and is compared with."""


@dataclass(frozen=True)
class Task:
    """A file with something to read.

    Attributes:
        final: Nothing is being added to it.
    """

    found: Found
    state: FileState
    final: bool


@dataclass
class Look:
    """What a look found.

    Attributes:
        found: All files of the source, and what was rotated out of its pattern.
        tasks: What to read, in order: what was rotated away first.
        states: Of every file, also of those that are gone.
        changed: States that say something new, to be saved.
        problems: Of files that cannot be told apart now; the next look tries again.
    """

    found: list[tuple[Found, FileState]] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    states: list[FileState] = field(default_factory=list)
    changed: list[FileState] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, found: Found, state: FileState, now: int, *, anew: bool) -> None:
        """A file and its state; a task unless it is read already."""
        unchanged = state.is_as(found)
        if state.path != found.path or state.gone_at is not None:
            state.path, state.gone_at = found.path, None
            self.changed.append(state)
        self.found.append((found, state))
        final = found.mtime_ms is None or now - found.mtime_ms >= QUIET_MS
        if not unchanged or (state.error is not None and anew) or (final and _has_tail(found, state)):
            self.tasks.append(Task(found, state, final))


def look(place: Place, states: Collection[FileState], said: SourceFormat, now: int, *, anew: bool) -> Look:
    """List the files and tell them apart.

    Args:
        states: All that are known; changed in place.
        anew: Try files again that could not be read.

    Raises:
        Unavailable: the files cannot be listed.
    """
    pairing = pair([file for file in place.files() if file.size], states)
    seen, new, lost = Look(states=list(states)), list(pairing.new), list(pairing.missing)
    known: list[tuple[Found, FileState]] = []
    for found, state in pairing.known:
        if state.is_as(found) or _goes_on(place, found, state, said):
            known.append((found, state))
        else:
            new.append(found)
            lost.append(state)
    fresh = []
    for found in new:
        try:
            fresh.append((found, _state_of_new(place, found, lost, known, said, seen)))
        except (Conflict, Unavailable) as error:
            seen.problems.append(error.message)
    taken = {found.inode for found, _ in known + fresh}
    for found, state in _rotated_away(place, lost, taken, said, seen, now):
        seen.add(found, state, now, anew=anew)
    for found, state in sorted(known + fresh, key=lambda one: (one[0].mtime_ms or 0, one[0].path)):
        seen.add(found, state, now, anew=anew)
    return seen


def is_plain(state: FileState) -> bool:
    """Whether positions are those of the file itself."""
    return state.unit == "bytes" and compression_of(state.path) is None


def _has_tail(found: Found, state: FileState) -> bool:
    return is_plain(state) and state.error is None and not state.settled and state.position < found.size


def _goes_on(place: Place, found: Found, state: FileState, said: SourceFormat) -> bool:
    """Whether the file is the one that was read before; of one that was cut, the state is set back."""
    try:
        known = _known(place, found, state, said)
        if known == "shorter" and compression_of(found.path) is None:
            with place.open(found) as raw:
                state.position, state.mark = shortened_end(Forward(raw, None), found.size)
            return True
    except (InvalidInput, Conflict, Unavailable):
        return True  # Reading it looks again, and says what is wrong.
    return known == "same"


def _known(place: Place, found: Found, state: FileState, said: SourceFormat) -> Known:
    if state.position == 0:
        return "same"
    with place.open(found) as raw, reader_of(raw, found.path, said) as reader:
        return reader.resume(state.position, state.mark) if reader.unit == state.unit else "other"


def _is_copy(place: Place, found: Found, state: FileState, said: SourceFormat) -> bool:
    try:
        return _known(place, found, state, said) == "same"
    except InvalidInput:
        return False


def _state_of_new(
    place: Place,
    found: Found,
    lost: list[FileState],
    known: Iterable[tuple[Found, FileState]],
    said: SourceFormat,
    seen: Look,
) -> FileState:
    """Of a file that was copied or compressed, the state of what it was before; else a new one."""
    stem = stem_of(found.path)
    alike = [state for state in lost if state.position and stem_of(state.path) == stem]
    for state in sorted(alike, key=lambda one: -one.read_at)[:_TRIED]:
        if _is_copy(place, found, state, said):
            lost.remove(state)
            state.inode = found.inode
            return state
    state = FileState(found.path, inode=found.inode)
    for _, live in known:
        # What is still written to may have been copied, to be cut next.
        if live.path == stem and live.position and _is_copy(place, found, live, said):
            state.unit, state.position, state.mark = live.unit, live.position, live.mark
            break
    seen.states.append(state)
    return state


def _rotated_away(
    place: Place,
    lost: Iterable[FileState],
    taken: Collection[str | None],
    said: SourceFormat,
    seen: Look,
    now: int,
) -> list[tuple[Found, FileState]]:
    """Files that left the pattern but are there under another name; the others are gone."""
    folders: dict[str, dict[str | None, Found]] = {}
    left: list[tuple[Found, FileState]] = []
    for state in lost:
        if state.gone_at is not None:
            continue
        folder = posixpath.dirname(state.path)
        if folder not in folders:
            folders[folder] = {file.inode: file for file in place.beside(state.path)}
        found = folders[folder].get(state.inode) if state.inode else None
        there = found is not None and found.inode not in taken
        if found is not None and there and (state.is_as(found) or _goes_on(place, found, state, said)):
            left.append((found, state))
        else:
            state.gone_at = now
            seen.changed.append(state)
    return left
