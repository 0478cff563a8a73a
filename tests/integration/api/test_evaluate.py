"""Rows are compared on the spot, and nothing of them is kept."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import Server, people


def compare(server: Server, **body) -> dict:
    """The verdict, after which everything stored is as before."""
    before = server.contents()
    verdict = server.post("/evaluate", json=body)
    assert server.contents() == before
    return verdict


def records(rows) -> dict:
    return {"dataframe_records": rows}


def test_two_sets_of_rows_are_compared(untouched):
    verdict = compare(untouched, reference=records(people(400)), current=records(people(200, shift=2)))

    assert (verdict["state"], verdict["rule"]) == ("drift", "calibrated")
    assert (verdict["rows"], verdict["n_reference"]) == (200, 400)
    age, city = verdict["features"]
    assert (age["name"], age["state"], city["name"], city["state"]) == ("age", "drift", "city", "ok")
    assert "age" in verdict["summary"]


def test_rows_are_compared_with_a_monitors_baseline_under_its_settings(server):
    server.post("/monitors", 201, json={"name": "churn", "features": {"age": {"ignore": True}}})
    baseline = server.baseline()

    verdict = compare(server, monitor="churn", current=records(people(200, shift=2)))

    assert verdict["state"] == "ok"
    assert {f["name"]: f["state"] for f in verdict["features"]} == {"age": "ignored", "city": "ok"}
    assert (verdict["n_reference"], verdict["baseline_digest"]) == (400, baseline["digest"])


def test_rule_kinds_and_metrics_may_be_said(untouched):
    verdict = compare(
        untouched,
        reference=records(people(400)),
        current=records(people(200, shift=2)),
        rule="thresholds",
        kinds={"age": "categorical"},
        metrics=["psi"],
    )

    assert verdict["rule"] == "thresholds"
    assert {f["name"]: f["kind"] for f in verdict["features"]} == {
        "age": "categorical",
        "city": "categorical",
    }
    assert {name for f in verdict["features"] for name in f["metrics"]} == {"psi"}


def test_any_shape_of_json_rows_will_do(untouched):
    rows = people(60)
    split = {"columns": ["age", "city"], "data": [list(row.values()) for row in rows]}
    inputs = {"inputs": {"age": [row["age"] for row in rows], "city": [row["city"] for row in rows]}}

    verdicts = [compare(untouched, reference=rows, current=current) for current in (rows, split, inputs)]

    assert verdicts == [verdicts[0]] * 3


def test_what_cannot_be_computed_is_null_with_a_reason(untouched):
    constant = [{"x": 1, "y": None, "z": "a"} for _ in range(60)]

    verdict = compare(untouched, reference=constant, current=constant)

    assert verdict["state"] in ("ok", "insufficient_data")
    values = {f["name"]: f["metrics"].get("psi") for f in verdict["features"]}
    assert all(found is None or found["value"] == 0 or found["reason"] for found in values.values())


ROWS = [{"age": 1}]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"current": ROWS}, 400, "invalid_input"),
        ({"current": ROWS, "reference": ROWS, "monitor": "churn"}, 400, "invalid_input"),
        ({"reference": ROWS}, 400, "invalid_input"),
        ({"current": ROWS, "reference": ROWS, "extra": 1}, 400, "invalid_input"),
        ({"current": ROWS, "reference": ROWS, "rule": "guess"}, 400, "invalid_input"),
        ({"current": ROWS, "reference": ROWS, "metrics": ["psy"]}, 400, "unknown_metric"),
        ({"current": ROWS, "reference": ROWS, "kinds": {"agee": "numeric"}}, 400, "invalid_input"),
        ({"current": ROWS, "reference": ROWS, "kinds": {"age": "big"}}, 400, "invalid_input"),
        ({"current": [], "reference": ROWS}, 400, "no_rows"),
        ({"current": ROWS, "reference": {"rows": 1}}, 400, "unknown_shape"),
        ({"current": ROWS, "monitor": "churn"}, 404, "monitor_not_found"),
    ],
)
def test_a_wrong_comparison_is_refused(untouched, body, status, code):
    untouched.refused("POST", "/evaluate", status, code, json=body)


def test_a_monitor_without_a_baseline_has_nothing_to_compare_with(server):
    server.post("/monitors", 201, json={"name": "churn"})

    server.refused("POST", "/evaluate", 409, "no_baseline", json={"current": ROWS, "monitor": "churn"})


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ('{"current": [{"age": NaN}], "reference": [{"age": 1}]}', "application/json", 400, "invalid_input"),
        ('{"current": ', "application/json", 400, "invalid_input"),
        ("age\n1\n", "text/csv", 415, "unsupported_media_type"),
    ],
)
def test_a_body_that_is_no_json_is_refused(untouched, body, kind, status, code):
    untouched.refused("POST", "/evaluate", status, code, data=body, content_type=kind)
