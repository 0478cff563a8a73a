"""What fails waits longer each time."""

from __future__ import annotations

from mlflow_sentinel_plugin.pipeline.backoff import FIRST_MS, LONGEST_MS, Backoff


def waits(backoff: Backoff, clock: list[int]) -> int:
    """How long ``a`` is left alone from now on."""
    begun = clock[0]
    while "a" in backoff.waiting():
        clock[0] += 1_000
    return clock[0] - begun


def test_each_failure_doubles_the_wait_up_to_ten_minutes() -> None:
    clock = [0]
    backoff = Backoff(lambda: clock[0])
    found = []
    for _ in range(9):
        backoff.failed("a")
        found.append(waits(backoff, clock))

    assert found[:3] == [FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS]
    assert found[-1] == LONGEST_MS


def test_a_success_starts_anew() -> None:
    clock = [0]
    backoff = Backoff(lambda: clock[0])
    backoff.failed("a")
    backoff.failed("a")
    backoff.succeeded("a")
    assert backoff.waiting() == set()

    backoff.failed("a")
    assert waits(backoff, clock) == FIRST_MS


def test_only_what_failed_waits() -> None:
    backoff = Backoff(lambda: 0)
    backoff.failed("a")

    assert backoff.waiting() == {"a"}
