"""CSV: comma separated, quoted with ``"``, a header line first. Every cell is text; an empty one is null."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from mlflow_sentinel_plugin.errors import InvalidInput, UnsupportedMediaType
from mlflow_sentinel_plugin.ingest.rows import (
    Limits,
    Rejects,
    Rows,
    checked_names,
    checked_rows,
    finished,
    too_large,
    without_rows,
)

_CHARSETS = ("utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16")
"""Not any codec of Python's: some of those inflate or run for ever on hostile text."""
_END = b"\x1aend"
_OTHER_SEPARATORS = (";", "\t", "|")
_UNDECODABLE = object()


def read_csv(body: bytes, charset: str | None, limits: Limits) -> Rows:
    """Rows of a CSV body. Rows of another width than the header, or not in the charset, are rejected.

    Raises:
        InvalidInput: no header, bad column names, a quote that is never closed, no rows.
        TooLarge: too many rows or columns.
        UnsupportedMediaType: unknown charset.
    """
    text = _as_utf8(body, charset).lstrip(b"\r\n")
    names = checked_names(_header(text), limits)
    rejects = Rejects()
    columns, kept = _parsed(text, len(names), rejects, limits)
    return replace(finished(_as_texts(columns, names, kept, rejects), rejects), untyped=True)


def _as_utf8(body: bytes, charset: str | None) -> bytes:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    name = _charset(charset or "utf-8")
    if name in ("utf-8", "ascii"):
        return body.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode(name).encode()
    except UnicodeError as error:
        raise InvalidInput(f"the body is not {name} text: {error}") from None


def _charset(given: str) -> str:
    try:
        name = codecs.lookup(given).name
    except LookupError:
        name = given
    if name not in _CHARSETS:
        raise UnsupportedMediaType(
            f"charset {given!r} is not supported", hint=f"send UTF-8, or one of {', '.join(_CHARSETS)}"
        )
    return name


def _header(text: bytes) -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", errors="surrogateescape", newline="")
    try:
        names = next(csv.reader(stream), [])
    except csv.Error as error:
        raise InvalidInput(f"the CSV header cannot be read: {error}") from None
    if len(names) == 1:
        _refuse_other_separator(names[0])
    return names


def _refuse_other_separator(header: str) -> None:
    found = next((mark for mark in _OTHER_SEPARATORS if mark in header), None)
    if found is not None:
        raise InvalidInput(
            f"the CSV header is one column with {found!r} in its name",
            hint="separate the columns by commas",
        )


def _parsed(text: bytes, width: int, rejects: Rejects, limits: Limits) -> tuple[list[Any], Any]:
    """Columns of bytes, and the 1-based position of each of their rows."""
    if len(text) > 2**31 - 2**20:
        raise too_large(f"{len(text)} bytes of CSV", f"less than {2**31 - 2**20}, or Parquet,")
    cells = text.count(b",") + text.count(b"\n")
    if cells > limits.cells:
        raise too_large(f"about {cells} cells", f"at most {limits.cells}")
    wrong: list[int] = []

    def on_wrong_width(row: Any) -> str:
        position = row.number - 1
        wrong.append(position)
        rejects.add(position, f"has {row.actual_columns} cells, the header has {width}")
        return "skip" if rejects.count <= limits.rows else "error"

    try:
        table = _parse(text, width, on_wrong_width)
    except pa.ArrowException as error:
        checked_rows(len(wrong), limits)
        raise _unreadable(str(error).splitlines()[0]) from None
    checked_rows(table.num_rows + len(wrong) - 1, limits)
    if table.num_rows == 0 or table.column(0)[-1].as_py() != _END:
        raise _unclosed_quote()
    rows = table.num_rows - 1
    kept = np.delete(np.arange(1, rows + len(wrong) + 1), np.asarray(wrong, dtype=np.int64) - 1)
    return table.slice(0, rows).combine_chunks().columns, kept


def _unreadable(reason: str) -> InvalidInput:
    # How Arrow puts it that even the one block ends inside a cell.
    return _unclosed_quote() if "straddl" in reason else InvalidInput(f"the CSV cannot be read: {reason}")


def _unclosed_quote() -> InvalidInput:
    return InvalidInput(
        "a quote in the CSV is never closed",
        hint='write a quote inside a quoted cell as two: ""',
        code="unclosed_quote",
    )


def _parse(text: bytes, width: int, on_wrong_width: Any) -> pa.Table:
    """The table with one more row of ``_END`` cells, which an open quote would swallow."""
    names = [str(position) for position in range(width)]
    whole = text + b"\n" + b",".join([_END] * width) + b"\n"
    return pa_csv.read_csv(
        pa.BufferReader(whole),
        pa_csv.ReadOptions(
            use_threads=False, block_size=len(whole) + 1, column_names=names, skip_rows_after_names=1
        ),
        pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_wrong_width),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _as_texts(columns: list[Any], names: list[str], kept: Any, rejects: Rejects) -> pa.Table:
    bad: dict[int, str] = {}
    texts = [_as_text(column, name, bad) for column, name in zip(columns, names, strict=True)]
    table = pa.table(dict(zip(names, texts, strict=True)))
    for index, name in bad.items():
        rejects.add(int(kept[index]), f"the text in column {name!r} is not UTF-8; was its charset not named?")
    return without_rows(table, bad)


def _as_text(column: Any, name: str, bad: dict[int, str]) -> Any:
    """The column as text; rows whose bytes are not UTF-8 are null and noted in ``bad``."""
    try:
        return column.cast(pa.large_string())
    except pa.ArrowInvalid:
        values = [_decoded(value) for value in column.to_pylist()]
        bad.update((index, name) for index, value in enumerate(values) if value is _UNDECODABLE)
        return pa.array([None if value is _UNDECODABLE else value for value in values], pa.large_string())


def _decoded(value: bytes | None) -> Any:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return _UNDECODABLE
