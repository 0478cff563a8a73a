"""What a person changes on the dashboard."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from tests.browser import seeding
from tests.browser.conftest import Open
from tests.server.running import Server

pytestmark = pytest.mark.browser


def test_an_alert_is_acknowledged_and_its_monitor_silenced(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/alerts")
    page.get_by_role("region", name="Feed").get_by_role("link", name="flights").click()
    page.get_by_role("textbox", name="Comment").fill("looking")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("region", name="Log")).to_contain_text("looking")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_hidden()
    page.get_by_role("button", name="Silence…").click()
    page.get_by_role("textbox", name="Reason").fill("repair")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("silenced: nobody is told")).to_be_visible()
    page.get_by_role("link", name="Silences").click()
    expect(page.get_by_role("row", name="flights")).to_contain_text("repair")


def test_a_monitor_is_edited_wrongly_and_then_rightly(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/monitors/calm/edit")
    page.get_by_role("textbox", name="Wait for late rows").fill("ten minutes")
    with page.expect_response(lambda reply: reply.request.method == "PATCH") as refused:
        page.get_by_role("button", name="Save").click()
    assert refused.value.status == 400
    field = page.get_by_role("textbox", name="Wait for late rows")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("10m")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="calm")).to_be_visible()
    assert seeded.get("/api/v1/monitors/calm").json()["lateness"] == "10m"


def test_another_baseline_is_compared_and_activated(seeded: Server, open_page: Open) -> None:
    seeding.watch(seeded, "calm", seed=7)
    page = open_page(seeded, "/monitors/calm/baselines")
    page.get_by_role("button", name="Compare version 2 with the active one").click()
    expect(page.get_by_role("region", name="Version 2 against version 1")).to_contain_text("wind")
    page.get_by_role("button", name="Activate version 2").click()
    page.get_by_role("button", name="Activate it").click()
    expect(page.get_by_role("row", name="Version 2")).to_contain_text("active")


def test_a_key_is_made_and_shown_once(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/settings")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("textbox", name="Name").fill("nightly")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_role("region", name="The new key").locator("code").inner_text()
    refused = requests.get(f"{seeded.api}/drift", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    assert refused.json()["error"]["code"] == "key_scope", refused.text
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text(key)).to_be_hidden()
    expect(page.get_by_role("row", name="nightly")).to_contain_text("ingest")
