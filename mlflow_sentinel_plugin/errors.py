"""Errors that carry what a user needs: a stable code, what was wrong, and what would be right."""

from __future__ import annotations

from typing import Any


class SentinelError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        message: What was wrong, in one sentence.
        hint: What would be right, or ``None``.
        code: Stable snake_case identifier; defaults to the class's ``code``.
        details: JSON-ready extra facts.
    """

    code = "internal_error"
    status = 500

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.details = details or {}


class InvalidInput(SentinelError, ValueError):
    """The request or argument is malformed (HTTP 400)."""

    code = "invalid_input"
    status = 400


class Unauthenticated(SentinelError):
    """No or wrong credentials (HTTP 401)."""

    code = "unauthenticated"
    status = 401
    challenge: str | None = None
    """The answer's ``WWW-Authenticate``: what makes a browser ask for name and password."""


class Forbidden(SentinelError):
    """The user may not do this (HTTP 403)."""

    code = "forbidden"
    status = 403


class NotFound(SentinelError):
    """The named thing does not exist or may not be seen (HTTP 404)."""

    code = "not_found"
    status = 404


class Conflict(SentinelError):
    """The state of the named thing does not allow this (HTTP 409)."""

    code = "conflict"
    status = 409


class TooLarge(SentinelError):
    """The body is larger than accepted (HTTP 413)."""

    code = "too_large"
    status = 413


class UnsupportedMediaType(SentinelError):
    """The body's media type is not understood (HTTP 415)."""

    code = "unsupported_media_type"
    status = 415


class Busy(SentinelError):
    """Too many requests at once; try again after ``retry_after`` seconds (HTTP 429)."""

    code = "busy"
    status = 429
    retry_after = 1


class Unavailable(SentinelError):
    """Sentinel cannot answer now; the message says why (HTTP 503)."""

    code = "unavailable"
    status = 503
    retry_after = 5


class ConfigError(SentinelError, ValueError):
    """The configuration is wrong; names file, key and the nearest valid key."""

    code = "config_error"


class CorruptData(SentinelError, ValueError):
    """Stored bytes are damaged or from a newer version."""

    code = "corrupt_data"


class LeaseLost(SentinelError):
    """This process is no longer the leader; the transaction was not committed."""

    code = "lease_lost"
