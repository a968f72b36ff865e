"""A reader narrows what is believed possible: answers worked out beforehand are those of the worlds that are left."""

import re

import numpy as np
import pytest
from chromium import CHROMIUM, chromium
from jinja2 import Environment, PackageLoader, StrictUndefined

from flywheel_sim.present.argue import MOST_DOTS, argument, that_matter
from flywheel_sim.results.paired import won
from flywheel_sim.results.words import signed_money
from flywheel_sim.results.world_draws import WorldDraws

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def worlds(n=200, seed=3):
    draw = np.random.default_rng(seed)
    x = np.exp(0.3 * draw.normal(size=(n, 4))) * np.array([0.004, 0.3, 1000.0, 1.0])
    x[:, 3] = draw.integers(2, 7, n)
    paths = ["churn.hazard", "cadence.pull", "market.price", "service.heads"]
    labels = ["Chance a week that a customer leaves.", "How far a meeting turns a team", "Price & <such>", "Heads"]
    effects = 1e6 * (2 + 9 * np.log(x[:, 0] / 0.004) + 8 * np.log(x[:, 1] / 0.3) + x[:, 3] - 4 + draw.normal(size=n))
    return WorldDraws(x, paths, labels, ["a", "b", "c", "d"], ["", "share", "$ a month", ""]), effects


def saying(effects):
    """The verdict of what is left, by the one rule."""

    def say(left):
        kept = effects[left]
        share = float(np.mean(kept > 0))
        word = "won" if won(100 * share, len(kept)) else "open"
        low, middle, high = (signed_money(float(q)) for q in np.quantile(kept, (0.1, 0.5, 0.9)))
        return f"{word}: {int(np.sum(kept > 0))} better, {middle}, {low} to {high}"

    return say


def rendered(argued):
    pages = Environment(
        loader=PackageLoader("flywheel_sim.present"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    css, body = (pages.get_template(f"argue.{kind}.jinja").render(argument=argued) for kind in ("css", "html"))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>x</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{css}</style></head><body>{body}</body>'
    )


def number_of(text):
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def test_every_answer_is_that_of_the_worlds_in_its_ranges():
    """Ranges are read off what the page says of its stops, not off the classes behind them."""
    draws, effects = worlds()
    paths = ["churn.hazard", "cadence.pull", "service.heads"]
    argued = argument(draws, effects, paths, say := saying(effects))
    assert len(argued.answers) <= 1000
    for chosen, answer in argued.answers.items():
        left = np.ones(len(effects), bool)
        for one, (low, high) in zip(argued.assumptions, chosen, strict=True):
            values = draws.column(one.path)
            if not one.lows[low].open:
                left &= values >= number_of(one.lows[low].text)
            if not one.highs[high].open:
                left &= values <= number_of(one.highs[high].text)
        assert answer.left == left.sum()
        assert answer.sentence == (say(left) if left.any() else "")


def test_classes_hold_about_equally_many_worlds_and_whole_numbers_stay_whole():
    draws, effects = worlds()
    first, heads = argument(draws, effects, ["churn.hazard", "service.heads"], saying(effects)).assumptions
    assert len(first.lows) == 7 and all(20 <= count <= 37 for _, count in first.better)
    assert sum(count for _, count in first.better) == 200
    assert sum(better for better, _ in first.better) == np.sum(effects > 0)
    assert {stop.text for stop in (*heads.lows, *heads.highs)} <= set("23456")
    assert heads.lows[0].text == "2" and heads.highs[-1].text == "6"


def test_what_matters_is_offered_what_is_worth_finding_out_first():
    draws, effects = worlds()
    assert set(that_matter(draws, effects)) == {"churn.hazard", "cadence.pull", "service.heads"}
    told = {"name": "price", "path": "market.price", "paths": [], "evppi": 1.0, "evpi_share": 0.1}
    assert that_matter(draws, effects, [{**told, "distinguishable": True}])[0] == "market.price"
    assert "market.price" not in that_matter(draws, effects, [{**told, "distinguishable": False}])


def test_nothing_to_argue_about_has_no_section():
    draws = WorldDraws(np.ones((30, 1)), ["a.b"], ["A"], ["a"])
    assert argument(draws, np.ones(30), ["a.b"], str) is None
    assert argument(draws, np.ones(30), [], str) is None


def test_many_worlds_are_drawn_evenly():
    draws, effects = worlds(2000)
    argued = argument(draws, effects, ["churn.hazard"], saying(effects))
    assert len(argued.dots) == MOST_DOTS and argued.worlds == 2000
    assert np.mean([better for better, _ in argued.dots]) == pytest.approx(np.mean(effects > 0), abs=0.005)
    assert "evenly out of 2000" in rendered(argued)


def test_the_section_has_no_script_and_cannot_be_broken_by_words():
    draws, effects = worlds(60)
    text = rendered(argument(draws, effects, ["market.price"], lambda left: "<script>alert(1)</script>"))
    assert "<script" not in text and "Price &amp; &lt;such&gt;, $ a month" in text
    assert not re.search(r"\son\w+=", text) and "javascript:" not in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser, google-chrome or chrome here")
    with chromium() as made:
        yield made


def test_keys_narrow_a_range_and_the_answer_follows(browser, tmp_path):
    draws, effects = worlds()
    paths = ["churn.hazard", "cadence.pull", "service.heads"]
    argued = argument(draws, effects, paths, saying(effects))
    file = tmp_path / "argue.html"
    file.write_text(rendered(argued), encoding="utf-8")
    page, wrong = browser.new_page(), []
    page.on("console", lambda said: wrong.append(said.text))
    page.goto(file.as_uri())

    def shown():
        said = page.locator("#argue [role=status]").inner_text()
        lit = page.locator("#argue .crowd i").evaluate_all(
            "all => all.filter(i => getComputedStyle(i).opacity == 1).map(i => i.className[0])"
        )
        return said, lit  # fmt: skip

    def agrees(*chosen):
        answer, (said, lit) = argued.under(*chosen), shown()
        assert answer.sentence in said and f"{answer.left} of 200 worlds left" in said
        assert said.count("worlds left") == 1, "one answer at a time"
        assert len(lit) == answer.left and f"{lit.count('y')} better" in said

    last = [len(one.lows) - 1 for one in argued.assumptions]
    whole = [(0, end) for end in last]
    agrees(*whole)
    page.keyboard.press("Tab")  # lower end of the first
    page.keyboard.press("ArrowRight")
    agrees((1, last[0]), *whole[1:])
    page.keyboard.press("Tab")  # its upper end
    page.keyboard.press("ArrowLeft")
    agrees((1, last[0] - 1), *whole[1:])
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    agrees((1, last[0] - 1), (2, last[1]), whole[2])
    # ends cannot cross: what lies below the lower end is not there to be chosen
    assert not page.locator("#a1h1").is_visible() and page.locator("#a1h2").is_visible()
    page.get_by_role("radio", name="at least 5").check()
    page.get_by_role("button", name="All worlds again").click()
    agrees(*whole)
    page.keyboard.press("Enter")  # a form without script goes nowhere
    assert page.url == file.as_uri() and not wrong
