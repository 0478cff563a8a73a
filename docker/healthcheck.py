"""Exit code 0 if MLflow answers.

A failure of Sentinel must not restart MLflow, so its state is not asked for: see ``/api/v1/ready``.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request


def url() -> str:
    """Where this container's MLflow says how it is."""
    prefix = os.environ.get("MLFLOW_STATIC_PREFIX", "").rstrip("/")
    return f"http://127.0.0.1:{os.environ.get('MLFLOW_PORT', '5000')}{prefix}/health"


def main() -> int:
    try:
        with urllib.request.urlopen(url(), timeout=4):
            return 0
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"{url()}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
