from __future__ import annotations

from pathlib import Path

import pytest

from mlflow_sentinel_plugin.config import load_config
from mlflow_sentinel_plugin.errors import ConfigError

STANDALONE = Path(__file__).parents[2] / "data" / "standalone-config.yaml"


@pytest.fixture
def write(tmp_path):
    def _write(text: str) -> Path:
        file = tmp_path / "sentinel.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return _write


def refused(path: Path | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_no_file_and_no_variable_is_a_working_set_up():
    loaded = load_config(None, {})
    assert loaded.config.windows.spec.period == "1h"
    assert loaded.hints == []


def test_the_file_is_the_one_that_SENTINEL_CONFIG_names(write):  # noqa: N802
    file = write("drift: {rule: thresholds}")
    assert load_config(None, {"SENTINEL_CONFIG": str(file)}).config.drift.rule == "thresholds"


def test_a_variable_wins_over_the_file(write):
    file = write("mlflow: {poll_interval_seconds: 10}")
    loaded = load_config(file, {"SENTINEL_MLFLOW__POLL_INTERVAL_SECONDS": "20"})
    assert loaded.config.mlflow.poll_interval_seconds == 20


@pytest.mark.parametrize("text", ["a, b-*", '["a", "b-*"]', "[a, b-*]"])
def test_a_list_in_a_variable_is_written_with_commas_or_as_a_list(text):
    assert load_config(None, {"SENTINEL_MLFLOW__EXPERIMENTS": text}).config.mlflow.experiments == ["a", "b-*"]


def test_a_mapping_in_a_variable_is_json():
    loaded = load_config(None, {"SENTINEL_DRIFT__THRESHOLDS": '{"psi": 0.3}'})
    assert loaded.config.drift.thresholds == {"psi": 0.3}


def test_a_single_threshold_and_a_sinks_secret_can_be_set_by_variable(write):
    file = write("alerting: {sinks: {Ops-Hook: {type: http, url: https://old}}}")
    loaded = load_config(
        file,
        {"SENTINEL_DRIFT__THRESHOLDS__PSI": "0.3", "SENTINEL_ALERTING__SINKS__OPS_HOOK__URL": "https://new"},
    )
    assert loaded.config.drift.thresholds == {"psi": 0.3}
    assert loaded.config.alerting.sinks["Ops-Hook"].settings == {"url": "https://new"}


def test_a_secret_can_come_from_a_file(tmp_path):
    secret = tmp_path / "uri"
    secret.write_text("sqlite:///x.db\n")
    assert (
        load_config(None, {"SENTINEL_STORAGE__URI_FILE": str(secret)}).config.storage.uri == "sqlite:///x.db"
    )


def test_a_secret_file_that_cannot_be_read_is_an_error(tmp_path):
    assert "SENTINEL_STORAGE__URI_FILE" in refused(SENTINEL_STORAGE__URI_FILE=str(tmp_path / "none"))


def test_a_key_and_its_file_cannot_both_be_set(tmp_path):
    (tmp_path / "uri").write_text("x")
    message = refused(SENTINEL_STORAGE__URI="y", SENTINEL_STORAGE__URI_FILE=str(tmp_path / "uri"))
    assert "use one of them" in message


def test_a_secret_file_that_is_empty_is_an_error(tmp_path):
    (tmp_path / "uri").write_text("\n")
    assert "is empty" in refused(SENTINEL_STORAGE__URI_FILE=str(tmp_path / "uri"))


def test_a_variable_that_the_file_names_can_come_from_a_file_too(write, tmp_path):
    (tmp_path / "hook").write_text("https://hooks/1\n")
    file = write("alerting: {sinks: {slack: {webhook_url: '${SENTINEL_SLACK_WEBHOOK}'}}}")
    loaded = load_config(file, {"SENTINEL_SLACK_WEBHOOK_FILE": str(tmp_path / "hook")})
    assert loaded.config.alerting.sinks["slack"].settings == {"webhook_url": "https://hooks/1"}


def test_the_old_dsn_can_come_from_a_file_too(tmp_path):
    (tmp_path / "dsn").write_text("postgresql://b\n")
    loaded = load_config(None, {"SENTINEL_POSTGRES_DSN_FILE": str(tmp_path / "dsn")})
    assert loaded.config.storage.uri == "postgresql://b"


def test_an_empty_variable_is_as_good_as_none(write):
    file = write("api: {public_url: 'https://h'}")
    loaded = load_config(file, {"SENTINEL_API__PUBLIC_URL": "", "SENTINEL_STORAGE__URI_FILE": ""})
    assert loaded.config.api.public_url == "https://h"
    assert loaded.config.storage.uri is None


def test_a_key_without_a_value_has_its_default(write):
    config = load_config(write("mlflow:\n  experiments:\nalerting:\n  sinks:\n    # slack: {}\n"), {}).config
    assert config == load_config(None, {}).config


def test_a_file_that_is_no_yaml_is_refused_without_quoting_it(write):
    assert refused(write("storage:\n  uri: postgresql://me:s3cret@h: 'x'")).endswith(
        "is not YAML: line 2, column 32: mapping values are not allowed here"
    )


def test_variables_in_values_are_replaced(write):
    file = write("api: {public_url: 'https://${HOST}/${PATH_:-mlflow}'}")
    assert load_config(file, {"HOST": "h"}).config.api.public_url == "https://h/mlflow"


def test_an_unset_variable_outside_a_sink_is_an_error(write):
    assert "storage.uri: the variable DB is not set" in refused(write("storage: {uri: '${DB}'}"))


def test_an_unset_variable_is_no_error_where_the_environment_sets_the_key(write):
    loaded = load_config(write("storage: {uri: '${DB}'}"), {"SENTINEL_STORAGE__URI": "sqlite:///a.db"})
    assert loaded.config.storage.uri == "sqlite:///a.db"


def test_a_sink_with_an_unset_variable_is_reported_and_not_configured(write):
    loaded = load_config(write("alerting: {sinks: {slack: {webhook_url: '${HOOK}'}}}"), {})
    assert not loaded.config.alerting.sinks["slack"].configured
    assert loaded.hints == ["alerting.sinks.slack: not configured, HOOK is not set; it sends nothing"]


def test_an_unset_variable_deep_inside_a_sink_leaves_it_unconfigured_too(write):
    text = "alerting: {sinks: {ops: {type: http, url: 'https://x', headers: {Authorization: 'Bearer ${T}'}}}}"
    assert load_config(write(text), {}).config.alerting.sinks["ops"].unset == ("T",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("drift: {algoritms: [psi]}", "drift.algoritms: unknown key; did you mean drift.algorithms?"),
        ("drfit: {}", "drfit: unknown key; did you mean drift?"),
        ("drift: {rule: strict}", "drift.rule: Input should be 'calibrated' or 'thresholds'"),
        ("server: {enabled: maybe}", "server.enabled: write true or false"),
        ("windows: {period: 1h, rows: 5}", "set period or rows, not both"),
        ("windows: {rows: 0}", "windows.rows"),
        ("windows: {rows: true}", "not true or false"),
        ("windows: {timezone: Mars}", "no IANA time zone"),
        ("drift: {thresholds: {psi: .nan}}", "drift.thresholds.psi"),
        ("drift: [psi]", "drift: a mapping of keys is needed here"),
        ("api: {max_body_mb: -1}", "api.max_body_mb"),
        ("[1, 2]", "holds a list"),
        ("a: b: c", "is not YAML"),
        ("drift: {rule: thresholds}\ndrift: {}", "line 2, column 1: the key 'drift' stands"),
        ("api: {public_url: 'https://me:pw@h/x'}", "must not carry a user or password"),
        ("storage: {backend: mongo}", "storage.backend: 'mongo'"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key_and_what_is_right(write, text, expected):
    assert expected in refused(write(text))


def test_a_wrong_key_is_named_with_its_file(write):
    file = write("drift: {rules: thresholds}")
    assert refused(file).startswith(f"{file}: drift.rules: unknown key")


def test_a_wrong_value_from_the_environment_is_named_with_its_variable():
    assert refused(SENTINEL_ENABLED="maybe").startswith(
        "SENTINEL_ENABLED: server.enabled: write true or false"
    )


def test_all_mistakes_are_in_the_details(write):
    with pytest.raises(ConfigError) as caught:
        load_config(write("drift: {rule: x}\nwindows: {rows: 0}"), {})
    assert len(caught.value.details["errors"]) == 2
    assert "(and 1 more)" in caught.value.message


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    assert "cannot be read" in refused(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "SENTINEL_SERVICE_HOST",
        "SENTINEL_SERVICE_PORT_HTTP",
        "SENTINEL_PORT",
        "SENTINEL_PORT_80_TCP",
        "SENTINEL_STORAGE_PORT",
        "SENTINEL_STORAGE_PORT_5432_TCP_ADDR",
        "SENTINEL_STORAGE_SERVICE_HOST",
        "SENTINEL_SKIP_UI",
    ],
)
def test_variables_that_mean_something_else_are_left_alone(name):
    assert load_config(None, {name: "1"}).config == load_config(None, {}).config


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SENTINEL_STORAGE_URI", "SENTINEL_STORAGE__URI"),
        ("SENTINEL_STORGE__URI", "SENTINEL_STORAGE__URI"),
        ("SENTINEL_CONFG", "SENTINEL_CONFIG"),
        ("SENTINEL_ENABLE", "SENTINEL_ENABLED"),
        ("SENTINEL_STORAGE__URL", "storage.uri"),
    ],
)
def test_a_near_miss_of_a_variable_is_refused(name, meant):
    assert f"did you mean {meant}?" in refused(**{name: "x"})


