"""What is open leads: menus, links and the address follow at once, reload keeps it, no answer belongs to another."""

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from chromium import CHROMIUM, PATIENCE, chromium, reached, served

from flywheel_sim.scenario import scenarios

pytest.importorskip("nicegui")
pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser, google-chrome or chrome here")
SIZE = {"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 26}
SMALL = json.dumps(SIZE, separators=(",", ":"))
A, B, C = (f"{name}:{SMALL}" for name in ("siloed-close-rate", "relationship-flywheel", "nps-pay"))
TITLES = scenarios()


@pytest.fixture(scope="module")
def app():
    with served() as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as made:
        yield made


@pytest.fixture
def page(app, browser):
    """A page of its own session, in which nothing may go wrong."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=app)
    made = context.new_page()
    made.set_default_timeout(PATIENCE)
    reached(made, "/explain")
    wrong: list[str] = []
    made.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    yield made
    assert not wrong
    context.close()


def said(page, text):
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)


def link(base, **changes):
    return f"{base}:{json.dumps(changes, separators=(',', ':'))}"


def query(address):
    return parse_qs(urlsplit(address).query)


def header(page, word):
    """What a link of the header opens."""
    return query(page.locator(".fs-nav").get_by_role("link", name=word).get_attribute("href"))


def choose(page, menu, option):
    page.get_by_label(menu, exact=True).first.click()
    page.get_by_role("option", name=option, exact=True).click()


def upload(page, path):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open", exact=False).first.click()
    chooser.value.set_files(path)


def nudge(page, path):
    page.locator(f"[data-path='{path}'] [role='slider']").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("path => location.href.includes(path)", arg=path)


def test_other_screens_open_with_what_is_open_while_it_is_still_computed(page):
    slow = {"market.accounts": 100_000}  # no answer comes while this test looks
    page.goto(f"/?baseline={quote(link('siloed-close-rate', **slow))}&scenario={quote(link('nps-pay', **slow))}")
    page.locator("[data-path]").first.wait_for()
    assert not page.locator(".said").inner_text().startswith("NPS"), "there is no answer yet"
    nudge(page, "market.price")
    for word in ("Compare", "Explain", "Watch"):
        words = json.dumps(header(page, word))
        assert "nps-pay" in words and "market.price" in words, word
    assert header(page, "Compare")["s"][0].startswith("siloed-close-rate:")
    page.locator(".fs-nav").get_by_role("link", name="Explain").click()
    said(page, "Mathematics")
    page.get_by_role("link", name=re.compile("M17")).click()
    said(page, "A group that meets")
    page.wait_for_function("() => document.querySelector('.fs-nav a').href.includes('market.price')")
    again = header(page, "What-if")
    assert again["baseline"][0].startswith("siloed-close-rate") and "market.price" in again["scenario"][0]


def test_three_scenarios_are_still_three_after_a_way_around(page):
    page.goto(f"/compare?s={quote(A)}&s={quote(B)}&s={quote(C)}&runs=10")
    said(page, "10 paired runs")
    for word, arrived in (("Watch", "Pause"), ("Explain", "Mathematics"), ("What-if", "24 paired runs"),
                          ("Compare", "paired runs of")):  # fmt: skip
        page.locator(".fs-nav").get_by_role("link", name=word).click()
        page.wait_for_url(lambda url, word=word: header_path(url) == word)
        said(page, arrived)
    assert sorted(query(page.url)["s"]) == sorted([A, B, C]) and query(page.url)["s"][0] == A


def header_path(url):
    return {"/": "What-if", "/compare": "Compare", "/watch": "Watch", "/explain": "Explain"}[urlsplit(url).path]


def test_a_file_of_any_size_survives_reload(page, tmp_path):
    changes = {f"step-{n:04}": {"from_week": 2, "set": {"market.price": 1 + n / 1000}} for n in range(300)}
    text = (
        "extends: nps-pay\ntitle: Large and ours\nmarket: {accounts: 300, initial_customers: 30}\nhorizon_weeks: 26\n"
    )
    path = tmp_path / "large.yaml"
    path.write_text(text + "timeline:\n  enabled: true\n  changes: " + json.dumps(changes) + "\n")
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    upload(page, path)
    page.wait_for_function("() => document.querySelector('.said').innerText.includes('Large and ours')")
    said(page, "24 paired runs under")
    found, address = page.locator(".said").inner_text(), page.url
    assert len(address) < 4000
    page.reload()
    said(page, "24 paired runs under")
    assert page.url == address and page.locator(".said").inner_text() == found
    page.locator(".fs-nav").get_by_role("link", name="Compare").click()
    said(page, "Side by side")
    assert "Large and ours" in page.locator(".said").inner_text()


def test_a_company_of_ones_own_is_pinned_has_plans_laid_over_it_and_is_there_after_a_reload(page, tmp_path):
    path = tmp_path / "school.yaml"
    path.write_text(
        "extends: b2b-two-teams\ntitle: Our school\nmarket: {accounts: 300, initial_customers: 30}\nhorizon_weeks: 26\n"
    )
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    upload(page, path)
    page.wait_for_function("() => document.querySelector('.said').innerText.includes('Our school')")
    page.get_by_role("button", name="Pin", exact=False).first.click()
    page.wait_for_function("() => !decodeURIComponent(location.href).includes('baseline=siloed')")
    own = query(page.url)["baseline"]
    for plan in ("churn-pay", "csat-pay"):
        choose(page, "Lay a plan over it", f"{TITLES[plan].title} (scheme)")
        page.wait_for_function("plan => decodeURIComponent(location.href).includes('+' + plan)", arg=plan)
    said(page, "24 paired runs under")
    opened, found = query(page.url), page.locator(".said").inner_text()
    assert opened["baseline"] == own and "+churn-pay+csat-pay" in opened["scenario"][0].replace(" ", "+")
    page.reload()
    said(page, "24 paired runs under")
    assert query(page.url) == opened and page.locator(".said").inner_text() == found


def test_reset_and_menus_say_what_is_open(page):
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    menus = {name: page.get_by_label(name, exact=True).first for name in ("Horizon", "What if", "Pinned baseline")}

    def shown(name):
        return menus[name].evaluate("e => e.closest('.q-field').innerText").split("\n")[0].strip()

    assert shown("Horizon") == "26 weeks"
    choose(page, "Horizon", "1 year")
    page.wait_for_function("() => decodeURIComponent(location.href).split('\"horizon_weeks\":52').length === 3")
    nudge(page, "market.price")
    assert shown("What if").endswith("4 changed") and shown("Pinned baseline").endswith("3 changed")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function(
        "() => document.querySelector('[aria-label=\"Horizon\"]').closest('.q-field').innerText.includes('5 years')"
    )
    assert "changed" not in shown("What if")
    opened = query(page.url)
    assert opened["scenario"] == ["relationship-flywheel"] and "horizon_weeks" not in opened["baseline"][0]
    said(page, "24 paired runs under")
    nudge(page, "market.price")
    page.wait_for_function(
        "() => document.querySelector('[aria-label=\"What if\"]').closest('.q-field').innerText.includes('1 changed')"
    )
    choose(page, "What if", shown("What if").split(",")[0])
    page.wait_for_function("() => !location.href.includes('market.price')")
    said(page, "24 paired runs under")


def test_a_switch_leaves_its_group_open(page):
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    page.get_by_text(re.compile(r"^M\d+ Cadence$")).click()
    page.locator("[data-path='cadence.pull']").wait_for()
    page.get_by_label(re.compile("cadence.enabled")).last.click()
    page.wait_for_function("() => decodeURIComponent(location.href).includes('\"cadence.enabled\":false')")
    page.wait_for_function("() => document.querySelectorAll(\"[data-path='cadence.enabled']\").length === 2")
    assert page.locator("[data-path='cadence.enabled']").last.is_visible()


def test_a_question_that_is_refused_has_no_answer(page):
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    verdict = page.locator(".said").inner_text()
    huge = link("relationship-flywheel", **{**SIZE, "market.accounts": 300_000})
    page.goto(f"/?baseline={quote(A)}&scenario={quote(huge)}")
    said(page, "the app takes at most 200,000 accounts")
    text = page.locator("body").inner_text()
    assert verdict not in text and "paired runs" not in text and "No answer" in page.locator(".said").inner_text()
    assert page.locator(".fs-chart").evaluate_all("all => all.filter(e => e.offsetWidth).length") == 0
    page.get_by_role("button", name="Reset").click()
    said(page, "24 paired runs under")
    assert page.locator(".fs-chart").evaluate_all("all => all.filter(e => e.offsetWidth).length") == 4
    assert "at most 200,000" not in page.locator("body").inner_text()


def test_a_file_that_is_refused_for_its_size_takes_the_old_answer_with_it(page, tmp_path):
    path = tmp_path / "huge.yaml"
    path.write_text("extends: nps-pay\ntitle: Huge\nmarket: {accounts: 300000}\n")
    page.goto(f"/?baseline={quote(A)}&scenario={quote(B)}")
    said(page, "24 paired runs under")
    upload(page, path)
    said(page, "the app takes at most 200,000 accounts")
    assert page.locator(".said").inner_text().startswith("No answer")
    page.reload()
    said(page, "the app takes at most 200,000 accounts")


def test_compare_shows_what_its_menus_say(page):
    page.goto(f"/compare?s={quote(A)}&s={quote(B)}&runs=10")
    said(page, "10 paired runs")
    before = page.locator(".said").inner_text()
    page.get_by_label("Scenario 2", exact=True).first.click()
    page.get_by_role("option").nth(3).click()
    page.wait_for_function("was => !document.body.innerText.includes(was)", arg=before)
    said(page, "Side by side")
    chosen = query(page.url)["s"]
    assert chosen[0] == A and chosen[1] != B and header(page, "Compare")["s"] == chosen
    page.get_by_role("button", name="Compare").click()
    said(page, "10 paired runs")
    page.reload()
    said(page, "10 paired runs")
    assert query(page.url) == {"s": chosen, "runs": ["10"]}


def test_watch_shows_no_run_of_another_luck(page):
    page.goto(f"/watch?s={quote(B)}&seed=3&with={quote(A)}&with={quote(B)}")
    said(page, "Pause")
    luck = page.get_by_label("Random draw")
    luck.fill("")
    said(page, "expected a whole number")
    assert page.locator(".fw-root").count() == 0
    luck.fill("12")
    said(page, "random draw no. 12;")
    page.locator(".fw-root").wait_for()
    assert query(page.url)["seed"] == ["12"] and header(page, "What-if") == {"baseline": [A], "scenario": [B]}


#: Of every kind of character that some language takes for an order.
NAMES = (
    'x innerHTML="<img src=x onerror=window[0]=1>" y', '"><script>window[0]=1</script>', "' onfocus='window[0]=1",
    "</textarea><svg onload=window[0]=1>", "{{constructor['constructor']('window[0]=1')()}}", "${window[0]=1}",
    "`;window[0]=1;`", "';window[0]=1;//", "v-on:click=broken", ":href=javascript:window[0]=1", "[bold]x[/]", "a\\b\\'",
    "&lt;b&gt;&#39;", "%3Cscript%3E", "ünï \N{SMILING FACE WITH OPEN MOUTH} \N{HEBREW LETTER ALEF}", "a;b{c}d|e",
    "$&$1", "#a,b>c~d+e*", "url(javascript:window[0]=1)", "\N{RIGHT-TO-LEFT OVERRIDE}abc", " a  b ", "__proto__",
    "constructor",
)  # fmt: skip
ORDERS = """() => [window[0] === 1, document.querySelectorAll('[onerror], [onload], [onfocus], img[src=x]').length,
  [...document.querySelectorAll('script')].filter(e => e.textContent.trim() === 'window[0]=1').length]"""


def test_a_name_is_never_an_order_to_a_page(page):
    """Teams and titles of any characters are words on every screen, and in the report."""
    team = {"headcount": 3, "craft": {"ease": 1.0}}
    title = "T " + " ".join(NAMES)
    word = link("relationship-flywheel", **SIZE, title=title, **{f"teams.{name}": team for name in NAMES})
    page.goto(f"/?baseline={quote(A)}&scenario={quote(word)}")
    page.locator(".q-expansion-item", has_text="Teams").first.click()
    page.wait_for_function("() => document.querySelectorAll('[data-path]').length > 60")
    paths = page.locator("[data-path]").evaluate_all("all => all.map(e => e.dataset.path)")
    assert {f"teams.{name}.headcount" for name in NAMES} <= set(paths)
    said(page, "24 paired runs under")
    assert title in page.locator(".said").evaluate("e => e.textContent")
    assert page.evaluate(ORDERS) == [False, 0, 0]
    page.goto(f"/watch?s={quote(word)}")
    said(page, "Pause")
    assert page.evaluate(ORDERS) == [False, 0, 0]
    page.goto(f"/compare?s={quote(A)}&s={quote(word)}&runs=10")
    said(page, "Side by side")
    page.locator(".fs-chart").first.hover()
    assert page.evaluate(ORDERS) == [False, 0, 0]
    with page.expect_popup() as opened:
        page.get_by_text("Open the report").click()
    report = opened.value
    report.wait_for_load_state()
    assert report.evaluate(ORDERS) == [False, 0, 0]
    assert all(name in report.locator("body").evaluate("e => e.textContent") for name in NAMES)
