from __future__ import annotations

import json

import pytest

from mlflow_sentinel_plugin.api.dispatch import Dispatcher, belongs, unavailable


def answering(name: str):
    def app(environ, start_response):
        return [name, environ.get("SCRIPT_NAME", ""), environ["PATH_INFO"]]

    return app


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        ("/api/v1/runs", "", ["sentinel", "", "/api/v1/runs"]),
        ("/api/v1", "", ["sentinel", "", "/api/v1"]),
        ("/sentinel", "", ["sentinel", "", "/sentinel"]),
        ("/sentinel/assets/a.js", "", ["sentinel", "", "/sentinel/assets/a.js"]),
        ("/ws/live", "", ["sentinel", "", "/ws/live"]),
        ("/x/api/v1/runs", "/x", ["sentinel", "/x", "/api/v1/runs"]),
        ("/api/v1/runs", "/x", ["mlflow", "", "/api/v1/runs"]),
        ("/api/v10/runs", "", ["mlflow", "", "/api/v10/runs"]),
        ("/api/2.0/mlflow/runs/search", "", ["mlflow", "", "/api/2.0/mlflow/runs/search"]),
        ("/sentinels", "", ["mlflow", "", "/sentinels"]),
        ("/", "", ["mlflow", "", "/"]),
    ],
)
def test_only_sentinels_paths_go_to_sentinel(path, prefix, expected):
    app = Dispatcher(answering("mlflow"), answering("sentinel"), prefix)
    assert app({"PATH_INFO": path}, None) == expected


def test_mlflows_own_environment_is_passed_on_untouched():
    environ = {"PATH_INFO": "/api/2.0/x"}
    seen = []
    Dispatcher(lambda env, _: seen.append(env) or [], answering("sentinel"))(environ, None)
    assert seen[0] is environ


def test_a_path_above_the_prefix_is_not_sentinels():
    assert not belongs("/xapi/v1/runs", "/x/y")


def test_the_stand_in_says_why_on_every_path():
    started = []
    app = unavailable("the moon")
    body = b"".join(
        app(
            {"PATH_INFO": "/api/v1/health", "REQUEST_METHOD": "GET"},
            lambda status, headers: started.append((status, dict(headers))),
        )
    )
    status, headers = started[0]
    assert status.startswith("503")
    assert headers["Retry-After"] == "5"
    assert json.loads(body)["error"]["message"] == "the moon"
