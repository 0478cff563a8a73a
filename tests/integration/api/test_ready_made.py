"""Baselines learned where the rows are, and how two versions differ."""

from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.profile.baseline import Baseline
from mlflow_sentinel_plugin.profile.untrusted import MEDIA_TYPE
from tests.integration.api.conftest import people


def table(count: int, **options) -> dict[str, list]:
    rows = people(count, **options)
    return {name: [row[name] for row in rows] for name in rows[0]}


def packed(count: int = 300, **options) -> bytes:
    return Baseline.from_data(table(count), **options).to_bytes()


def test_a_ready_made_baseline_is_registered_with_its_roles(server):
    body = packed(roles={"city": "target"}, source={"importances": {"age": 0.25}, "run_id": "another"})

    made = server.post("/baseline?monitor=churn", 201, data=body, content_type=MEDIA_TYPE)

    assert (made["rows"], made["active"], made["source"]) == (300, True, {})
    assert {f["name"]: f["role"] for f in made["features"]}["city"] == "target"


def test_an_artifact_of_a_run_may_be_a_ready_made_baseline(server, mlflow):
    run = mlflow.run("1", artifacts={"sentinel/baseline.bin": packed()})
    source = {"run_id": run, "artifact_path": "sentinel/baseline.bin"}

    made = server.post("/baseline?monitor=churn", 201, json=source)

    assert (made["rows"], made["source"]) == (300, source)


@pytest.mark.parametrize("body", [b"", b"MSPB", packed()[:-200]])
def test_damaged_bytes_register_nothing(untouched, body):
    untouched.refused(
        "POST", "/baseline?monitor=churn", 400, "corrupt_baseline", data=body, content_type=MEDIA_TYPE
    )


def test_a_role_said_beside_a_ready_made_baseline_is_refused(untouched):
    untouched.refused(
        "POST",
        "/baseline?monitor=churn&target=age",
        400,
        "invalid_input",
        data=packed(),
        content_type=MEDIA_TYPE,
    )


def test_the_difference_of_two_versions_names_what_moved(server):
    first, same = server.baseline(rows=people(2000)), server.baseline(rows=people(2000, seed=5))
    moved = server.baseline(rows=people(2000, shift=2, seed=6))

    assert server.get(f"/baseline/{first['id']}/diff", to=same["id"])["state"] == "ok"
    found = server.get(f"/baseline/{first['id']}/diff", to=moved["id"])

    assert (found["state"], found["features"][0]["name"]) == ("drift", "age")
    assert (found["baseline"]["version"], found["to"]["version"]) == (1, 3)
    assert (found["added"], found["removed"], found["kinds"]) == ([], [], [])


def test_the_difference_of_two_versions_names_columns_that_came_went_or_changed_kind(server):
    first = server.baseline(rows=[{"a": i, "b": i} for i in range(100)])
    second = server.baseline(rows=[{"a": f"t{i % 3}", "c": i} for i in range(100)])

    found = server.get(f"/baseline/{first['id']}/diff", to=second["id"])

    assert (found["added"], found["removed"]) == (["c"], ["b"])
    assert found["kinds"] == [{"name": "a", "before": "numeric", "after": "categorical"}]
    assert found["state"] == "schema_changed"


def test_baselines_of_two_monitors_are_not_compared(server):
    first, other = server.baseline(), server.baseline("other")

    error = server.refused("GET", f"/baseline/{first['id']}/diff?to={other['id']}", 400, "invalid_input")

    assert "other" not in error["message"]
