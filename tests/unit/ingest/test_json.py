from __future__ import annotations

import json

import pyarrow as pa
import pytest

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge
from mlflow_sentinel_plugin.ingest.payload import Limits, read_rows, rows_of
from mlflow_sentinel_plugin.ingest.rows import REQUEST_LIMITS

ROWS = {"a": [1, 2], "b": ["x", None]}
RECORDS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
SPLIT = {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]}


def read(value):
    return read_rows(json.dumps(value).encode(), "application/json")


@pytest.mark.parametrize(
    "value",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_split": {**SPLIT, "index": [0, 1]}},
        SPLIT,
        {"dataframe_records": RECORDS},
        {"inputs": ROWS},
        {"inputs": RECORDS},
        {"instances": RECORDS},
        {"instances": ROWS, "params": {"top": 3}},
        RECORDS,
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_every_shape_gives_the_same_rows(value):
    assert read(value).table.to_pydict() == ROWS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"inputs": [[1, 2], [3, 4]]}, {"0": [1, 3], "1": [2, 4]}),
        ({"inputs": [1, 2]}, {"0": [1, 2]}),
        ({"inputs": {"a": 1, "b": "x"}}, {"a": [1], "b": ["x"]}),
        ({"dataframe_split": {"columns": [0, 1.5], "data": [[1, 2]]}}, {"0": [1], "1.5": [2]}),
        ([{"a": 1}, {"b": 2}, {}], {"a": [1, None, None], "b": [None, 2, None]}),
    ],
)
def test_what_the_scoring_server_also_takes(value, expected):
    assert read(value).table.to_pydict() == expected


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        ([0.1, 0.2], {"prediction": [0.1, 0.2]}),
        ([[0.1], [0.2]], {"prediction": [0.1, 0.2]}),
        ([[0.1, 0.9], [0.2, 0.8]], {"prediction.0": [0.1, 0.2], "prediction.1": [0.9, 0.8]}),
        ([{"label": "x"}, {"label": "y"}], {"prediction.label": ["x", "y"]}),
        ({"low": [1, 2], "high": [3, 4]}, {"prediction.low": [1, 2], "prediction.high": [3, 4]}),
    ],
)
def test_predictions_beside_the_rows_become_columns(predictions, expected):
    rows = read({"dataframe_split": SPLIT, "predictions": predictions})
    assert rows.table.to_pydict() == {**ROWS, **expected}


def test_a_rejected_row_takes_its_prediction_along():
    rows = read({"dataframe_records": [{"a": 1}, 7, {"a": 3}], "predictions": [10, 20, 30]})
    assert rows.table.to_pydict() == {"a": [1, 3], "prediction": [10, 30]}
    assert rows.samples == [(2, "is not a JSON object")]


