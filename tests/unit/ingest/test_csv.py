from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.errors import InvalidInput, TooLarge, UnsupportedMediaType
from mlflow_sentinel_plugin.ingest.payload import Limits, read_rows


def read(body: bytes, content_type: str = "text/csv"):
    return read_rows(body, content_type)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\n1,2", {"a": ["1"], "b": ["2"]}),
        (b"a,b\r\n1,2\r\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\r1,2\r", {"a": ["1"], "b": ["2"]}),
        (b"\xef\xbb\xbfa,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"\n\na,b\n\n1,2\n\n", {"a": ["1"], "b": ["2"]}),
        (b'a,b\n"x\ny","p ""q"", r"\n', {"a": ["x\ny"], "b": ['p "q", r']}),
        (b'"a\nz",b\n1,2\n', {"a\nz": ["1"], "b": ["2"]}),
        (b'a,b\n5\'10"",x\n', {"a": ['5\'10""'], "b": ["x"]}),
        ("größe,日本\n1,é\n".encode(), {"größe": ["1"], "日本": ["é"]}),
    ],
)
def test_a_well_formed_body_is_read_as_text(body, expected):
    assert read(body).table.to_pydict() == expected


def test_only_the_empty_cell_is_null():
    rows = read(b'a,b\n,NA\n"",None\nnan,null\n')
    assert rows.table.to_pydict() == {"a": [None, None, "nan"], "b": ["NA", "None", "null"]}


def test_the_rows_say_that_they_have_no_types():
    assert read(b"a\n1\n").untyped


@pytest.mark.parametrize(
    ("charset", "codec"), [("iso-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("utf-16", "utf-16")]
)
def test_a_named_charset_is_decoded(charset, codec):
    rows = read("wort,n\ngrün,1\n".encode(codec), f"text/csv; charset={charset}")
    assert rows.table.to_pydict() == {"wort": ["grün"], "n": ["1"]}


def test_a_utf16_mark_needs_no_charset():
    assert read("a\nü\n".encode("utf-16")).table.to_pydict() == {"a": ["ü"]}


@pytest.mark.parametrize("charset", ["unicode_escape", "zlib", "nonsense"])
def test_another_charset_is_refused(charset):
    with pytest.raises(UnsupportedMediaType, match=charset):
        read(b"a\n1\n", f"text/csv; charset={charset}")


def test_rows_of_another_width_are_counted_with_their_position():
    rows = read(b"a,b\n1,2\n3\n\n4,5,6\n7,8\n")
    assert rows.table.to_pydict() == {"a": ["1", "7"], "b": ["2", "8"]}
    assert rows.rejected == 2
    assert rows.samples == [(2, "has 1 cells, the header has 2"), (3, "has 3 cells, the header has 2")]


def test_rows_that_are_not_utf8_are_counted_with_their_position():
    rows = read(b"a,b\n1\n\xe4,x\ny,\xff\n2,z\n")
    assert rows.table.to_pydict() == {"a": ["2"], "b": ["z"]}
    assert rows.rejected == 3
    assert [position for position, _ in rows.samples] == [1, 2, 3]
    assert "'a' is not UTF-8" in rows.samples[1][1]


def test_only_the_first_five_rejected_rows_are_kept():
    rows = read(b"a,b\n" + b"1\n" * 8 + b"1,2\n")
    assert rows.rejected == 8
    assert [position for position, _ in rows.samples] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("body", [b'a,b\n1,2\n3,"4\n5,6\n', b'a,b\n1,2\n"3,4\n5,6\n', b'a,"b\n1,2\n'])
def test_a_quote_that_is_never_closed_is_refused_rather_than_swallow_rows(body):
    with pytest.raises(InvalidInput, match="never closed"):
        read(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a,b,a\n1,2,3\n", "two columns are named 'a'"),
        (b"a,,b\n1,2,3\n", "column 2 has no name"),
        (b"a,b\n", "holds no rows"),
        (b"a,b", "holds no rows"),
        (b"a,b\n1\n2,3,4\n", "none of the 2 rows can be read; row 1: has 1 cells"),
        (b"a;b\n1;2\n", "';'"),
        (b"a\tb\n1\t2\n", r"'\\t'"),
        (b"\xe4,b\n1,2\n", "column 1 has a name that is not valid Unicode"),
        (b"x" * 501 + b"\n1\n", "501 characters"),
    ],
)
def test_a_bad_body_is_refused_with_what_is_wrong(body, message):
    with pytest.raises(InvalidInput, match=message) as caught:
        read(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [b"a\n" + b"1\n" * 11, b"a,b\n" + b"1\n" * 11 + b"1,2\n", b"a,b,c,d\n1,2,3,4\n", b"a,b\n" + b"," * 100],
)
def test_more_rows_or_columns_than_allowed_are_refused(body):
    with pytest.raises(TooLarge):
        read_rows(body, "text/csv", limits=Limits(rows=10, columns=3, cells=100, bytes=1_000))
