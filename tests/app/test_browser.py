"""The app in a real browser with every outside host out of reach: no failed request, no error on the console."""

import re
import signal

import pytest
from chromium import CHROMIUM, PATIENCE, chromium, reached, served

from flywheel_sim.scenario.schema import MECHANISMS

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
    slider = page.locator("[data-path='handoffs.integration'] .q-slider").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
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


def test_every_mechanism_is_explained(page):
    page.goto("/explain?m=M27")
    assert page.locator(".fs-item.on").evaluate("e => e.getBoundingClientRect().bottom <= innerHeight")
    links = page.locator(".fs-item")
    assert links.count() == len(MECHANISMS)
    for number in MECHANISMS:
        answer = page.request.get(f"/explain?m={number}")
        assert answer.ok and f"{number}  " in answer.text() and "Claims that rest on it" in answer.text()
    page.get_by_role("link", name=re.compile("M17")).click()
    said(page, "A group that meets")
    assert page.locator("table").count() == 3


def test_a_what_if_by_keyboard_alone(page):
    page.goto(f"/?baseline={A}&scenario={B}")
    said(page, "24 paired runs under")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outlined = page.evaluate(FOCUSED)
        seen.append(name)
        assert name and outlined, f"after {seen}"
        if "handoffs.integration" in name:
            break
    assert [word for word in seen if word in ("What-if", "Compare", "Watch", "Explain")] == [
        "What-if", "Compare", "Watch", "Explain"]  # fmt: skip
    assert seen.index("Pinned baseline") < seen.index("What if") < seen.index("Find a parameter")
    slider = page.get_by_role("slider", name="Handoffs: integration, handoffs.integration")
    assert slider.evaluate("e => e === document.activeElement")
    before = float(slider.get_attribute("aria-valuenow"))
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.href.includes('handoffs.integration')")
    assert float(slider.get_attribute("aria-valuenow")) > before and slider.get_attribute("aria-valuetext").endswith(
        "share"
    )


#: Name of what has the focus, and whether it can be seen that it has.
FOCUSED = """() => {
  const on = document.activeElement, look = getComputedStyle(on);
  const field = on.closest('.q-field'), button = on.closest('.q-btn');
  return [(on.getAttribute('aria-label') || on.textContent).trim(),
    look.outlineStyle !== 'none' || look.boxShadow !== 'none' || !!button ||
      !!(field && field.classList.contains('q-field--focused'))];
}"""


def test_every_chart_says_its_numbers(page):
    page.goto(f"/compare?s={A}&s={B}")
    said(page, "Side by side")
    page.goto(f"/?baseline={A}&scenario={B}")
    said(page, "24 paired runs under")
    for label in page.locator(".fs-chart").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))"):
        assert re.search(r"Relationship flywheel ends at \S*\d.*80 % of its runs between .*\d", label)
    page.goto(f"/watch?s={B}&seed=3")
    said(page, "Pause")
    page.keyboard.press(" ")
    said(page, "Play")
    labels = page.locator(".fw-picture").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert len(labels) == 4 and all(re.search(r"\d", label) for label in labels)


def test_nothing_moves_by_itself_for_those_who_asked_for_that(app, browser):
    page, wrong = watched(browser, app, reduced_motion="reduce")
    page.goto(f"/watch?s={B}&seed=3")
    said(page, "Play")
    assert page.evaluate("window.flywheelWatching.playing") is False
    page.keyboard.press(" ")
    said(page, "Pause")
    page.context.close()
    assert not wrong


def test_two_sessions_answer_at_the_same_time_and_know_nothing_of_each_other(app, browser):
    pages = [watched(browser, app) for _ in range(2)]
    for (page, _), path in zip(pages, ("word_of_mouth.rate", "market.price"), strict=True):
        page.goto(f"/?baseline={A}&scenario={B}")
        said(page, "24 paired runs under")
        page.locator(f"[data-path='{path}'] [role='slider']").first.focus()
    for _ in range(3):
        for page, _ in pages:
            page.keyboard.press("ArrowRight")
    for (page, _), path in zip(pages, ("word_of_mouth.rate", "market.price"), strict=True):
        page.wait_for_function("path => location.href.includes(path)", arg=path)
    assert "market.price" not in pages[0][0].url and "word_of_mouth" not in pages[1][0].url
    for page, wrong in pages:
        page.context.close()
        assert not wrong


def test_what_goes_wrong_in_front_of_a_class(page, tmp_path):
    broken = tmp_path / "mine.yaml"
    page.goto(f"/?baseline={A}&scenario={B}")
    said(page, "24 paired runs under")
    shown = page.locator(".said").inner_text()
    for text, message in (
        ("extends: b2b-sass\n", "b2b-saas"),
        ("market: [1\n", "mine.yaml"),
        (b"\xff\xfe\x00", "no text"),
    ):
        broken.write_bytes(text if isinstance(text, bytes) else text.encode())
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Open", exact=False).first.click()
        chooser.value.set_files(broken)
        said(page, message)
        page.keyboard.press("Escape")
        page.wait_for_function("() => !document.querySelector('.q-dialog')")
    broken.write_text(f"extends: nps-pay\ntitle: Of our own\n{YAML}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open", exact=False).first.click()
    chooser.value.set_files(broken)
    page.wait_for_function("was => document.querySelector('.said').innerText !== was", arg=shown)
    said(page, "Of our own")
    page.wait_for_function("() => location.href.includes('nps-pay')")
    address = page.url
    page.get_by_role("link", name="Explain").click()
    said(page, "Mathematics")
    page.go_back()
    said(page, "Of our own")
    page.reload()
    said(page, "24 paired runs under")
    assert page.url == address
    for width, height in ((1280, 720), (1024, 768), (640, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth + 1")
        page.wait_for_function(INSIDE)


BROKEN = ((b"extends: b2b-sass\n", "b2b-saas"), (b"market: [1\n", "mine.yaml"), (b"\xff\xfe\x00", "no text"))
YAML = "market: {accounts: 300, initial_customers: 30}\nhorizon_weeks: 26\n"
#: Whether every chart has taken the width it was given.
INSIDE = """() => [...document.querySelectorAll('.fs-chart')].every(e => !e.offsetWidth ||
  Math.abs(e.querySelector('svg').getBoundingClientRect().width - e.clientWidth) < 2)"""


def test_a_port_that_is_taken_and_an_end_by_the_keyboard(app):
    taken = app.rstrip("/").rpartition(":")[2]
    with served("--port", taken) as (other, server):
        assert other != app and other.startswith("http://127.0.0.1:")
        server.send_signal(signal.SIGINT)
        assert server.wait(30) in (0, 130, -signal.SIGINT)
