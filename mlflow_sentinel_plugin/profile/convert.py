"""A live column as the values its baseline's kind asks for, whatever type it arrived in.

The same rows as CSV text, JSON, Parquet or Arrow give the same values. Nothing here raises on a bad value:
it is counted as malformed. Null, NaN and empty text are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.profile.texts import MAX_LENGTH, number_text, short, value_text
from mlflow_sentinel_plugin.profile.types import FloatArray

T = TypeVar("T")

_NUMBER = (
    r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?)$|^[nN][aA][nN]$"
)
_DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_ZONED = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([zZ]|[+-]\d{2}:?\d{2})$"
_TRUTH = {"true": 1.0, "1": 1.0, "1.0": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0}
_MICROSECONDS = 1e6


@dataclass(frozen=True)
class Column(Generic[T]):
    """Converted values, one per row: float64 (NaN = no value) or an Arrow text array (null = no value)."""

    values: T
    missing: int
    malformed: int


Numbers = Column[FloatArray]
Texts = Column[Any]


def is_text(column: Any) -> bool:
    return bool(pa.types.is_large_string(column.type))


def is_number(column: Any) -> bool:
    kind = column.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_time(column: Any) -> bool:
    return bool(pa.types.is_timestamp(column.type) or pa.types.is_date(column.type))


def numbers(column: Any, *, truth: bool = False) -> Numbers:
    """Values as float64; ``truth`` (the reference held booleans) also takes true and false, as 1 and 0.

    Integers beyond 2^53 round to the nearest float64. The texts ``nan`` and ``inf`` are the float values.
    """
    if is_number(column):
        return _from_floats(_to_float(column))
    if is_text(column):
        return _from_number_texts(column, truth)
    if pa.types.is_boolean(column.type) and truth:
        return _from_floats(_to_float(column.cast(pa.int8())))
    if pa.types.is_duration(column.type):
        seconds = _to_float(column.cast(pa.duration("us"), safe=False).cast(pa.int64())) / _MICROSECONDS
        return _from_floats(seconds)
    return _unusable(column)


def datetimes(column: Any) -> Numbers:
    """Seconds since 1970 in UTC. A time without zone is UTC; texts are ISO 8601.

    Bare numbers are malformed: whether they are seconds or milliseconds would be a guess.
    """
    if is_time(column):
        return _from_floats(_seconds(column))
    if not is_text(column):
        return _unusable(column)
    micro = pc.replace_substring_regex(column, r"(\.\d{6})\d+", r"\1")
    naive, _ = _parsed(micro, _DATE, _cast_naive)
    zoned, _ = _parsed(pc.utf8_upper(micro), _ZONED, _cast_zoned)
    values = np.where(np.isnan(naive), zoned, naive)
    missing = _blanks(column)
    return Column(values, missing, int(np.isnan(values).sum()) - missing)


def booleans(column: Any) -> Numbers:
    """1 and 0 from true/false, 1/0 or 1.0/0.0 as boolean, number or text in any case."""
    return _looked_up(column, lambda text: _TRUTH.get(text.strip().lower()))


def texts(column: Any, *, numeric: bool = False, true: str = "true", false: str = "false") -> Texts:
    """The level of each value (see :mod:`.texts`); ``numeric`` says the reference held numbers.

    ``true`` and ``false`` are the spellings of booleans among the reference's levels.
    """
    if pa.types.is_nested(column.type):
        return Column(
            pa.nulls(len(column), pa.large_string()), column.null_count, len(column) - column.null_count
        )
    result = _level_texts(column, numeric, {"true": true, "false": false})
    result = pc.if_else(pc.equal(result, ""), pa.scalar(None, pa.large_string()), result)
    return Column(_shortened(result), result.null_count, 0)


def lengths(column: Any) -> Numbers:
    """Number of characters of each value's text."""
    plain = texts(column) if not is_text(column) else Column(_blank_to_null(column), 0, 0)
    return _from_floats(_to_float(pc.utf8_length(plain.values)), plain.malformed)


