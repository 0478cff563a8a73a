"""Bytes written once stay readable, mean the same, and are written the same by every process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlflow_sentinel_plugin.profile import codec
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile
from tests.unit.profile.golden_files import FOLDER, count, facts, learn

VERSIONS = sorted(path.stem for path in FOLDER.glob("*.json"))
ROOT = Path(__file__).parents[3]


def stored(version: str) -> tuple[bytes, bytes, dict[str, Any]]:
    file = FOLDER / version
    known = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    return file.with_suffix(".baseline").read_bytes(), file.with_suffix(".profile").read_bytes(), known


def test_there_are_golden_files_of_each_version_that_is_read() -> None:
    assert [f"v{v}" for v in range(codec.OLDEST_VERSION, codec.FORMAT_VERSION + 1)] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_old_bytes_are_read_and_mean_what_they_meant(version: str) -> None:
    packed, counts, known = stored(version)
    baseline = Baseline.from_bytes(packed)

    found = json.loads(json.dumps(facts(baseline, Profile.from_bytes(counts, baseline))))

    scores, expected = found.pop("psi"), known.pop("psi")
    assert found == known
    assert scores == pytest.approx(expected, rel=1e-9)


def test_what_is_read_is_written_as_it_was() -> None:
    packed, counts, _ = stored(f"v{codec.FORMAT_VERSION}")
    baseline = Baseline.from_bytes(packed)

    assert content(baseline.to_bytes()) == content(packed)
    assert content(Profile.from_bytes(counts, baseline).to_bytes()) == content(counts)


def content(data: bytes) -> bytes:
    """Magic, version and checksum; how small zlib makes the rest is its own affair."""
    return data[:37]


def test_the_same_rows_are_counted_as_they_were_when_the_file_was_made() -> None:
    packed, counts, _ = stored(f"v{codec.FORMAT_VERSION}")

    assert content(count(Baseline.from_bytes(packed)).to_bytes()) == content(counts)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_learns_and_counts_to_the_same_bytes(seed: str) -> None:
    code = (
        "import hashlib; from tests.unit.profile.golden_files import count, learn; b = learn(); "
        "print(hashlib.sha256(b.to_bytes() + count(b).to_bytes()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    baseline = learn()

    here = hashlib.sha256(baseline.to_bytes() + count(baseline).to_bytes()).hexdigest()
    assert other.stdout.strip() == here


def test_bytes_hold_no_pickle() -> None:
    packed, counts, _ = stored(f"v{codec.FORMAT_VERSION}")

    assert packed[:4] == b"MSPB" and counts[:4] == b"MSPW"
    assert not {"pickle", "marshal", "shelve"} & set(vars(codec))
