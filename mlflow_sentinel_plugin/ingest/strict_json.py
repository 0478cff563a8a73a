"""JSON exactly as RFC 8259 says: no NaN, no Infinity, no key twice."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.rows import REQUEST_LIMITS, Limits, too_large

_CODE = "malformed_json"
_OUTSIDE_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<literal>NaN|-?Infinity)', re.DOTALL)


class _Duplicate(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def _refuse_constant(literal: str) -> NoReturn:
    raise _NotANumber(literal)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Duplicate(next(key for position, key in enumerate(keys) if key in keys[:position]))
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def decode(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        InvalidInput: malformed, with line, column and offset; NaN or Infinity; a key twice in one object.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _malformed(error.msg, text, error.pos) from None
    except _NotANumber as error:
        raise _not_a_number(str(error), text) from None
    except _Duplicate as error:
        raise InvalidInput(
            f"the key {str(error)!r} is twice in one JSON object",
            hint="give each column its own name",
            code="duplicate_columns",
        ) from None
    except RecursionError:
        raise InvalidInput("the JSON is nested too deeply", code=_CODE) from None
    except ValueError:  # Python's limit on the digits of an integer
        raise InvalidInput("the JSON holds a number with thousands of digits", code=_CODE) from None


def decode_bytes(body: bytes, limits: Limits = REQUEST_LIMITS) -> Any:
    """:func:`decode` of a UTF-8 body, with or without byte order mark.

    Raises:
        TooLarge: so long, or with so many lists and objects, that its values could fill the memory.
    """
    check_size(body, limits)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"the JSON is not UTF-8 at byte {error.start}",
            code=_CODE,
            details={"offset": error.start},
        ) from None
    return decode(text)


def check_size(body: bytes, limits: Limits) -> None:
    """Raises :class:`TooLarge` for JSON whose values could fill the memory."""
    if len(body) > limits.json_bytes:
        raise too_large(f"{len(body)} bytes of JSON", f"at most {limits.json_bytes}, or Parquet,")
    containers = body.count(b"{") + body.count(b"[")
    if containers > limits.json_containers:
        raise too_large(f"{containers} lists and objects", f"at most {limits.json_containers}")


def _malformed(reason: str, text: str, offset: int) -> InvalidInput:
    line, column = _place(text, offset)
    return InvalidInput(
        f"malformed JSON at line {line}, column {column}: {reason}",
        code=_CODE,
        details={"line": line, "column": column, "offset": offset},
    )


def _not_a_number(literal: str, text: str) -> InvalidInput:
    offset = next((m.start() for m in _OUTSIDE_STRINGS.finditer(text) if m["literal"]), 0)
    line, column = _place(text, offset)
    return InvalidInput(
        f"{literal} at line {line}, column {column} is not JSON",
        hint="send null for a missing number",
        code=_CODE,
        details={"line": line, "column": column, "offset": offset},
    )


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
