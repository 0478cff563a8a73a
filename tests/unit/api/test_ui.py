from __future__ import annotations

import pytest

from mlflow_sentinel_plugin.api import auth, openapi, ui
from mlflow_sentinel_plugin.api.authorizers.open import OpenAuthorizer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page")
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "__init__.py").write_text("")
    (tmp_path.parent / "secret.txt").write_text("not for you")
    monkeypatch.setattr(ui, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def client(folder):
    app = openapi.new_app()
    ui.install(app)
    auth.install(app, OpenAuthorizer())
    return app.test_client()


def test_the_page_is_served_under_a_strict_policy_and_asked_for_anew(client):
    answer = client.get("/sentinel/")
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "<p>page")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/sentinel/runs", "./#/runs"),
        ("/sentinel/monitors/a%20b", "../#/monitors/a%20b"),
        ("/sentinel/alerts?status=open", "./?status=open#/alerts?status=open"),
        ("/sentinel/a/b/c?workspace=x", "../../?workspace=x#/a/b/c?workspace=x"),
    ],
)
def test_a_view_written_without_the_hash_leads_to_the_page_at_that_view(client, path, target):
    answer = client.get(path, environ_overrides={"SCRIPT_NAME": "/team"})
    assert (answer.status_code, answer.headers["Location"]) == (302, target)


def test_the_address_without_a_slash_leads_to_the_one_with(client):
    answer = client.get("/sentinel?a=1", environ_overrides={"SCRIPT_NAME": "/x"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "sentinel/?a=1")


def test_hashed_files_may_be_kept_for_ever(client):
    answer = client.get("/sentinel/assets/app-1a2b.js")
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/sentinel/assets/none.js", "/sentinel/__init__.py"])
def test_files_that_are_not_part_of_the_page_are_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/sentinel/../secret.txt", "/sentinel/..%2fsecret.txt", "/sentinel/%2e%2e/secret.txt"]
)
def test_nothing_outside_the_folder_is_served(client, path):
    assert "not for you" not in client.get(path).get_data(as_text=True)


def test_the_page_changes_nothing(client):
    assert client.post("/sentinel/").status_code == 405


def test_a_page_that_was_not_built_says_how_to_build_it(client, folder):
    (folder / "index.html").unlink()
    answer = client.get("/sentinel/")
    assert answer.status_code == 503
    assert "hatch_build.py" in answer.get_data(as_text=True)