def _from_number_texts(column: Any, truth: bool) -> Numbers:
    values, fitting = _parsed(_truth_to_digits(column) if truth else column, _NUMBER, _cast_float)
    malformed = len(column) - _blanks(column) - fitting
    return _from_floats(values, malformed)


def _level_texts(column: Any, numeric: bool, spelling: dict[str, str]) -> Any:
    if is_text(column):
        return _mapped(column, number_text) if numeric else column
    if pa.types.is_integer(column.type) or is_time(column):
        return column.cast(pa.large_string())
    if pa.types.is_boolean(column.type):
        return _mapped(column, lambda value: spelling["true" if value else "false"])
    return _mapped(column, value_text)


def _mapped(column: Any, text_of: Callable[[Any], str | None]) -> Any:
    """``text_of`` over the distinct values only."""
    encoded = column.dictionary_encode()
    entries = (
        encoded.dictionary.to_numpy(zero_copy_only=False)
        if is_number(column)
        else encoded.dictionary.to_pylist()
    )
    return pa.array([text_of(value) for value in entries], pa.large_string()).take(encoded.indices)


def _shortened(column: Any) -> Any:
    longest = pc.max(pc.utf8_length(column)).as_py()
    return _mapped(column, short) if longest is not None and longest > MAX_LENGTH else column


def _looked_up(column: Any, number_of: Callable[[str], float | None]) -> Numbers:
    levels = texts(column)
    encoded = levels.values.dictionary_encode()
    found = pa.array([number_of(text) for text in encoded.dictionary.to_pylist()], pa.float64()).take(
        encoded.indices
    )
    malformed = found.null_count - levels.values.null_count + levels.malformed
    return Column(_to_float(found), levels.missing, malformed)


def _parsed(text: Any, pattern: str, cast: Callable[[Any], FloatArray]) -> tuple[FloatArray, int]:
    """Trimmed texts that match ``pattern``, cast, others NaN; and how many match."""
    trimmed = pc.utf8_trim_whitespace(text)
    fits = pc.match_substring_regex(trimmed, pattern)
    values = cast(pc.if_else(fits, trimmed, pa.scalar(None, pa.large_string())))
    return values, int(pc.sum(fits).as_py() or 0)


def _blanks(column: Any) -> int:
    blank = pc.sum(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0
    return int(column.null_count + blank)


def _blank_to_null(column: Any) -> Any:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.large_string()), column)


def _truth_to_digits(column: Any) -> Any:
    lower = pc.utf8_lower(column)
    digits = pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", column))
    return digits.cast(pa.large_string())


def _cast_float(text: Any) -> FloatArray:
    return _to_float(text.cast(pa.float64()))


def _cast_naive(text: Any) -> FloatArray:
    return _seconds(_times(text, pa.timestamp("us")))


def _cast_zoned(text: Any) -> FloatArray:
    return _seconds(_times(text, pa.timestamp("us", "UTC")))


def _times(text: Any, kind: Any) -> Any:
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:  # the shape of a date, but no such day
        return pa.array([_time_or_none(value, kind) for value in text.to_pylist()], kind)


def _time_or_none(value: str | None, kind: Any) -> Any:
    try:
        return pa.scalar(value, pa.large_string()).cast(kind).as_py()
    except pa.ArrowInvalid:
        return None


def _seconds(column: Any) -> FloatArray:
    kind = pa.timestamp("us", getattr(column.type, "tz", None))
    micros = column.cast(kind, safe=False).cast(pa.int64())
    return _to_float(micros) / _MICROSECONDS


def _to_float(column: Any) -> FloatArray:
    """float64 with NaN for null; the column's own memory where that is what it holds."""
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _from_floats(values: FloatArray, malformed: int = 0) -> Numbers:
    return Column(values, int(np.count_nonzero(np.isnan(values))) - malformed, malformed)


def _unusable(column: Any) -> Numbers:
    missing = _blanks(column) if is_text(column) else column.null_count
    return Column(np.full(len(column), np.nan), missing, len(column) - missing)
