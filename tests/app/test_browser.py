"""The app in a real browser with every outside host out of reach: no failed request, no error on the console."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nicegui")
sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.filterwarnings("default"),
]
ROOT = Path(__file__).resolve().parents[2]
SMALL = '{"market.accounts":300,"market.initial_customers":30,"horizon_weeks":26}'
A, B = f"siloed-close-rate:{SMALL}", f"relationship-flywheel:{SMALL}"
PATIENCE = 200_000  # ms: the first start may compile


@pytest.fixture(scope="module")
def app():
    """Address of an app on a port that the machine chose."""
    command = [sys.executable, "-m", "flywheel_sim.cli", "app", "--no-browser", "--port", "0"]
    env = {name: value for name, value in os.environ.items() if "PYTEST" not in name and "NICEGUI" not in name}
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env)
    assert server.stdout is not None
    yield server.stdout.readline().strip()
    server.terminate()
    server.wait(20)
    server.stdout.close()


@pytest.fixture
def page(app):
    """A page, and what went wrong in it."""
    with sync_api.sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        made = browser.new_page(viewport={"width": 1440, "height": 900}, base_url=app)
        made.set_default_timeout(PATIENCE)
        wrong: list[str] = []
        made.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        made.on("request", lambda asked: wrong.append(f"outside: {asked.url}") if outside(asked.url, app) else None)
        for _ in range(300):
            try:
                made.goto("/explain")
                break
            except sync_api.Error:
                made.wait_for_timeout(100)
        wrong.clear()
        yield made
        assert not wrong
        browser.close()


def outside(url, app):
    return not url.startswith((app, app.replace("http", "ws"), "data:", "blob:"))


def said(page, text):
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)


def test_what_if(page):
    page.goto(f"/?baseline={A}&scenario={B}")
    said(page, "24 paired runs under")
    assert page.locator("svg path").count() > 20
    before = page.locator(".said").inner_text()
    box = page.locator("[aria-label='handoffs.integration']").first.bounding_box()
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function("was => document.querySelector('.said').innerText !== was", arg=before)
    said(page, "24 paired runs under")
    page.wait_for_function("() => location.href.includes('handoffs.integration')")
    page.goto(page.url)
    said(page, "24 paired runs under")
    assert page.locator(".said").inner_text() != before


def test_compare_and_its_report(page):
    page.goto(f"/compare?s={A}&s={B}&s=nps-pay:{SMALL}")
    said(page, "Side by side")
    with page.expect_popup() as opened:
        page.get_by_text("Open the report").click()
    report = opened.value
    report.wait_for_load_state()
    assert report.locator("svg").count() > 3


def test_watch_plays_stops_and_seeks(page):
    page.goto(f"/watch?s={B}&seed=3")
    said(page, "Pause")
    page.wait_for_function("() => window.flywheelWatching.week > 0.2")
    page.get_by_role("button", name="Pause").click()
    held = page.evaluate("window.flywheelWatching.week")
    seek = page.get_by_label("Week", exact=True)
    seek.focus()
    seek.press("End")
    assert page.evaluate("window.flywheelWatching.week") == 26 > held
    assert page.locator(".fw-week").inner_text() == "week 26"
    seek.press("Home")
    assert re.fullmatch("week 0", page.locator(".fw-week").inner_text())


def test_explain(page):
    page.goto("/explain?m=M11")
    page.get_by_role("link", name=re.compile("M17")).click()
    said(page, "A group that meets")
    assert page.locator("table").count() == 3