def test_a_variable_that_the_file_uses_may_be_called_anything(write):
    file = write("api: {public_url: '${SENTINEL_STORAGE_URI}'}")
    assert load_config(file, {"SENTINEL_STORAGE_URI": "https://x"}).config.api.public_url == "https://x"


def test_a_stand_alone_config_starts_as_it_is():
    loaded = load_config(STANDALONE, {})
    config = loaded.config
    assert config.storage.uri == f"sqlite:///{Path('sentinel.db').absolute()}"
    assert config.mlflow.experiments == ["production-models", "staging-*"]
    assert config.drift.thresholds == {"psi": 0.2, "ks_test_pvalue": 0.05, "js_divergence": 0.1}
    assert [name for name, sink in config.alerting.sinks.items() if sink.enabled] == ["slack"]
    said = "\n".join(loaded.hints)
    for key in ("mlflow.tracking_uri", "api.host", "api.port", "api.cors_origins", "SENTINEL_SLACK_WEBHOOK"):
        assert key in said
    assert "SENTINEL_PD_ROUTING_KEY" not in said  # a sink that is switched off needs no key


def test_a_stand_alone_config_sends_to_slack_once_its_variable_is_set():
    loaded = load_config(STANDALONE, {"SENTINEL_SLACK_WEBHOOK": "https://hooks"})
    assert loaded.config.alerting.sinks["slack"].configured


@pytest.mark.parametrize(
    ("text", "environ", "uri"),
    [
        ("storage: {backend: postgres, postgres: {dsn: 'postgresql://a'}}", {}, "postgresql://a"),
        (
            "storage: {backend: postgres, postgres: {dsn: 'postgresql://a'}}",
            {"SENTINEL_POSTGRES_DSN": "postgresql://b"},
            "postgresql://b",
        ),
        ("", {"SENTINEL_POSTGRES_DSN": "postgresql://b"}, "postgresql://b"),
        ("storage: {uri: 'sqlite:///c.db', backend: postgres}", {}, "sqlite:///c.db"),
        ("storage: {sqlite: {path: /d.db}}", {}, "sqlite:////d.db"),
        ("storage: {backend: sqlite}", {}, None),
    ],
)
def test_old_storage_keys_become_the_uri(write, text, environ, uri):
    assert load_config(write(text), environ).config.storage.uri == uri


def test_old_storage_keys_that_do_nothing_are_said(write):
    hints = load_config(write("storage: {uri: 'sqlite:///c.db', backend: postgres}"), {}).hints
    assert any("no effect beside storage.uri" in hint for hint in hints)
