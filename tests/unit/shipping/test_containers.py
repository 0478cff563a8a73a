"""The container files agree with each other and with what they run. No engine is needed."""

from __future__ import annotations

import fnmatch
import importlib.util
import os
import re
import shlex
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement

from mlflow_sentinel_plugin.config import load_config

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
STACK = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
ENV = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def filled_in(text: str) -> str:
    """``text`` as Compose makes it of ``.env.example`` with a password."""
    environ = {**ENV, "POSTGRES_PASSWORD": "pw"}
    return VARIABLE.sub(lambda match: environ.get(match[1]) or match[3] or "", text)


def environment(service: str) -> dict[str, str]:
    return {name: filled_in(str(value)) for name, value in SERVICES[service]["environment"].items()}


def pairs(instruction: str) -> list[list[str]]:
    """Arguments of each such instruction of the Dockerfile."""
    return [shlex.split(line) for line in re.findall(rf"^{instruction} +(.*)$", DOCKERFILE, re.M)]


# --- the stack -------------------------------------------------------------------------------------------


def test_the_file_in_the_root_is_a_link_to_the_one_in_docker():
    link = ROOT / "docker-compose.yml"
    assert link.is_symlink()
    assert link.resolve() == (ROOT / "docker" / "docker-compose.yml").resolve()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_an_image_and_waits_for_services_that_can_be_waited_for(name):
    service = SERVICES[name]
    assert service["image"]
    for other, how in service.get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            healthcheck = SERVICES[other].get("healthcheck", {})
            assert "test" in healthcheck or ("build" in SERVICES[other] and "disable" not in healthcheck)


def test_what_is_mounted_or_built_is_there():
    for service in SERVICES.values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert source in STACK["volumes"] or (ROOT / source).is_file()
        if "build" in service:
            assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_every_variable_of_the_stack_is_in_the_example_with_the_same_default():
    used = {name: default for name, kind, default in VARIABLE.findall(TEXT) if kind == "-"}
    assert set(ENV) == set(used) | {"POSTGRES_PASSWORD"}
    assert {name: ENV[name] for name in used} == used


def test_without_a_password_the_stack_does_not_start():
    assert ENV["POSTGRES_PASSWORD"] == ""
    assert VARIABLE.search(str(SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]))[2] == "?"


def test_only_this_machine_reaches_the_server_unless_said_otherwise():
    assert [filled_in(port) for port in SERVICES["mlflow"]["ports"]] == ["127.0.0.1:5000:5000"]
    assert not any("ports" in service for name, service in SERVICES.items() if name != "mlflow")


def test_sentinels_settings_are_right_and_tell_the_receiver():
    loaded = load_config(ROOT / "docker" / "sentinel.yaml", environment("mlflow"))
    sinks = loaded.config.alerting.sinks
    assert [name for name, sink in sinks.items() if sink.configured] == ["receiver"]
    port = SERVICES["receiver"]["command"][-1]
    assert sinks["receiver"].settings == {"url": f"http://receiver:{port}/webhook", "allow_private": True}
    assert loaded.config.api.public_url == "http://localhost:5000"


def test_slack_is_told_once_its_variable_is_set():
    environ = {**environment("mlflow"), "SENTINEL_SLACK_WEBHOOK": "https://hooks"}
    assert load_config(ROOT / "docker" / "sentinel.yaml", environ).config.alerting.sinks["slack"].configured


def test_the_server_may_be_called_by_the_names_that_are_used():
    allowed = environment("mlflow")["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    target = SERVICES["demo"]["command"][-1].removeprefix("http://")
    for host in (target, "localhost:5000", "127.0.0.1:8080"):
        assert any(fnmatch.fnmatch(host, pattern) for pattern in allowed)


def test_the_commands_of_the_stack_exist():
    from mlflow_sentinel_plugin.cli import main
    from mlflow_sentinel_plugin.demo.receiver import main as receiver

    program, *arguments = SERVICES["demo"]["command"]
    assert program == "mlflow-sentinel"
    options = [word for word in arguments if word.startswith("--")]
    assert all(option in CliRunner().invoke(main, [arguments[0], "--help"]).output for option in options)
    _, _, module, *arguments = SERVICES["receiver"]["command"]
    assert module == "mlflow_sentinel_plugin.demo.receiver"
    with receiver.make_context("receiver", arguments) as context:
        assert context.params == {"host": "0.0.0.0", "port": 8080}


# --- the image -------------------------------------------------------------------------------------------


def copied() -> list[str]:
    """What the Dockerfile copies from the repository."""
    return [source for words in pairs("COPY") if not words[0].startswith("--") for source in words[:-1]]


@pytest.mark.parametrize("source", copied())
def test_what_the_image_copies_is_there_and_not_ignored(source):
    assert (ROOT / source).exists()
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("!") and source.startswith(line[1:]) for line in ignore)


def test_the_image_does_not_run_as_root_and_says_how_it_is():
    assert pairs("USER") == [["10001:10001"]]
    assert "healthcheck.py" in DOCKERFILE[DOCKERFILE.index("HEALTHCHECK") :]
    assert DOCKERFILE.rstrip().endswith('CMD ["mlflow", "server", "--app-name", "sentinel"]')


def test_the_mlflow_of_the_image_is_one_that_sentinel_works_with():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = Requirement(re.search(r'"(mlflow>=[^"]+)"', project)[1])
    [default] = [words[0].split("=")[1] for words in pairs("ARG") if words[0].startswith("MLFLOW_VERSION")]
    assert needed.specifier.contains(default)
    assert ENV["MLFLOW_VERSION"] == default


def test_the_drivers_of_the_image_are_extras_of_the_package():
    extras = re.search(r"\$\{wheel\}\[([a-z,]+)\]", DOCKERFILE)[1].split(",")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(re.search(rf"^{extra} = \[", project, re.M) for extra in extras)


def test_the_builds_requirements_in_the_image_are_those_of_the_package():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    required = re.findall(r'"([^"]+)"', re.search(r"^requires = \[(.*)\]", project, re.M)[1])
    assert set(re.findall(r'^RUN pip install --no-cache-dir "([^"]+)"', DOCKERFILE, re.M)) == set(required)


# --- its health ------------------------------------------------------------------------------------------


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/prefix/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def healthcheck(monkeypatch):
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    spec = importlib.util.spec_from_file_location("healthcheck", ROOT / "docker" / "healthcheck.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_health_check_asks_mlflow_below_its_prefix(healthcheck, monkeypatch, capsys):
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("MLFLOW_PORT", str(server.server_port))
        assert healthcheck.main() == 1
        assert "404" in capsys.readouterr().out
        monkeypatch.setenv("MLFLOW_STATIC_PREFIX", "/prefix/")
        assert healthcheck.main() == 0
        server.shutdown()


def test_a_server_that_does_not_answer_is_unhealthy(healthcheck, monkeypatch):
    monkeypatch.setenv("MLFLOW_PORT", "1")
    assert healthcheck.main() == 1
