"""Private names of MLflow are used in two modules, which check each of them at the start."""

from __future__ import annotations

import ast
from pathlib import Path

from mlflow_sentinel_plugin import mlflow_compat, mlflow_login

PACKAGE = Path(mlflow_compat.__file__).parent
PUBLIC = ("mlflow.exceptions", "mlflow.entities", "mlflow.models")
"""Part of MLflow's documented API."""


def imported_from_mlflow(file: Path) -> set[str]:
    """``module.name`` of each import from MLflow, and of each attribute of its ``handlers``."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlflow."):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "handlers"
        ):
            found.add(f"mlflow.server.handlers.{node.attr}")
    return {name for name in found if not name.startswith(PUBLIC)} - {"mlflow.server.handlers"}


def test_every_private_name_is_checked_at_the_start():
    checked = {f"{module}.{name}" for module, names in mlflow_compat._NEEDED.items() for name in names}
    used = imported_from_mlflow(Path(mlflow_compat.__file__)) | {"mlflow.cli.server"}
    assert checked == used


def test_every_private_name_of_the_login_is_checked_before_it_is_put_in_place():
    tree = ast.parse(Path(mlflow_login.__file__).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "auth"
    }
    assert used - {"bootstrap_admin_user"} == set(mlflow_login._NEEDED)


def test_no_other_module_uses_private_names():
    others = {
        str(file.relative_to(PACKAGE)): imported_from_mlflow(file)
        for file in PACKAGE.rglob("*.py")
        if file.name not in ("mlflow_compat.py", "mlflow_login.py")
    }
    assert {file: names for file, names in others.items() if names} == {}
