"""The command ``mlflow-sentinel``. Each command imports what it needs when it runs."""

from __future__ import annotations

from mlflow_sentinel_plugin.cli.main import main

__all__ = ["main"]
