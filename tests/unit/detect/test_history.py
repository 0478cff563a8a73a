"""What is remembered of windows, when it is forgotten, and how reasons tell of it."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_sentinel_plugin.detect.detector import Detector
from mlflow_sentinel_plugin.detect.episode import has_ended
from mlflow_sentinel_plugin.detect.evidence import evidence_of
from mlflow_sentinel_plugin.detect.history import KEPT, History, Lead, Memory
from mlflow_sentinel_plugin.detect.reasons import Facts, explain
from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline


def rows(n: int, seed: int, move: float = 0.0) -> dict[str, object]:
    return {"age": np.random.default_rng(seed).normal(move, 1, n)}


BASELINE = Baseline.from_data(rows(5000, 0), time_ordered=False)
EVIDENCE = evidence_of(BASELINE.profile(rows(100, 1)))


def test_only_the_last_seven_windows_are_remembered() -> None:
    history = History()
    for i in range(10):
        history = history.followed_by(EVIDENCE, Memory({str(i): None}))

    assert [list(memory.flagged) for _, memory in history.windows] == [[str(i)] for i in range(10 - KEPT, 10)]


def test_a_feature_reaches_back_to_where_its_history_began() -> None:
    history = History().followed_by(EVIDENCE, Memory())
    history = history.followed_by(EVIDENCE, Memory(fresh=frozenset({"age"}))).followed_by(EVIDENCE, Memory())

    assert history.reach(["age", "other"]).tolist() == [3, 4]


def test_what_was_found_in_a_window_survives_json() -> None:
    memory = Memory({"age": Lead(1, 4.5, 500), "city": None}, frozenset({"late"}))

    assert Memory.from_json(memory.to_json()) == memory
    assert Memory().to_json() is None


def test_a_history_of_another_baseline_is_refused() -> None:
    state = History().followed_by(EVIDENCE, Memory()).to_bytes(BASELINE)

    with pytest.raises(InvalidInput, match="belongs to another baseline"):
        History.from_bytes(state, Baseline.from_data(rows(300, 2)))


def test_damaged_bytes_are_no_history() -> None:
    state = History().followed_by(EVIDENCE, Memory()).to_bytes(BASELINE)

    with pytest.raises(CorruptData):
        History.from_bytes(state[:60] + bytes([state[60] ^ 1]) + state[61:], BASELINE)


@pytest.mark.parametrize(
    ("before", "alone_p", "alone_z", "ended"),
    [
        (Lead(1, 8.0, 500), 0.5, 0.3, True),
        (Lead(1, -8.0, 500), 0.5, -0.3, True),
        (Lead(1, 8.0, 500), 0.01, 0.3, False),
        (Lead(1, 4.0, 500), 0.5, 1.0, False),
        (None, 0.5, 0.3, False),
    ],
    ids=["fell", "rose back", "still remarkable", "fell by chance", "was not flagged"],
)
def test_an_episode_ends_when_the_leading_statistic_falls_by_more_than_chance(
    before: Lead | None, alone_p: float, alone_z: float, ended: bool
) -> None:
    assert has_ended(before, alone_p, alone_z, 500) is ended


def test_an_episode_that_is_over_does_not_page_on() -> None:
    detector = Detector(BASELINE)
    moves = [0.0] * 4 + [0.5] * 4 + [0.0] * 6

    found = [detector.check(BASELINE.profile(rows(500, 10 + i, move))).state for i, move in enumerate(moves)]

    assert found == ["ok"] * 4 + ["drift"] * 4 + ["ok"] * 6


def test_small_windows_add_up_to_what_one_alone_cannot_show() -> None:
    detector = Detector(BASELINE)

    found = [detector.check(BASELINE.profile(rows(60, 40 + i, 0.45))).state for i in range(8)]

    assert found[0] == "ok" and found[-1] == "drift"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            Facts("location", 0.12, 500, 4000, 1, 1e-4),
            "D = 0.12 (n = 500 against 4000), beyond what sampling explains",
        ),
        (
            Facts("spread", 0.12, 500, 4000, 1, 1e-9, "season"),
            "D = 0.12 (n = 500 against 4000), far beyond what sampling or the same hours of the reference's "
            "other weeks explain",
        ),
        (
            Facts("levels", 0.2, 900, 4000, 2, 1e-4, levels=True, flagged=1, known=3),
            "total variation = 0.2 (n = 900 of the last 2 windows against 4000), "
            "beyond what sampling explains; the first in 3 windows",
        ),
        (
            Facts("unseen_levels", 0.03, 500, 4000, 1, 1e-4),
            "3 % of 500 values have levels that none of the reference's 4000 has: "
            "beyond what sampling explains",
        ),
        (
            Facts("out_of_range", 0.03, 500, 4000, 1, 1e-4),
            "3 % of 500 values lie beyond all 4000 of the reference: beyond what sampling explains",
        ),
        (
            Facts("malformed", 0.03, 500, 4000, 1, 1e-4, reference=0.01),
            "missing or malformed in 3 % of 500 rows, 1 % of 4000 in the reference: "
            "beyond what sampling explains",
        ),
    ],
    ids=lambda value: value.reason if isinstance(value, Facts) else "",
)
def test_a_reason_says_how_much_of_how_many_and_beyond_what(facts: Facts, text: str) -> None:
    assert explain(facts) == text
