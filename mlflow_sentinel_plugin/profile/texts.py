"""One text per value: how a level of a categorical feature is written, whatever type it came in.

The rule: a text stays as it is; a whole number is written without point or exponent (3, 3.0 and, where the
reference held numbers, "3" and "3.0" are all ``3``); any other float in its shortest form; a boolean as
``true`` or ``false``. A text over 200 characters is cut and given a hash, so a level stays small.
"""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import re
from typing import Any

import numpy as np

MAX_LENGTH = 200
_KEPT = 160
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,300}")
_EXACT_WHOLE = 2.0**63


def value_text(value: Any) -> str | None:
    """The level that ``value`` stands for, or ``None`` if it is missing (None, NaN, NaT, empty text).

    >>> value_text(3), value_text(3.0), value_text(True), value_text(0.25), value_text(float("nan"))
    ('3', '3', 'true', '0.25', None)
    """
    if isinstance(value, str):
        return value or None
    if value is None or value != value:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        return _float_text(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") or None
    return str(value)


def _float_text(value: Any) -> str:
    number = float(value)
    if number.is_integer() and abs(number) < _EXACT_WHOLE:
        return str(int(value))
    return str(value if isinstance(value, np.float32) else number)


def number_text(text: str) -> str:
    """The level of a text in a column whose reference held numbers.

    >>> number_text("3.0"), number_text(" 7"), number_text("9007199254740993"), number_text("n/a")
    ('3', '7', '9007199254740993', 'n/a')
    """
    stripped = text.strip()
    if _WHOLE.fullmatch(stripped):
        return str(int(stripped))
    if NUMBER.fullmatch(stripped):
        return _float_text(float(stripped))
    return text


def short(text: str) -> str:
    """``text``, or its first 160 characters and a hash if it is longer than 200."""
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[:_KEPT]}…{hashlib.sha256(text.encode()).hexdigest()[:32]}"
