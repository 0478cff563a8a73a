"""JSON rows: the shapes that MLflow's scoring server takes, a bare list of records, and NDJSON.

====================  ====================================================================
``dataframe_split``   ``{"columns": [...], "data": [[...], ...]}``; also without the key around it
``dataframe_records`` ``[{...}, ...]``
``inputs``            ``{"column": [...]}``, ``[{...}, ...]`` or ``[[...], ...]``
``instances``         as ``inputs``
====================  ====================================================================

A ``"predictions"`` key beside one of these, with a value in any form of ``inputs``, becomes the column
``prediction``, or ``prediction.<name>`` for several outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.ingest.cells import Cells, from_any, from_records, from_split
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
from mlflow_sentinel_plugin.ingest.strict_json import check_size, decode, decode_bytes
from mlflow_sentinel_plugin.ingest.values import column_of
from mlflow_sentinel_plugin.profile.kinds import PREDICTION

_SHAPES: dict[str, Callable[[Any, str, Limits], Cells]] = {
    "dataframe_split": from_split,
    "dataframe_records": from_records,
    "inputs": from_any,
    "instances": from_any,
}
_IGNORED = {"params", "signature_name"}
"""Keys of a scoring request that say nothing about rows."""
_HINT = (
    'send {"dataframe_split": {"columns": [...], "data": [[...]]}}, {"dataframe_records": [{...}]}, '
    '{"inputs": ...}, {"instances": ...} or a list of records, with "predictions" beside it if you like'
)


def read_json(body: bytes, limits: Limits) -> Rows:
    """Rows of a JSON body.

    Raises:
        InvalidInput: malformed, of an unknown shape, bad column names, unequal columns, no rows.
        TooLarge: more rows, columns or cells than allowed.
    """
    return rows_of(decode_bytes(body, limits), limits)


def read_ndjson(body: bytes, limits: Limits) -> Rows:
    """Rows of one JSON object a line. Lines that are anything else are rejected.

    Raises:
        InvalidInput: bad column names, no rows.
        TooLarge: more lines, columns or cells than allowed.
    """
    check_size(body, limits)
    checked_rows(body.count(b"\n"), limits)
    lines = body.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rejects = Rejects()
    numbers: list[int] = []
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            _read_line(line, number, numbers, records, rejects)
    return _table(from_records(records, "row", limits), rejects, limits, numbers)


def rows_of(value: Any, limits: Limits) -> Rows:
    """Rows of a parsed JSON value; see :func:`read_json`."""
    if isinstance(value, list):
        return _table(from_records(value, "the list", limits), Rejects(), limits)
    shape, data, predictions = _shape(value)
    cells = _SHAPES[shape](data, shape, limits)
    if predictions is not None:
        cells = cells.beside(_named(from_any(predictions, "predictions", limits)))
    return _table(cells, Rejects(), limits)


def _read_line(
    line: bytes, number: int, numbers: list[int], records: list[dict[str, Any]], rejects: Rejects
) -> None:
    try:
        record = decode(line.decode())
    except UnicodeDecodeError:
        rejects.add(number, "is not UTF-8")
    except InvalidInput as error:
        rejects.add(number, error.message)
    else:
        if isinstance(record, dict):
            numbers.append(number)
            records.append(record)
        else:
            rejects.add(number, "is not a JSON object")


def _shape(value: Any) -> tuple[str, Any, Any]:
    """Name of the shape, its data, and the predictions beside it."""
    if not isinstance(value, dict):
        raise InvalidInput("the JSON is neither an object nor a list", hint=_HINT, code="unknown_shape")
    if {"columns", "data"} <= value.keys():
        known, shape, data = {"columns", "data", "index"}, "dataframe_split", value
    else:
        found = [name for name in _SHAPES if name in value]
        if len(found) != 1:
            raise _ambiguous(found, value)
        known, shape, data = {found[0]}, found[0], value[found[0]]
    unknown = value.keys() - known - _IGNORED - {"predictions"}
    if unknown:
        raise InvalidInput(f"unknown key {min(unknown)!r} beside {shape!r}", hint=_HINT, code="unknown_shape")
    return shape, data, value.get("predictions")


def _ambiguous(shapes: list[str], value: dict[str, Any]) -> InvalidInput:
    keys = ", ".join(map(repr, [*value][:10]))
    what = " and ".join(shapes) if shapes else f"no rows; its keys: {keys or 'none'}"
    return InvalidInput(f"the JSON object holds {what}", hint=_HINT, code="unknown_shape")


def _named(cells: Cells) -> Cells:
    """Outputs as ``prediction``, or ``prediction.<name>`` if they have names or are several."""
    if cells.named or len(cells.names) > 1:
        names = [f"{PREDICTION}.{name}" for name in cells.names]
    else:
        names = [PREDICTION] * len(cells.names)
    return cells.renamed(names)


def _table(cells: Cells, rejects: Rejects, limits: Limits, positions: list[int] | None = None) -> Rows:
    names = checked_names(cells.names, limits)
    if len(names) * cells.length > limits.cells:
        raise too_large(f"{len(names)} columns of {cells.length} rows", f"at most {limits.cells} cells")
    bad = dict(cells.bad)
    named = zip(names, cells.columns(), strict=True)
    columns = {name: column_of(values, name, bad) for name, values in named}
    for index, reason in bad.items():
        rejects.add(positions[index] if positions else index + 1, reason)
    return finished(without_rows(pa.table(columns), bad if columns else ()), rejects)
