from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.clock import from_rfc3339, to_rfc3339
from mlflow_sentinel_plugin.errors import InvalidInput


def test_a_time_survives_the_way_to_text_and_back():
    assert from_rfc3339(str(to_rfc3339(1_700_000_000_123))) == 1_700_000_000_123


def test_milliseconds_are_written_in_full():
    assert to_rfc3339(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"


def test_no_time_is_no_text():
    assert to_rfc3339(None) is None


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T01:00:01+01:00", 1_000),
        ("1970-01-01T00:00:01", 1_000),
        (" 1970-01-02 ", 86_400_000),
    ],
)
def test_a_time_without_an_offset_is_utc(text, ms):
    assert from_rfc3339(text) == ms


@pytest.mark.parametrize("text", ["yesterday", "", "12/31/2025", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput) as caught:
        from_rfc3339(text)
    assert "RFC 3339" in str(caught.value.hint)
