"""The app in a real browser with every outside host out of reach: no failed request, no error on the console."""

import re

import pytest
from chromium import CHROMIUM, PATIENCE, chromium, reached, served

pytest.importorskip("nicegui")
pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser, google-chrome or chrome here")
SMALL = '{"market.accounts":300,"market.initial_customers":30,"horizon_weeks":26}'
A, B = f"siloed-close-rate:{SMALL}", f"relationship-flywheel:{SMALL}"


@pytest.fixture(scope="module")
def app():
    """Address of an app on a port that the machine chose."""
    with served() as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser():
    """A browser that can reach no host but this machine."""
    with chromium() as made:
        yield made


@pytest.fixture
def page(app, browser):
    """A page, and what went wrong in it."""
    made, wrong = watched(browser, app)
    yield made
    assert not wrong
    made.context.close()


def watched(browser, app, **look):
    """A page of its own session, and the list of what goes wrong in it."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "base_url": app, **look})
    made = context.new_page()
    made.set_default_timeout(PATIENCE)
    reached(made, "/explain")
    wrong: list[str] = []
    made.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
    made.on("request", lambda asked: wrong.append(f"outside: {asked.url}") if outside(asked.url, app) else None)
    return made, wrong


def outside(url, app):
    return not url.startswith((app, app.replace("http", "ws"), "data:", "blob:"))


def said(page, text):
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)


def test_what_if(page):
    page.goto(f"/?baseline={A}&scenario={B}")
    said(page, "24 paired runs under")
    assert page.locator("svg path").count() > 20
    before = page.locator(".said").inner_text()
    box = page.locator("[data-path='handoffs.integration'] [tabindex]").first.bounding_box()
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
