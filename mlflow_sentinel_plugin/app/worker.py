"""The background work in a process of its own, beside servers that only answer."""

from __future__ import annotations

import threading
from functools import partial

from mlflow_sentinel_plugin.app import services
from mlflow_sentinel_plugin.app.supervisor import Supervisor


def run(stopping: threading.Event) -> None:
    """Be a candidate for the lead until ``stopping`` is set; then give the lead up within a second.

    A database that is away, or tables that are replaced, are waited for as in a server.
    """
    supervisor = Supervisor(partial(services.build, works=True), services.stop)
    supervisor.start()
    stopping.wait()
    supervisor.stop()
