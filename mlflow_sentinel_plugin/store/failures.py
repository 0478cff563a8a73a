"""What a database error means to a user: come back later, or change the value. The one place that decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mlflow_sentinel_plugin.errors import InvalidInput, SentinelError, Unavailable

_SCHEMA_CODES = frozenset({"42P01", "42703", 1054, 1146})
"""SQLSTATEs and MySQL numbers of a missing table or column."""
_REFUSED_CODES = frozenset({"42501", 1142})
"""The same of a missing privilege."""
_UNSTORABLE = ("NUL (0x00)", "Python int too large", "surrogates not allowed")
"""How drivers complain, outside their own error classes, of a value no column can hold."""


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turn the database's errors into this package's.

    Raises:
        Unavailable: away, locked, read-only, damaged, without our tables; says why, never the password.
        InvalidInput: the database cannot hold a value.
    """
    try:
        yield
    except (IntegrityError, NotSupportedError):
        raise
    except DataError as error:
        raise _unstorable(_reason(error, url)) from error
    except PoolTimeout as error:
        raise _unusable("all its connections are in use") from error
    except DBAPIError as error:
        meaning = _meaning(error, url)
        if meaning is None:
            raise
        raise meaning from error
    except (ValueError, OverflowError) as error:
        if isinstance(error, SentinelError) or not any(text in str(error) for text in _UNSTORABLE):
            raise
        raise _unstorable(str(error)) from error


def _unstorable(reason: str) -> InvalidInput:
    return InvalidInput(f"a value cannot be stored: {reason}")


def _unusable(reason: str) -> Unavailable:
    return Unavailable(f"Sentinel's database cannot be used: {reason}", code="database_unavailable")


def _meaning(error: DBAPIError, url: URL) -> Unavailable | None:
    """``None``: a mistake in a statement, which is ours."""
    codes, reason = _codes(error), _reason(error, url)
    if codes & _SCHEMA_CODES or reason.startswith(("no such table", "no such column")):
        return Unavailable(
            f"Sentinel's tables are missing or of another version: {reason}",
            hint="run mlflow-sentinel db upgrade",
            code="schema_missing",
        )
    if isinstance(error, ProgrammingError) and not codes & _REFUSED_CODES:
        return None
    return _unusable(reason)


def _codes(error: DBAPIError) -> set[object]:
    """SQLSTATE and error number, as far as the driver gives them."""
    original = error.orig
    number = next(iter(getattr(original, "args", ())), None)
    return {getattr(original, "pgcode", None), getattr(original, "sqlstate", None), number}


def _reason(error: DBAPIError, url: URL) -> str:
    """The driver's words on one line, at most 300 characters."""
    words = [str(part) for part in getattr(error.orig, "args", ()) if isinstance(part, str)]
    text = " ".join(" ".join(words).split()) or type(error.orig).__name__
    if url.password:
        text = text.replace(str(url.password), "***")
    return text[:300]
