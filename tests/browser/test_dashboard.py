"""What a person does on the dashboard, from the first empty page to the feature that moved."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import seeding
from tests.browser.conftest import Open
from tests.server.running import Server

pytestmark = pytest.mark.browser

SCREENS = {
    "overview": ("/", "1 of 2 models is drifting"),
    "monitor": ("/monitors/flights", "flights"),
    "alerts": ("/alerts", "Alerts"),
    "runs": ("/runs", "Runs"),
    "baselines": ("/monitors/flights/baselines", "Baselines of flights"),
    "edit": ("/monitors/flights/edit", "Edit flights"),
    "new monitor": ("/new-monitor", "New monitor"),
    "silences": ("/silences", "Silences"),
    "deliveries": ("/deliveries", "Deliveries"),
    "settings": ("/settings", "Settings"),
}
PHONE = {"width": 390, "height": 844}


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def ask_again(page: Page) -> None:
    """What the next poll does, without waiting for it."""
    page.get_by_role("button", name="Pause updates").click()
    page.get_by_role("button", name="Resume updates").click()


def test_the_commands_of_the_empty_page_make_a_monitor_appear_there(
    empty_server: Server, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(empty_server)
    heading(page, "Nothing is watched yet")
    (tmp_path / "train.csv").write_text(seeding.rows(500, seed=1))
    (tmp_path / "live.csv").write_text(seeding.rows(100, seed=2))
    commands = page.get_by_role("region", name="Commands to paste").inner_text()

    done = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert '"rejected":0' in done.stdout.replace(" ", ""), done
    page.get_by_role("link", name="my-model").click()
    expect(page.get_by_role("region", name="Open window")).to_contain_text("provisional")


def test_from_the_overview_to_the_feature_that_moved_and_on_into_mlflow(
    seeded: Server, open_page: Open
) -> None:
    page = open_page(seeded)
    heading(page, "1 of 2 models is drifting")
    page.get_by_role("link", name="flights").click()
    heading(page, "flights")
    expect(page.get_by_role("heading", level=2, name="wind", exact=True)).to_be_visible()
    bars = page.get_by_role("figure", name="Baseline against window")
    expect(bars.locator(".recharts-bar-rectangle").first).to_be_visible()
    page.get_by_role("button", name="city", exact=True).click()
    expect(page.get_by_role("heading", level=2, name="city", exact=True)).to_be_visible()
    bars.get_by_role("button", name="Show as table").click()
    expect(bars.get_by_role("rowheader", name="Kiel")).to_be_visible()
    target = page.get_by_role("link", name="Default").get_attribute("href")
    assert target == f"{seeded.root}/#/experiments/0"
    assert requests.get(target, timeout=30).ok


def test_a_click_on_the_timeline_opens_that_window(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/monitors/flights")
    expect(page.get_by_role("region", name="Features")).to_contain_text("Drift")
    surface = page.get_by_role("figure", name="Drift score").locator(".recharts-surface").first
    surface.click(position={"x": 70, "y": 120})
    expect(page.get_by_role("region", name="Features")).not_to_contain_text("Drift")
    assert "window=" in page.url


def test_filters_and_selection_survive_a_reload(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/alerts")
    page.get_by_label("Status").select_option("open")
    page.get_by_role("combobox", name="Monitor", exact=True).select_option("flights")
    page.reload()
    expect(page.get_by_label("Status")).to_have_value("open")
    expect(page.get_by_role("combobox", name="Monitor", exact=True)).to_have_value("flights")
    expect(page.get_by_role("region", name="Feed").get_by_role("link", name="flights")).to_be_visible()


def test_an_alert_shows_who_was_told_and_leads_to_the_chart(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/alerts")
    page.get_by_role("region", name="Feed").get_by_role("link", name="flights").click()
    expect(page.get_by_role("region", name="Log")).to_contain_text("first")
    expect(page.get_by_role("region", name="Deliveries")).to_contain_text("nobody was told")
    page.get_by_role("link", name="wind", exact=True).click()
    expect(page.get_by_role("heading", level=2, name="wind", exact=True)).to_be_visible()


def test_the_keyboard_alone_reaches_a_feature(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded, "/monitors/flights")
    expect(page.get_by_role("heading", level=2, name="wind", exact=True)).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "city":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="city", exact=True)).to_be_visible()


def test_a_server_that_is_away_is_said_and_the_old_data_stays(seeded: Server, open_page: Open) -> None:
    page = open_page(seeded)
    heading(page, "1 of 2 models is drifting")
    page.context.set_offline(True)
    ask_again(page)
    expect(page.get_by_text("The server is away.")).to_be_visible()
    expect(page.get_by_role("link", name="flights")).to_be_visible()
    page.context.set_offline(False)
    ask_again(page)
    expect(page.get_by_text("The server is away.")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_to_complain_of(seeded: Server, open_page: Open, screen: str, scheme: str) -> None:
    address, title = SCREENS[screen]
    page = open_page(seeded, address, color_scheme=scheme)
    heading(page, title)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_phone_shows_each_screen_without_scrolling_sideways(
    seeded: Server, open_page: Open, screen: str
) -> None:
    address, title = SCREENS[screen]
    page = open_page(seeded, address, viewport=PHONE)
    heading(page, title)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
