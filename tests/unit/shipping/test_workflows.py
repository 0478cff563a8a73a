"""The workflows cover what the package promises, and name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = ROOT / ".github" / "workflows"
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def load(name: str) -> dict:
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


MATRIX = load("ci.yml")["jobs"]["test"]["strategy"]["matrix"]


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_each_job_ends_and_may_do_no_more_than_it_must(name):
    workflow = load(name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job or job["uses"] == "./.github/workflows/ci.yml"


def test_the_oldest_python_and_mlflow_of_the_package_are_tested_and_the_newest():
    oldest_python = re.search(r'requires-python = ">=([\d.]+)"', PROJECT)[1]
    oldest_mlflow = re.search(r'"mlflow>=([\d.]+)', PROJECT)[1]
    assert MATRIX["python"][0] == oldest_python
    assert MATRIX["mlflow"][0] == f"{oldest_mlflow}.*"
    assert MATRIX["mlflow"][-1] == "newest"


def test_the_newest_mlflow_is_bounded_as_in_the_package():
    bounds = re.search(r'"(mlflow>=[^"]+)"', PROJECT)[1]
    assert f"'{bounds}'" in load("ci.yml")["jobs"]["test"]["env"]["MLFLOW"]


def test_every_folder_of_tests_is_run():
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    run = " ".join(step.get("run", "") for step in load("ci.yml")["jobs"]["test"]["steps"])
    covered_by_make_test = {"browser", "benchmarks"}
    assert folders - covered_by_make_test <= set(re.findall(r"tests/(\w+)", run))
    assert any(step.get("run") == "make test" for step in load("ci.yml")["jobs"]["everything"]["steps"])


def test_the_make_targets_of_the_workflows_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.glob("*.yml"))
    used = set(re.findall(r"run: make (\w+)", text))
    assert used == {"lint", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in used)


def test_a_release_needs_ci_and_publishes_only_what_it_built():
    jobs = load("release.yml")["jobs"]
    assert jobs["build"]["needs"] == "ci"
    assert {jobs["pypi"]["needs"], jobs["image"]["needs"]} == {"build"}


def test_the_issue_forms_ask_for_masked_settings_only():
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "bug_report.yml").read_text("utf-8"))
    texts = {field["id"]: field["attributes"].get("description", "") for field in form["body"]}
    assert "config show" in texts["settings"]
