"""Batches are cut into windows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mlflow_sentinel_plugin.config import Config, ResolvedSettings
from mlflow_sentinel_plugin.entities import MonitorSettings, WindowSpec
from mlflow_sentinel_plugin.pipeline.blocks import Rows
from mlflow_sentinel_plugin.pipeline.counting import Batch, Part, Position, parts, watermark

HOUR = 3_600_000


def settings(**window: object) -> ResolvedSettings:
    return Config().resolve(MonitorSettings(window=WindowSpec(**window)))


def batch(values: list[int], received_at: int, times: list[int] | None = None) -> Batch:
    stamps = None if times is None else np.array(times, np.int64)
    return Batch(Rows(pa.table({"x": values}), stamps, "b"), received_at)


def values(part: Part) -> list[int]:
    return [value for table in part.tables for value in table["x"].to_pylist()]


def test_by_arrival_a_batch_is_in_one_window() -> None:
    found = parts(
        [batch([1, 2], HOUR + 5), batch([3], 7), batch([4], HOUR)], settings(period="1h"), Position()
    )

    assert [(part.start_ms, part.end_ms, part.last_arrival_ms) for part in found] == [
        (0, HOUR, 7),
        (HOUR, 2 * HOUR, HOUR + 5),
    ]
    assert [values(part) for part in found] == [[3], [1, 2, 4]]


def test_by_event_time_a_batch_is_cut_at_the_bounds() -> None:
    found = parts([batch([1, 2, 3], 9 * HOUR, [HOUR, 5, HOUR + 1])], settings(period="1h"), Position())

    assert [(part.ordinal, values(part), part.last_arrival_ms) for part in found] == [
        (0, [2], 9 * HOUR),
        (HOUR, [1, 3], 9 * HOUR),
    ]


def test_by_count_batches_go_on_where_the_last_one_ended() -> None:
    batches = [batch([1, 2], 10), batch([3, 4, 5, 6], 20)]

    found = parts(batches, settings(rows=3), Position(ordinal=5, filled=2))

    assert [(part.ordinal, values(part)) for part in found] == [(5, [1]), (6, [2, 3, 4]), (7, [5, 6])]
    assert [(part.start_ms, part.end_ms) for part in found] == [(10, 10), (10, 20), (20, 20)]


def test_by_count_a_full_window_is_followed_by_the_next() -> None:
    found = parts([batch([1, 2], 10), batch([3], 20)], settings(rows=3), Position(ordinal=0, filled=3))

    assert [(part.ordinal, values(part)) for part in found] == [(1, [1, 2, 3])]


def test_by_count_any_split_of_the_rows_gives_the_same_windows() -> None:
    rows = list(range(23))
    for size in range(1, 24):
        batches = [batch(rows[i : i + size], i) for i in range(0, 23, size)]
        found = parts(batches, settings(rows=5), Position(ordinal=0, filled=3))
        assert [values(part) for part in found] == [
            rows[:2],
            rows[2:7],
            rows[7:12],
            rows[12:17],
            rows[17:22],
            [22],
        ]


def test_the_watermark_is_the_newest_event_but_no_later_than_its_arrival() -> None:
    assert watermark([batch([1, 2], 100, [7, 50]), batch([3], 60, [900])]) == 60
    assert watermark([batch([1, 2], 100)]) is None
