"""What a message says, and what it never says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from mlflow_sentinel_plugin.alert.decide import FeatureFinding
from mlflow_sentinel_plugin.alert.message import Message
from mlflow_sentinel_plugin.alert.sinks import http, pagerduty, slack

Make = Callable[..., Message]
AGE = FeatureFinding("age", "psi", 0.3141, 0.2, "more rows at 18", 480)


def test_the_text_says_model_feature_metric_value_threshold_window_rows_and_why(make_message: Make) -> None:
    message = make_message(AGE, model="churn-model", window_start=0, window_end=3_600_000, rows=500)
    assert message.text.splitlines() == [
        "High: drift on churn (model churn-model)",
        "age moved",
        "- age: psi 0.314 (threshold 0.2), 480 rows: more rows at 18",
        "Window: 1970-01-01T00:00:00.000Z to 1970-01-01T01:00:00.000Z, 500 rows",
        "Why sent: first message of this alert",
    ]


def test_a_resolution_says_so_and_lists_no_features(make_message: Make) -> None:
    text = make_message(AGE, action="resolved").text
    assert text.startswith("Resolved: drift on churn")
    assert "psi" not in text


def test_a_feature_that_hides_its_values_keeps_its_numbers_and_loses_its_words(make_message: Make) -> None:
    hidden = FeatureFinding("city", "psi", 0.5, 0.2, "new level 'Springfield'", 480, hidden=True)
    message = make_message(hidden)
    assert "Springfield" not in message.model_dump_json() + message.text
    assert message.features[0].value == 0.5


def test_a_number_that_is_none_becomes_null(make_message: Make) -> None:
    message = make_message(FeatureFinding("age", "psi", math.nan, math.inf))
    assert json.loads(message.model_dump_json())["features"][0]["value"] is None
    assert message.text.splitlines()[2] == "- age: psi"


def test_links_need_a_public_address_and_quote_the_monitor(make_message: Make) -> None:
    assert make_message().links == {}
    message = make_message(
        monitor="a b&c", baseline_id="b1", baseline_run_id="r1", public_url="https://ml.example/x/"
    )
    assert message.links == {
        "monitor": "https://ml.example/x/sentinel/#/monitors/a%20b%26c",
        "alert": "https://ml.example/x/sentinel/#/alerts/a1",
        "run": "https://ml.example/x/#/experiments/7/runs/r1",
    }


def test_a_stored_message_reads_back_the_same(make_message: Make) -> None:
    message = make_message(AGE, window_start=0, window_end=1, rows=5, baseline_id="b1")
    assert Message.model_validate(json.loads(json.dumps(message.model_dump(mode="json")))) == message


HOSTILE = tuple(
    FeatureFinding(name, "psi", 0.5, 0.2, name, 480)
    for number in range(125)
    for name in ("<!channel>" * 400 + str(number), "&" * 4_000, "📈" * 4_000, "`*_~\n" * 800)
)


def test_five_hundred_features_with_hostile_names_stay_within_every_sinks_limits(make_message: Make) -> None:
    message = make_message(*HOSTILE, summary="<@everyone> & " * 400, public_url="https://ml.example")
    assert len(http.encoded(message)) < 20_000

    post = slack.payload(message)
    assert len(post["blocks"]) <= 50
    texts = [block["text"] for block in post["blocks"] if "text" in block]
    texts += [element for block in post["blocks"] for element in block.get("elements", [])]
    assert len(post["blocks"][0]["text"]["text"]) <= 150
    assert all(len(text["text"]) <= 3_000 for text in texts)
    assert sum(len(text["text"]) for text in texts) < 13_000
    assert not any("<!" in text["text"] or "<@" in text["text"] for text in texts)

    event = pagerduty.payload(message)
    assert len(event["payload"]["summary"]) <= 1_024
    assert len(event["dedup_key"]) <= 255
    assert len(json.dumps(event)) < 512 * 1_024


def test_the_features_left_out_are_counted(make_message: Make) -> None:
    many = tuple(FeatureFinding(f"f{number}") for number in range(12))
    message = make_message(*many)
    assert [found.feature for found in message.features] == [f"f{number}" for number in range(10)]
    assert "- and 7 more" in message.text
    assert "• and 2 more" in json.dumps(slack.payload(message), ensure_ascii=False)


def test_pagerduty_joins_and_resolves_by_the_alerts_id(make_message: Make) -> None:
    trigger, resolve = (
        pagerduty.payload(make_message(AGE)),
        pagerduty.payload(make_message(action="resolved")),
    )
    assert (trigger["event_action"], trigger["dedup_key"], trigger["payload"]["severity"]) == (
        "trigger",
        "a1",
        "error",
    )
    assert resolve == {"event_action": "resolve", "dedup_key": "a1"}
