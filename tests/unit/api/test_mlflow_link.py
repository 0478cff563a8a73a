from __future__ import annotations

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from mlflow_sentinel_plugin.api import mlflow_link
from mlflow_sentinel_plugin.api.mlflow_link import SCRIPT, TAG, LinkedIndex

PAGE = b"<html><body><div id=root></div></body></html>"


@pytest.fixture(autouse=True)
def built(tmp_path, monkeypatch):
    (tmp_path / SCRIPT).write_text("1")
    monkeypatch.setattr(mlflow_link, "FOLDER", tmp_path)
    return tmp_path


def mlflow(body: bytes = PAGE, mimetype: str = "text/html"):
    """An app that answers 304 to whoever has the page already, as MLflow's does."""

    @Request.application
    def app(request):
        response = Response(body, mimetype=mimetype)
        response.headers.update({"ETag": '"1"', "Last-Modified": "Wed, 25 Nov 2026 06:00:00 GMT"})
        return response.make_conditional(request)

    return app


@pytest.mark.parametrize("prefix", ["", "/team"])
def test_the_index_page_gets_one_script_tag_and_its_length(prefix):
    answer = Client(LinkedIndex(mlflow(), prefix)).get(f"{prefix}/")
    assert answer.get_data() == PAGE.replace(b"</body>", TAG + b"</body>")
    assert answer.content_length == len(PAGE) + len(TAG)


def test_a_page_kept_from_before_is_not_taken_for_current():
    client = Client(LinkedIndex(mlflow()))
    first = client.get("/")
    again = client.get(
        "/", headers={"If-None-Match": '"1"', "If-Modified-Since": "Thu, 26 Nov 2026 06:00:00 GMT"}
    )
    assert "ETag" not in first.headers and "Last-Modified" not in first.headers
    assert (again.status_code, TAG in again.get_data()) == (200, True)


@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("/static-files/index.html", mlflow()),
        ("/", mlflow(b'{"a": "</body>"}', "application/json")),
        ("/", mlflow(b"<p>no body")),
    ],
)
def test_every_other_answer_is_mlflows_to_the_byte(path, app):
    plain, linked = Client(app).get(path), Client(LinkedIndex(app)).get(path)
    assert linked.get_data() == plain.get_data()
    assert sorted(linked.headers) == sorted(plain.headers)


def test_without_the_built_script_there_is_no_tag(built):
    (built / SCRIPT).unlink()
    answer = Client(LinkedIndex(mlflow())).get("/")
    assert (answer.get_data(), answer.headers["ETag"]) == (PAGE, '"1"')


def test_a_failure_of_mlflow_stays_a_failure_of_mlflow():
    @Request.application
    def broken(request):
        return Response("broken", 500, mimetype="text/html")

    answer = Client(LinkedIndex(broken)).get("/")
    assert (answer.status_code, answer.get_data()) == (500, b"broken")
