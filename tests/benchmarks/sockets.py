"""What open sockets cost: ``python -m tests.benchmarks.sockets [count]``, on a server with 4 workers.

Prints the server's CPU while the sockets are idle (and before any is open), the delay from posting rows that
fill a window to each socket's message, and the time from SIGTERM to the end, of MLflow alone too.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.server.running import Server, children, running_server
from tests.server.sockets import Page

IDLE_S = 20
POSTS = 5
USUAL = [{"age": number % 17, "kind": number % 5} for number in range(400)]
MOVED = [{"age": number % 17 + 9, "kind": 0} for number in range(100)]


def processes(pid: int) -> list[int]:
    return [pid, *(below for child in children(pid) for below in processes(child))]


def cpu_s(server: Server) -> float:
    """CPU seconds that the server's processes have used."""
    ticks = 0
    for pid in processes(server.process.pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def idle_share(server: Server) -> float:
    """Share of one core that the server takes for nothing."""
    used, begin = cpu_s(server), time.monotonic()
    time.sleep(IDLE_S)
    return (cpu_s(server) - used) / (time.monotonic() - begin)


def delays_ms(server: Server, pages: list[Page]) -> tuple[list[float], list[float]]:
    """From the post, and from the commit of the verdict, to each page's message."""
    from_post, from_commit = [], []
    for _ in range(POSTS):
        begin = time.time()
        server.post("/api/v1/predictions?monitor=churn", json=MOVED)
        for page in pages:
            message = page.until("window")
            arrived = time.time()
            from_post.append((arrived - begin) * 1000)
            from_commit.append(arrived * 1000 - message["id"])
    return from_post, from_commit


def quantiles(values: list[float]) -> dict[str, int]:
    return {"median": round(statistics.median(values)), "max": round(max(values))}


def stop_s(app_name: str | None, count: int) -> tuple[float, dict[str, object]]:
    facts: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        ready = None if app_name else (lambda server: server.mlflow_answers())
        with running_server(Path(folder), workers=4, app_name=app_name, ready=ready) as server:
            if app_name:
                facts = measure(server, count)
            else:
                time.sleep(5)
            return server.stop(), facts


def measure(server: Server, count: int) -> dict[str, object]:
    made = server.post("/api/v1/monitors", json={"name": "churn", "window": {"rows": 100}})
    made.raise_for_status()
    server.post("/api/v1/baseline?monitor=churn", json=USUAL).raise_for_status()
    time.sleep(5)
    without = idle_share(server)
    pages = [Page(server.port) for _ in range(count)]
    assert all(page.status == 101 for page in pages)
    open_ = idle_share(server)
    from_post, from_commit = delays_ms(server, pages)
    return {
        "idle_cores_without_sockets": round(without, 3),
        "idle_cores": round(open_, 3),
        "ms_from_post": quantiles(from_post),
        "ms_from_commit": quantiles(from_commit),
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    alone, _ = stop_s(None, 0)
    stopped, facts = stop_s("sentinel", count)
    stops = {"stop_s": round(stopped, 2), "stop_s_mlflow_alone": round(alone, 2)}
    print(json.dumps({"sockets": count, **facts, **stops}, indent=1))


if __name__ == "__main__":
    main()
