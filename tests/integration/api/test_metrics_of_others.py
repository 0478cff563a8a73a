"""A metric that comes in a wheel of its own works like a built-in one, from the config to the page."""

from __future__ import annotations

import base64
import hashlib
import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mlflow_sentinel_plugin import compare
from mlflow_sentinel_plugin.app.preparation import check_names
from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.detect.metrics import METRICS
from mlflow_sentinel_plugin.detect.metrics.psi import psi
from mlflow_sentinel_plugin.errors import ConfigError, InvalidInput
from tests.integration.api.conftest import HOUR, MINUTE, Server, people

CODE = '''
from mlflow_sentinel_plugin.detect.metrics import MetricValue

def largest_gap(reference, current, edges_or_levels, kind):
    """Largest gap of the distribution functions on the bins."""
    if kind != "numeric":
        return MetricValue(None, reason="not_numeric")
    gap = abs(reference.shares.cumsum() - current.shares.cumsum()).max()
    return MetricValue(float(gap), p_value=1 - float(gap))

largest_gap.version = 7

def psi(*_):
    raise AssertionError("a built-in name cannot be replaced")
'''
FILES = {
    "gap_metric.py": CODE,
    "gap_metric-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: gap-metric\nVersion: 1.0\n",
    "gap_metric-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "gap_metric-1.0.dist-info/entry_points.txt": (
        "[mlflow_sentinel.metrics]\nlargest_gap = gap_metric:largest_gap\npsi = gap_metric:psi\n"
        "broken_metric = gap_metric:no_such_name\n"
    ),
}


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed the wheel into."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = folder / "gap_metric-1.0-py3-none-any.whl"
    record = [f"{name},sha256={digest(text)},{len(text)}" for name, text in FILES.items()]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
        archive.writestr("gap_metric-1.0.dist-info/RECORD", "\n".join(record) + "\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


@pytest.fixture(autouse=True)
def beside_the_server(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this process had started with the wheel installed."""
    monkeypatch.syspath_prepend(str(installed))
    importlib.invalidate_caches()
    monkeypatch.setattr(METRICS, "_found", None)
    monkeypatch.setattr(METRICS, "_items", dict(METRICS._items))


def test_the_settings_take_its_name_and_its_thresholds() -> None:
    check_names(
        Config.model_validate(
            {
                "drift": {
                    "algorithms": ["psi", "largest_gap"],
                    "thresholds": {"largest_gap": 0.3, "largest_gap_pvalue": 0.6},
                }
            }
        )
    )
    with pytest.raises(ConfigError, match=r"drift\.algorithms: unknown metric 'largest_gaps'"):
        check_names(Config.model_validate({"drift": {"algorithms": ["largest_gaps"]}}))


def test_it_decides_and_is_served_to_the_page_with_its_version(server: Server) -> None:
    server.baseline()
    server.patch(
        "/monitors/churn", algorithms=["psi", "largest_gap"], thresholds={"psi": 99, "largest_gap": 0.3}
    )
    server.send(people(200, shift=1.5))
    server.tick()
    server.tick(HOUR + 10 * MINUTE)

    event = server.get("/drift")["items"][0]
    series = server.get("/drift/timeseries", monitor="churn", feature="age")
    (point,) = (point for point in series["points"] if point["metrics"])

    assert event["monitor"] == "churn"
    found = point["metrics"]["largest_gap"]
    assert (found["version"], found["reason"]) == (7, None)
    assert found["value"] > 0.3 and found["p_value"] == pytest.approx(1 - found["value"])
    assert series["thresholds"]["largest_gap"] == 0.3
    assert set(point["metrics"]) == {"psi", "largest_gap"}


def test_compare_computes_it_too_and_a_broken_one_takes_no_other_with_it() -> None:
    reference = {"x": list(range(200)), "c": ["a", "b"] * 100}

    metrics = compare(reference, reference).features["x"].metrics

    assert metrics["largest_gap"].value == 0
    assert metrics["broken_metric"].value is None
    assert (metrics["broken_metric"].reason or "").startswith("failed: ")
    assert metrics["psi"].value == 0


def test_asking_for_a_broken_one_by_name_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidInput, match=r"metric 'broken_metric' cannot be loaded.*no_such_name"):
        compare({"x": [1.0]}, {"x": [1.0]}, metrics=["broken_metric"])


def test_a_built_in_name_cannot_be_replaced() -> None:
    assert METRICS.get("psi") is psi
