"""Bytes of baselines and profiles: the same for the same content, and refused when damaged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_sentinel_plugin.errors import CorruptData, InvalidInput
from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.baseline import MAGIC, Baseline, Profile
from mlflow_sentinel_plugin.profile.budget import MAX_BYTES


def table(rows: int = 200) -> pd.DataFrame:
    r = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "x": np.where(r.random(rows) < 0.1, np.nan, r.normal(size=rows)),
            "c": r.choice(["a", "ü", "日本"], rows),
            "b": r.random(rows) < 0.5,
            "d": pd.date_range("2024-01-01", periods=rows, freq="h"),
            "prediction": r.random(rows),
        }
    )


BASELINE = Baseline.from_data(table(), timestamp="d", source={"run_id": "abc"})


def test_a_baseline_comes_back_from_its_bytes() -> None:
    loaded = Baseline.from_bytes(BASELINE.to_bytes())

    assert loaded.to_bytes() == BASELINE.to_bytes()
    assert loaded.digest == BASELINE.digest
    assert (loaded.rows, dict(loaded.source)) == (200, {"run_id": "abc"})
    assert [(f.name, f.kind, f.role) for f in loaded.features.values()] == [
        ("x", "numeric", "feature"),
        ("c", "categorical", "feature"),
        ("b", "boolean", "feature"),
        ("d", "datetime", "timestamp"),
        ("prediction", "numeric", "prediction"),
    ]
    assert loaded.profile(table()) == BASELINE.profile(table())


def test_the_same_reference_gives_the_same_bytes() -> None:
    assert (
        Baseline.from_data(table(), timestamp="d", source={"run_id": "abc"}).to_bytes() == BASELINE.to_bytes()
    )
    assert Baseline.from_data(table(199), timestamp="d").digest != BASELINE.digest


@pytest.mark.parametrize("position", [0, 4, 5, 40, 50, 200, -1])
def test_one_altered_byte_is_noticed(position: int) -> None:
    damaged = bytearray(BASELINE.to_bytes())
    damaged[position] ^= 0xFF

    with pytest.raises(CorruptData, match="baseline"):
        Baseline.from_bytes(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"MSPB", b"not a baseline at all" * 10, BASELINE.to_bytes()[:-20]])
def test_bytes_cut_short_or_of_something_else_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptData, match="baseline"):
        Baseline.from_bytes(data)


@pytest.mark.parametrize(
    ("version", "message"),
    [(codec.FORMAT_VERSION + 1, "newer than 2"), (codec.OLDEST_VERSION - 1, "older than 2")],
)
def test_bytes_of_a_version_that_is_not_read_say_so(version: int, message: str) -> None:
    other = bytearray(BASELINE.to_bytes())
    other[4] = version

    with pytest.raises(CorruptData, match=message):
        Baseline.from_bytes(bytes(other))


def test_a_header_that_lacks_a_field_is_refused() -> None:
    with pytest.raises(CorruptData, match="features"):
        Baseline.from_bytes(codec.pack(MAGIC, {"rows": 1}, {}))


def test_a_claimed_size_beyond_all_bounds_is_refused_before_it_is_unpacked() -> None:
    data = bytearray(BASELINE.to_bytes())
    data[37:45] = (2**40).to_bytes(8, "little")

    with pytest.raises(CorruptData, match="claims"):
        Baseline.from_bytes(bytes(data))


def test_a_profile_of_another_baseline_is_refused() -> None:
    other = Baseline.from_data({"x": [1.0, 2.0]})

    with pytest.raises(InvalidInput, match="belongs to baseline"):
        Profile.from_bytes(BASELINE.profile(table()).to_bytes(), other)


def test_a_profile_that_does_not_fit_its_baseline_is_refused() -> None:
    header = {"baseline": BASELINE.digest, "rows": 3, "extra": [], "coarse": {}, "names": {}}
    arrays = {
        "scalars": np.zeros(24, np.int64),
        "filled": np.array([1, 0, 0, 0], np.uint8),
        "steps": np.array([60_000], np.uint16),
        "counts": np.array([3], np.uint8),
    }

    with pytest.raises(CorruptData, match="does not fit"):
        Profile.from_bytes(codec.pack(b"MSPW", header, arrays), BASELINE)


def test_a_source_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidInput, match="source must be JSON"):
        Baseline.from_data({"x": [1.0]}, source={"rows": float("nan")})


def test_a_wide_table_stays_under_the_size_cap() -> None:
    r = np.random.default_rng(0)

    wide = Baseline.from_data({f"x{i}": r.normal(size=2500) for i in range(200)})

    assert len(wide.to_bytes()) <= MAX_BYTES
    assert wide.features["x0"].edges.size < 2500
    assert 0 < wide.features["x0"].bound < 0.002
