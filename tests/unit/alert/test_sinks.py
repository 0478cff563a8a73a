"""What a configuration of sinks may say, what a status means, how a body is signed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mlflow_sentinel_plugin.alert.addresses import is_public
from mlflow_sentinel_plugin.alert.deliver import MAX_ATTEMPTS, backoff_ms
from mlflow_sentinel_plugin.alert.outgoing import Reply
from mlflow_sentinel_plugin.alert.sink import DeliveryError
from mlflow_sentinel_plugin.alert.sinks import build_sinks
from mlflow_sentinel_plugin.alert.sinks.http import key_bytes, signature
from mlflow_sentinel_plugin.alert.sinks.submit import require_success, retry_after_s
from mlflow_sentinel_plugin.config.model import AlertingSection
from mlflow_sentinel_plugin.errors import ConfigError


def _section(**sinks: Any) -> AlertingSection:
    return AlertingSection.model_validate({"sinks": sinks})


def test_the_requests_own_example_is_accepted_and_slack_reported_as_not_configured() -> None:
    section = _section(
        slack={"enabled": True, "unset": ("SENTINEL_SLACK_WEBHOOK",)},
        pagerduty={"enabled": False, "routing_key": "${SENTINEL_PD_ROUTING_KEY}"},
    )
    sinks = build_sinks(section)
    assert sinks.names == ()
    assert sinks.unconfigured == {"slack": "SENTINEL_SLACK_WEBHOOK not set"}
    assert sinks.disabled == ("pagerduty",)


def test_an_enabled_sink_without_its_address_is_reported_as_not_configured() -> None:
    assert build_sinks(_section(http={})).unconfigured == {"http": "url not set"}


def test_two_sinks_of_one_kind_live_side_by_side() -> None:
    sinks = build_sinks(
        _section(
            ops={"type": "slack", "webhook_url": "https://hooks.example/a"},
            ml={"type": "slack", "url": "https://hooks.example/b"},
        )
    )
    assert sinks.names == ("ml", "ops")


def test_alerting_switched_off_switches_every_sink_off() -> None:
    section = AlertingSection.model_validate(
        {"enabled": False, "sinks": {"http": {"url": "https://hooks.example"}}}
    )
    assert build_sinks(section).names == ()


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("sink", "says"),
    [
        ({"type": "htpp"}, "alerting.sinks.it: unknown sink 'htpp'; did you mean 'http'?"),
        (
            {"type": "http", "ulr": SECRET},
            "alerting.sinks.it.ulr: unknown key; did you mean alerting.sinks.it.url?",
        ),
        (
            {"type": "http", "url": f"ftp://{SECRET}"},
            "alerting.sinks.it.url: is no http:// or https:// address",
        ),
        ({"type": "http", "url": SECRET}, "alerting.sinks.it.url: is no http:// or https:// address"),
        ({"type": "http", "url": f"http://x:{SECRET}@y"}, "alerting.sinks.it.url: must not carry a user"),
        ({"type": "http", "url": f"http://x:99999/{SECRET}"}, "alerting.sinks.it.url: is no http"),
        ({"type": "http", "url": f"http://x/{SECRET}\r\nA: b"}, "alerting.sinks.it.url: is no http"),
        ({"type": "http", "headers": {"a b": SECRET}}, "alerting.sinks.it.headers: 'a b' is no header name"),
        (
            {"type": "http", "headers": {"Host": SECRET}},
            "alerting.sinks.it.headers: 'Host' is set by Sentinel",
        ),
        ({"type": "http", "headers": {"X": f"{SECRET}\n"}}, "alerting.sinks.it.headers: the value of 'X'"),
        ({"type": "http", "secret": f"whsec_{SECRET}"}, "alerting.sinks.it.secret: must be 'whsec_'"),
        ({"type": "http", "timeout": 0}, "alerting.sinks.it.timeout: "),
        (
            {"type": "pagerduty", "webhook_url": SECRET},
            "alerting.sinks.it.webhook_url: unknown key; known here: allow_private, ",
        ),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(sink: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_sinks(_section(it=sink))
    assert str(caught.value).startswith(says)
    assert SECRET not in str(caught.value) + repr(caught.value) + str(caught.value.hint)


def test_a_sink_shows_no_secret_of_its_own() -> None:
    sinks = build_sinks(
        _section(http={"url": f"https://x/{SECRET}", "headers": {"X": SECRET}, "secret": f"whsec_{'A' * 32}"})
    )
    receiver = sinks.receiver("http")
    assert receiver is not None
    shown = repr(receiver) + repr(receiver.sink.settings) + str(receiver.sink.settings.model_dump())
    assert SECRET not in shown
    assert "AAAA" not in shown


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (301, False), (302, False), (307, False), (400, False), (401, False), (404, False), (408, True),
        (410, False), (413, False), (425, True), (429, True), (500, True), (502, True), (503, True),
    ],
)  # fmt: skip
def test_a_status_says_whether_to_try_again(status: int, retry: bool) -> None:
    with pytest.raises(DeliveryError) as caught:
        require_success(Reply(status, {"Retry-After": "7"}, b""), now=0)
    assert caught.value.retry is retry
    assert caught.value.retry_after == (7.0 if retry else None)
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 30.0),
        ("Tue, 14 Nov 2000 22:13:50 GMT", 0.0),
        ("9" * 400, 999_999_999.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, 1_700_000_000_000) == seconds


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(status: int) -> None:
    require_success(Reply(status, {}, b""), now=0)


def test_the_signature_is_that_of_the_specifications_example() -> None:
    key = key_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_signing_secret_of_the_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64"):
        key_bytes("whsec_" + base64.b64encode(bytes(size)).decode())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::7f00:1",
        "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::a00:1", "2002:7f00:1::", "name", "",
    ],
)  # fmt: skip
def test_an_address_outside_the_public_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_retries_back_off_for_about_a_day_with_up_to_a_fifth_of_jitter() -> None:
    assert [backoff_ms(n, lambda: 0.0) for n in (1, 2, 3, 99)] == [5_000, 30_000, 60_000, 300_000]
    assert backoff_ms(1, lambda: 1.0) == 6_000
    all_waits = sum(backoff_ms(n, lambda: 0.5) for n in range(1, MAX_ATTEMPTS))
    assert 23 * 3_600_000 < all_waits < 25 * 3_600_000