def test_rows_of_another_width_are_counted():
    rows = read({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3], "x", [4, 5]]}})
    assert rows.table.to_pydict() == {"a": [1, 4], "b": [2, 5]}
    assert rows.samples == [(2, "has 1 values, not 2"), (3, "is not a list of values")]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, None], pa.bool_(), [True, None]),
        ([1, None], pa.int64(), [1, None]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        (["NA", "", "None"], pa.large_string(), ["NA", "", "None"]),
        ([None, None], pa.large_string(), [None, None]),
        ([3, "x", 0.25, True, 3.0, None], pa.large_string(), ["3", "x", "0.25", "true", "3", None]),
        ([True, 1], pa.large_string(), ["true", "1"]),
        ([2**63, 1], pa.large_string(), ["9223372036854775808", "1"]),
        ([2**53 + 1, 0.5], pa.large_string(), ["9007199254740993", "0.5"]),
        ([[1, "ü"], {"k": None}], pa.large_string(), ['[1,"ü"]', '{"k":null}']),
    ],
)
def test_a_column_keeps_one_type_and_is_text_if_it_has_several(values, kind, expected):
    column = read({"inputs": {"a": values}}).table["a"]
    assert column.type == kind
    assert column.to_pylist() == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"dataframe_records": [{"a": 1},]}', "malformed JSON at line 1, column 33"),
        (b'[{"a": 1}\n{"a": 2}]', "malformed JSON at line 2, column 1"),
        (b'[{"a": "NaN"},\n {"a": NaN}]', "NaN at line 2, column 8 is not JSON"),
        (b'[{"a": -Infinity}]', "-Infinity at line 1, column 8 is not JSON"),
        (b'[{"a": 1, "a": 2}]', "the key 'a' is twice"),
        (b'[{"a": ' + b"1" * 5_000 + b"}]", "thousands of digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"a": "\xff"}]', "not UTF-8 at byte 8"),
        (b"7", "neither an object nor a list"),
        (b"[]", "holds no rows"),
        (b"[{}]", "holds no rows"),
        (b"{}", "holds no rows"),
        (b'{"rows": [1]}', "its keys: 'rows'"),
        (b'{"inputs": [{"a": 1}], "instances": [{"a": 1}]}', "inputs and instances"),
        (b'{"inputs": [{"a": 1}], "outputs": [1]}', "unknown key 'outputs'"),
        (b'{"inputs": {"a": [1, 2], "b": [1]}}', "differ in length"),
        (b'{"inputs": {"a": [1, 2], "b": 1}}', "column 'b' of 'inputs' is not a list"),
        (b'{"inputs": "x"}', "'inputs' does not hold a list of rows"),
        (b'{"dataframe_split": {"data": [[1]]}}', 'needs "columns" and "data"'),
        (b'{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}', "two columns are named 'a'"),
        (b'{"dataframe_split": {"columns": ["a", null], "data": [[1, 2]]}}', "column 2 is NoneType"),
        (b'[{"": 1}]', "column 1 has no name"),
        (b'[{"\\ud800": 1}]', "not valid Unicode"),
        (b'[{"a\\u0000": 1}]', "not valid Unicode"),
        (b'{"inputs": [{"a": 1}], "predictions": [1, 2]}', "2 predictions for 1 rows"),
        (b'{"inputs": [{"prediction": 1}], "predictions": [1]}', "two columns are named 'prediction'"),
        (b"[1, 2]", "none of the 2 rows can be read; row 1: is not a JSON object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_body_is_refused_with_what_is_wrong(body, message):
    with pytest.raises(InvalidInput) as caught:
        read_rows(body, "application/json")
    assert message in caught.value.message


def test_the_place_of_a_mistake_is_in_the_details():
    with pytest.raises(InvalidInput) as caught:
        read_rows(b"[1,\n NaN]", "application/json")
    assert caught.value.details == {"line": 2, "column": 2, "offset": 5}
    assert caught.value.hint == "send null for a missing number"


def test_a_number_beyond_float64_is_infinite_not_an_error():
    assert read_rows(b'[{"a": 1e999}, {"a": 1}]', "application/json").table["a"].to_pylist() == [
        float("inf"),
        1.0,
    ]


def test_text_that_is_no_unicode_rejects_its_row():
    rows = read_rows(b'[{"a": "x"}, {"a": "\\udc00"}]', "application/json")
    assert rows.table.to_pydict() == {"a": ["x"]}
    assert rows.samples == [(2, "the text in column 'a' is not valid Unicode")]


def test_parsed_values_are_taken_as_they_are():
    assert rows_of(RECORDS, REQUEST_LIMITS).table.to_pydict() == ROWS


@pytest.mark.parametrize(
    "value",
    [
        [{"a": 1}] * 11,
        [{"a": 1, "b": 1, "c": 1, "d": 1}],
        [{"a": 1, "b": 1, "c": 1}, *[{}] * 7],
        {"inputs": {"a": [1] * 11}},
    ],
)
def test_more_than_allowed_is_refused_even_if_the_body_is_short(value):
    with pytest.raises(TooLarge):
        rows_of(value, Limits(rows=10, columns=3, cells=20, bytes=1_000))


@pytest.mark.parametrize("body", [b"[" + b"{}," * 41 + b"{}]", b'["' + b"x" * 250 + b'"]'])
def test_json_that_could_fill_the_memory_is_refused_before_it_is_parsed(body):
    with pytest.raises(TooLarge):
        read_rows(body, "application/json", limits=Limits(rows=10, columns=3, cells=20, bytes=1_000))


def test_bad_lines_of_ndjson_are_counted_with_their_line():
    body = b'{"a": 1}\n\n{"a": }\n[2]\n{"a": NaN}\n{"a": 1, "a": 2}\n\xff\n{"a": 3, "b": "x"}'
    rows = read_rows(body, "application/x-ndjson")
    assert rows.table.to_pydict() == {"a": [1, 3], "b": [None, "x"]}
    assert rows.rejected == 5
    assert [line for line, _ in rows.samples] == [3, 4, 5, 6, 7]


def test_a_line_of_ndjson_with_bad_text_is_counted_by_its_line():
    rows = read_rows(b'\n{"a": "\\ud800"}\n{"a": "x"}\n', "application/x-ndjson")
    assert rows.samples == [(2, "the text in column 'a' is not valid Unicode")]


@pytest.mark.parametrize(("body", "message"), [(b"x\ny", "none of the 2 rows"), (b"{}\n", "holds no rows")])
def test_ndjson_without_a_row_is_refused(body, message):
    with pytest.raises(InvalidInput, match=message):
        read_rows(body, "application/x-ndjson")


def test_more_lines_than_allowed_are_refused_before_they_are_parsed():
    with pytest.raises(TooLarge):
        read_rows(b"x\n" * 11, "application/x-ndjson", limits=Limits(rows=10, columns=3, cells=20, bytes=999))
