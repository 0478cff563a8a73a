"""Two whole servers at once on a database without Sentinel's tables: one schema, one leader, every row once.

MLflow's own tables are there before: two MLflow servers at once on an empty database fail, Sentinel or not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import empty_database
from tests.server.running import Server, eventually, running_server

pytestmark = [pytest.mark.server, pytest.mark.database, pytest.mark.long]

CSV = {"Content-Type": "text/csv"}
HERE_BY_S = 30


@pytest.fixture
def servers(tmp_path):
    """Started at the same moment, with a group of processes each."""
    with ExitStack() as stack:
        uri = stack.enter_context(empty_database("postgresql", tmp_path))
        of_mlflow = ("--backend-store-uri", uri)
        with running_server(tmp_path, *of_mlflow, workers=1, app_name=None, ready=Server.mlflow_answers):
            pass

        def start(name: str) -> Server:
            folder = Path(tmp_path / name)
            folder.mkdir()
            return stack.enter_context(running_server(folder, *of_mlflow))

        with ThreadPoolExecutor(2) as pool:
            yield list(pool.map(start, ("one", "two")))


def rows(first: int, count: int) -> str:
    return "\n".join(["age,city", *(f"{first + n % 50},Ulm" for n in range(count)), ""])


def accepted(server: Server) -> int:
    return server.get("/api/v1/monitors/churn").json()["rows"]["accepted"]


def post(server: Server, path: str, data: str) -> int:
    return server.post(f"/api/v1{path}", data=data, headers=CSV).status_code


def test_both_serve_one_leads_and_the_other_takes_over(servers):
    one, two = servers
    assert all(server.mlflow_answers() for server in servers)
    assert one.leader() == two.leader() is not None
    assert post(one, "/baseline?monitor=churn", rows(20, 500)) == 201
    assert [post(server, "/predictions?monitor=churn", rows(20, 100)) for server in servers * 5] == [202] * 10
    assert eventually(lambda: accepted(two) == 1000, HERE_BY_S)

    leader = one.leader()
    leads = next(server for server in servers if any(f":{pid}:" in leader for pid in server.workers()))
    stays = two if leads is one else one
    leads.stop()
    assert post(stays, "/predictions?monitor=churn", rows(20, 100)) == 202
    assert eventually(lambda: accepted(stays) == 1100, HERE_BY_S)
    assert stays.leader() != leader
