"""Log sources over REST: made where the administrator allows it, read, looked at, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlflow_sentinel_plugin.config import Config
from mlflow_sentinel_plugin.store import monitors, sources
from tests.integration.api.test_keys import OURS, THEIRS, Login, by


@pytest.fixture
def folder(server, tmp_path) -> Path:
    server.services().config.ingest.allowed_paths.append(str(tmp_path))
    return tmp_path


@pytest.fixture
def reader(server):
    services = server.services()
    log_reader = services.pipeline.log_reader(services.tracking)

    def read() -> None:
        while log_reader.read(server.epoch):
            pass
        server.tick()

    return read


def lines(count: int) -> str:
    return "".join(json.dumps({"age": 30 + n % 20, "city": "Ulm"}) + "\n" for n in range(count))


def make(server, path, monitor="churn", **more):
    body = {"name": "serving", "path": str(path), **more}
    return server.post("/sources", 201, query_string={"monitor": monitor}, json=body)


def test_a_source_is_made_read_and_deleted_and_its_rows_stay(server, folder, reader):
    server.baseline()
    made = make(server, folder / "*.jsonl", columns={"years": "age"})
    assert (made["origin"], made["state"], made["monitor"], made["rows"]) == ("api", "ok", "churn", 0)
    assert made["settings"]["columns"] == {"years": "age"}
    (folder / "a.jsonl").write_text(lines(40) + "oops\n")
    reader()

    (listed,) = server.get("/sources", monitor="churn")["items"]
    assert (listed["id"], listed["rows"], listed["rejected"], listed["files"]) == (made["id"], 40, 1, 1)
    assert listed["place"] == f"{folder}/*.jsonl"
    (bad,) = listed["samples"]
    assert (bad["file"], bad["position"]) == (str(folder / "a.jsonl"), len(lines(40)))
    detail = server.get(f"/sources/{made['id']}")
    (file,) = detail["newest"]
    assert (file["rows"], file["position"]) == (40, len(lines(40)) + 5)

    assert server.call("DELETE", f"/sources/{made['id']}").status == 204
    assert server.get("/sources")["items"] == []
    server.refused("GET", f"/sources/{made['id']}", 404, "source_not_found")
    assert server.get("/monitors/churn")["rows"]["accepted"] == 40


def test_artifacts_of_a_run_are_read(server, mlflow, reader):
    server.baseline()
    run_id = mlflow.run(artifacts={"logs/a.jsonl": lines(30).encode()})
    source = {"name": "run", "run_id": run_id, "artifact_path": "logs/*.jsonl"}
    made = server.post("/sources?monitor=churn", 201, json=source)
    reader()
    reader()
    assert server.get(f"/sources/{made['id']}")["rows"] == 30


def test_artifacts_of_the_newest_run_are_read_run_after_run(server, mlflow, reader):
    server.baseline()
    source = {"name": "runs", "experiment_id": "2", "artifact_path": "a.jsonl"}
    made = server.post("/sources?monitor=churn", 201, json=source)
    for n, rows in enumerate((30, 12)):
        mlflow.run("2", start=server.now + n, artifacts={"a.jsonl": lines(rows).encode()})
        reader()
    assert server.get(f"/sources/{made['id']}")["rows"] == 42


@pytest.mark.parametrize("allowed", [[], ["/srv/logs", "s3://ours/logs"]])
@pytest.mark.parametrize("path", ["/etc/*", "/srv/logs-of-others/*", "s3://theirs/logs/*", "/srv/*/x.csv"])
def test_a_path_outside_what_is_allowed_is_refused(server, allowed, path):
    server.baseline()
    server.services().config.ingest.allowed_paths.extend(allowed)
    error = server.refused(
        "POST", "/sources?monitor=churn", 403, "path_not_allowed", json={"name": "x", "path": path}
    )
    assert "ingest.allowed_paths" in error["hint"] or "/srv/logs" in error["hint"]


def test_a_link_out_of_the_allowed_folder_is_not_read(server, folder, reader, tmp_path_factory):
    server.baseline()
    secret = tmp_path_factory.mktemp("secret") / "x.jsonl"
    secret.write_text(lines(5))
    (folder / "x.jsonl").symlink_to(secret)
    made = make(server, folder / "*.jsonl")
    reader()
    seen = server.get(f"/sources/{made['id']}")
    assert (seen["state"], seen["rows"]) == ("failing", 0)
    assert "leads out of the allowed folders" in seen["reason"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"path": "logs/*.csv"}, "absolute"),
        ({"path": "/x/../y.csv"}, ".."),
        ({}, "exactly one of"),
        ({"run_id": "1"}, "artifact_path"),
        ({"path": "/x/*", "columns": {"a": "c", "b": "c"}}, "same name"),
        ({"path": "/x/*", "formt": "csv"}, "formt"),
        ({"path": "s3://user:word@bucket/x"}, "password"),
    ],
)
def test_wrong_settings_are_refused_with_what_would_be_right(server, body, told):
    server.baseline()
    error = server.refused("POST", "/sources?monitor=churn", 400, "invalid_input", json={"name": "x", **body})
    assert told in json.dumps(error)


def test_a_name_is_taken_once_a_monitor(server, folder):
    server.baseline()
    server.baseline("other")
    make(server, folder / "*.jsonl")
    make(server, folder / "*.jsonl", "other")
    body = {"name": "serving", "path": f"{folder}/*.csv"}
    server.refused("POST", "/sources?monitor=churn", 409, "source_exists", json=body)


def test_a_configured_source_is_shown_and_kept(server, reader, folder):
    server.baseline()
    document = {"ingest": {"sources": {"nightly": {"monitor": "churn", "path": f"{folder}/*.csv"}}}}
    server.services().config.ingest.sources.update(Config.model_validate(document).ingest.sources)
    services = server.services()
    services.pipeline.log_reader(services.tracking).read(server.epoch)
    (listed,) = server.get("/sources")["items"]
    assert (listed["name"], listed["origin"]) == ("nightly", "config")
    error = server.refused("DELETE", f"/sources/{listed['id']}", 409, "source_of_config")
    assert "ingest.sources.nightly" in error["hint"]


def test_sources_belong_to_those_who_may_see_and_edit_their_monitor(server, mlflow):
    server.authorizer = Login({"ada": {OURS: {"read", "edit"}}, "bob": {OURS: {"read"}}, "admin": {}})
    for name, experiment in (("ours", OURS), ("theirs", THEIRS)):
        with server.db.write() as session:
            monitor = monitors.create(session, name, now=0, experiment_id=experiment)
            settings = {"path": f"/logs/{name}"}
            sources.create(session, monitor, name, settings, origin="api", now=0)
    listed = server.call("GET", "/sources", **by("bob")).body["items"]
    assert [source["name"] for source in listed] == ["ours"]
    (theirs,) = (
        source
        for source in server.call("GET", "/sources", **by("admin")).body["items"]
        if source not in listed
    )
    ours = listed[0]["id"]
    server.refused("GET", f"/sources/{theirs['id']}", 404, "source_not_found", **by("ada"))
    server.refused("DELETE", f"/sources/{theirs['id']}", 404, "source_not_found", **by("ada"))
    server.refused("DELETE", f"/sources/{ours}", 403, "forbidden", **by("bob"))
    hidden = mlflow.run(THEIRS)
    for place in ({"run_id": hidden}, {"experiment_id": THEIRS}):
        body = {"name": "x", "artifact_path": "a.csv", **place}
        answer = server.call("POST", "/sources?monitor=ours", json=body, **by("ada"))
        assert answer.status == 404
    assert server.call("DELETE", f"/sources/{ours}", **by("ada")).status == 204


def test_a_paused_monitors_sources_say_so(server, folder):
    server.baseline()
    made = make(server, folder / "*.jsonl")
    server.post("/monitors/churn/pause")
    assert server.get(f"/sources/{made['id']}")["state"] == "paused"


def test_a_deleted_monitor_takes_its_sources_along(server, folder):
    server.baseline()
    make(server, folder / "*.jsonl")
    assert server.call("DELETE", "/monitors/churn").status == 204
    with server.db.read() as session:
        assert sources.with_monitors(session) == []
    assert server.get("/sources")["items"] == []
