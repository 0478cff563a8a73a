from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook_module():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path, hook_module, monkeypatch):
    """A project whose npm is a script that notes its arguments; ``npm`` holds what else it does."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "package-lock.json").write_text("{}")
    script = tmp_path / "npm.py"

    def npm(code: str) -> Path:
        script.write_text(
            "import sys, pathlib\nopen('../calls', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n" + code
        )
        monkeypatch.setattr(hook_module, "find_npm", lambda: [sys.executable, str(script)])
        return tmp_path

    return npm


MAKES_THE_PAGE = """
if sys.argv[1:] == ['run', 'build']:
    page = pathlib.Path('../mlflow_sentinel_plugin/ui/index.html')
    page.parent.mkdir(parents=True)
    page.write_text('<p>')
"""


def run_hook(module, root: Path) -> list[str]:
    said: list[str] = []
    hook = SimpleNamespace(root=str(root), app=SimpleNamespace(display_info=said.append))
    module.DashboardHook.initialize(hook, "standard", {})
    return said


def calls(root: Path) -> list[str]:
    file = root / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_a_build_installs_the_locked_packages_and_makes_the_page(hook_module, project, monkeypatch):
    monkeypatch.delenv("SENTINEL_SKIP_UI", raising=False)
    root = project(MAKES_THE_PAGE)
    run_hook(hook_module, root)
    assert calls(root) == ["ci --no-audit --no-fund", "run build"]


@pytest.mark.parametrize("value", ["1", "true"])
def test_it_is_skipped_when_asked(hook_module, project, monkeypatch, value):
    monkeypatch.setenv("SENTINEL_SKIP_UI", value)
    root = project("")
    assert "not built" in run_hook(hook_module, root)[0]
    assert calls(root) == []


def test_a_source_distribution_that_carries_the_page_is_not_built_again(hook_module, project, monkeypatch):
    monkeypatch.delenv("SENTINEL_SKIP_UI", raising=False)
    root = project("")
    (root / "PKG-INFO").write_text("")
    page = root / hook_module.OUTPUT
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    assert "comes built" in run_hook(hook_module, root)[0]
    assert calls(root) == []


def test_a_failure_shows_the_end_of_npms_output_and_a_way_out(hook_module, project):
    root = project("print('TS2322: no')\nsys.exit(2)")
    with pytest.raises(RuntimeError) as caught:
        hook_module.build(root)
    assert "`npm ci --no-audit --no-fund` failed" in str(caught.value)
    assert "TS2322: no" in str(caught.value)
    assert "SENTINEL_SKIP_UI=1" in str(caught.value)


def test_a_build_that_leaves_no_page_is_a_failure(hook_module, project):
    with pytest.raises(RuntimeError, match=r"left no .*index\.html"):
        hook_module.build(project(""))


def test_a_checkout_without_a_lock_is_a_failure(hook_module, tmp_path):
    with pytest.raises(RuntimeError, match=r"package-lock\.json"):
        hook_module.build(tmp_path)


def test_the_pages_own_tests_run_before_it_is_built(hook_module, project):
    root = project(MAKES_THE_PAGE)
    hook_module.test(root)
    assert calls(root)[1:] == ["run lint", "test", "run build"]


def test_an_unknown_action_names_the_known_ones(hook_module):
    with pytest.raises(SystemExit, match="known: build, test"):
        hook_module.main(["deploy"])
