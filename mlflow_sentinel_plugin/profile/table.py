"""Any table a user holds, as Arrow tables of at most 65,536 rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.texts import value_text

BLOCK_ROWS = 65_536
_ACCEPTED = "a pandas, polars or pyarrow table, or a dict of equally long arrays"
_CONVERSION_ERRORS = (pa.ArrowException, OverflowError, TypeError, ValueError)


def to_table(data: Any) -> pa.Table:
    """``data`` as an Arrow table with text column names.

    Raises:
        InvalidInput: not a table, two columns of one name, or columns of different lengths.
    """
    if isinstance(data, pa.Table):
        names, columns = data.column_names, data.columns
    elif isinstance(data, pa.RecordBatch):
        names, columns = data.schema.names, data.columns
    elif _is_pandas(data):
        names = [str(name) for name in data.columns]
        columns = [_pandas_column(data.iloc[:, i]) for i in range(len(names))]
    elif _is_polars(data):
        names = list(data.columns)
        columns = [_polars_column(data[name]) for name in names]
    elif isinstance(data, Mapping):
        names = [str(name) for name in data]
        columns = [_array(name, values) for name, values in zip(names, data.values(), strict=True)]
    else:
        raise InvalidInput(f"{type(data).__name__} is not a table", hint=f"give {_ACCEPTED}")
    return _assemble(names, columns)


def is_table(data: Any) -> bool:
    """Whether :func:`to_table` takes ``data`` (else it may be an iterable of tables)."""
    return isinstance(data, (pa.Table, pa.RecordBatch, Mapping)) or _is_pandas(data) or _is_polars(data)


def blocks(data: Any) -> Iterator[pa.Table]:
    """``data``, a table or an iterable of tables, in blocks of at most 65,536 rows.

    Small neighbours of one schema are joined: counting many rows at once is several times cheaper.
    """
    if is_table(data):
        yield from _split(to_table(data))
        return
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        raise InvalidInput(
            f"{type(data).__name__} is not a table", hint=f"give {_ACCEPTED}, or an iterable of them"
        )
    waiting: list[pa.Table] = []
    for batch in data:
        table = to_table(batch)
        full = sum(t.num_rows for t in waiting) + table.num_rows > BLOCK_ROWS
        if waiting and (full or waiting[0].schema != table.schema):
            yield from _split(pa.concat_tables(waiting))
            waiting = []
        waiting.append(table)
    if waiting:
        yield from _split(pa.concat_tables(waiting))


def _split(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(table.num_rows, 1), BLOCK_ROWS):
        yield table.slice(start, BLOCK_ROWS)


def _is_pandas(data: Any) -> bool:
    return (
        type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "iloc") and hasattr(data, "columns")
    )


def _is_polars(data: Any) -> bool:
    return (
        type(data).__module__.split(".")[0] == "polars"
        and hasattr(data, "to_arrow")
        and hasattr(data, "columns")
    )


def _pandas_column(series: Any) -> Any:
    plain = _without_pandas_types(series)
    try:
        return pa.array(plain, from_pandas=True)
    except _CONVERSION_ERRORS:
        return _mixed(plain.tolist())


def _without_pandas_types(series: Any) -> Any:
    """Sparse values, periods (their start) and intervals (their text) as what Arrow knows."""
    kind = str(
        getattr(series, "cat", series).categories.dtype if series.dtype == "category" else series.dtype
    )
    if kind.startswith("Sparse"):
        return series.sparse.to_dense()
    if kind.startswith("period"):
        return (
            series.astype("object")
            .map(lambda p: p.to_timestamp(), na_action="ignore")
            .astype("datetime64[us]")
        )
    return series.astype("string") if kind.startswith("interval") else series


def _polars_column(series: Any) -> Any:
    try:
        return series.to_arrow()
    except _CONVERSION_ERRORS:  # a type that Arrow lacks, such as integers of 128 bits
        return _array(series.name, series.to_list())


def _array(name: str, values: Any) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, (str, bytes)) or not (hasattr(values, "__len__") and hasattr(values, "__iter__")):
        raise InvalidInput(
            f"column {name!r} is {type(values).__name__}, not an array", hint=f"give {_ACCEPTED}"
        )
    if getattr(values, "ndim", 1) != 1:
        raise InvalidInput(f"column {name!r} has {values.ndim} dimensions", hint="give one value per row")
    try:
        return pa.array(values, from_pandas=True)
    except _CONVERSION_ERRORS:
        return _mixed(values.tolist() if isinstance(values, np.ndarray) else list(values))


def _mixed(values: Sequence[Any]) -> Any:
    """Values of several types: each as its text."""
    return pa.array([_plain(value) for value in values], pa.large_string())


def _plain(value: Any) -> str | None:
    try:
        return value_text(value)
    except (TypeError, ValueError):  # a nested value may refuse comparison with itself
        return str(value)


def _assemble(names: Sequence[str], columns: Sequence[Any]) -> pa.Table:
    doubled = (
        sorted({name for name in names if list(names).count(name) > 1})
        if len(set(names)) < len(names)
        else []
    )
    if doubled:
        raise InvalidInput(f"two columns are named {doubled[0]!r}", hint="give each column its own name")
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise InvalidInput(
            "the columns differ in length: "
            + ", ".join(f"{n!r} {len(c)}" for n, c in zip(names, columns, strict=True)),
            hint="give as many values in each column",
        )
    return pa.table(dict(zip(names, (_flat(column) for column in columns), strict=True)))


def _flat(column: Any) -> Any:
    """Without dictionary, run-end or extension wrapping."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _flat(column.cast(kind.storage_type))
    if pa.types.is_dictionary(kind):
        return _flat(column.cast(kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        return _flat(pc.run_end_decode(column))
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if pa.types.is_float16(kind):  # few compute functions know it
        return column.cast(pa.float32())
    return column
