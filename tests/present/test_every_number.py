"""Every number of a report, in tables, tiles, sentences and charts' words, is one that the comparison tells elsewhere.

A number worked out for the page alone, or in another way, is not among those of JSON, and fails here by its text.
Settings stand in rows with their path, and are what the scenarios have.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from random_walk_runs import runs

from flywheel_sim.present.report import render
from flywheel_sim.results import Outcomes
from flywheel_sim.results.assumptions import key_assumptions, tally
from flywheel_sim.results.bridge import Bridge, Group
from flywheel_sim.results.swings import Bar, Swings
from flywheel_sim.results.words import money, number, of_100, percent, signed_money

#: An amount, a share or a plain number, with its sign and unit, as a page writes it.
NUMBER = re.compile(
    r"(?<![\w.,/-])[+\N{MINUS SIGN}\N{PLUS-MINUS SIGN}]?\$?\d+(?:,\d{3})*(?:\.\d+)?(?:k|m|bn)?(?: %)?(?![\w/]|,\d)"
)
#: What a page says of itself: the width of its intervals, ends of scales, ordinals.
OF_THE_PAGE = {"80 %", "0", "1", "100", "50 %", "95 %", "10", "90 %"}


def assumptions(made: Outcomes) -> tuple[Bridge, Swings]:
    """A bridge and swings whose numbers agree with the comparison's."""
    difference = made.verdict.difference
    parts = np.array([[[0.7 * difference]] * 7, [[0.3 * difference]] * 7])
    groups = (Group("pay", ("incentives",), ("vectors.pay_pull",)), Group("group", ("cadence",), ("cadence.enabled",)))
    weekly = np.outer([0.7, 0.3], made.fans["difference"][1, :, 1])
    bridge = Bridge(*made.labels, groups, ("npv",), parts, parts, parts, weekly, 4, 0, np.zeros((2, 1)), ())
    bar = Bar("word_of_mouth.rate", "Strength of one voice", "1/week", 0.004, 0.002, 0.006, -3.1e5, 9.3e5)
    return bridge, Swings(*made.labels, difference, (bar,), None, (0.5, 1.5), 4)


@pytest.fixture(scope="module")
def made() -> Outcomes:
    plain = Outcomes.of(runs(31))
    bridge, swings = assumptions(plain)
    return replace(plain, split=bridge, swings=swings)


def numbers(values: Any) -> Iterator[float]:
    """Every number in JSON values, however deep."""
    if isinstance(values, Mapping):
        for one in values.values():
            yield from numbers(one)
    elif isinstance(values, list | tuple):
        for one in values:
            yield from numbers(one)
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield float(values)


def known(made: Outcomes) -> set[str]:
    """How a page may write what JSON tells, what runs there are, and whom they are about."""
    told = made.to_dict()
    model = made.scenarios[0].model
    found = [*numbers({k: v for k, v in told.items() if k != "provenance"}), *numbers(told["bridge"])]
    found += [model.market.accounts, model.market.initial_customers, len(model.teams), made.weeks / 52]
    found += [float(fan[k, -1, q]) for fan in made.fans.values() for k in range(len(made.labels)) for q in range(3)]
    found += [float(angle) for paths in made.teams if paths is not None for angle in paths.angle[-1].ravel()]
    listed, of = key_assumptions(made.scenarios), tally(made.scenarios[made.best])
    found += [len(listed), len(listed) - 2 * 12, *vars(of).values()]
    low, high = made.verdict.interval
    words = set(OF_THE_PAGE) | {f"\N{PLUS-MINUS SIGN}{money((high - low) / 2)}"}
    for value in found:
        for one in {value, abs(value)}:
            words |= {money(one), signed_money(one), percent(one), of_100(one), f"{one:.0f}"}
            words |= {number(one, digits) for digits in (2, 3, 4, 7, 9)}
    return words


def without(page: str, *tags: str) -> str:
    for tag in tags:
        page = re.sub(rf"<{tag}\b.*?</{tag}>", " ", page, flags=re.S)
    return page


def rows_of_settings(page: str) -> Iterator[tuple[str, list[str]]]:
    """Path and cells of every row that is about a setting."""
    for row in re.findall(r"<tr>.*?</tr>", page, re.S):
        if "<td>" in row and (path := re.search(r"<code>(.*?)</code>", row)):
            cells = re.findall(r'<td class="[nv]">(.*?)</td>', row, re.S)
            yield html.unescape(path[1]), [html.unescape(re.sub(r"<[^>]+>", " ", cell)).strip() for cell in cells]


def test_every_number_is_one_that_the_comparison_tells(made: Outcomes) -> None:
    page = without(render(made), "style", "script", "svg", "head", "footer")
    page = re.sub(r'<section[^>]*id="sources".*?</section>', " ", page, flags=re.S)  # titles of other people's papers
    for row in re.findall(r"<tr>.*?</tr>", page, re.S):
        page = page.replace(row, " ") if "<code>" in row and "<td>" in row else page
    text = html.unescape(re.sub(r"<[^>]+>", " ", without(page, "code")))
    allowed, seen = known(made), NUMBER.findall(text)
    assert len(seen) > 60, "the page has lost its numbers, or this test cannot read it"
    assert sorted({one for one in seen if one.strip() not in allowed}) == []


def test_what_a_chart_says_in_words_is_told_elsewhere(made: Outcomes) -> None:
    labels = [html.unescape(one) for one in re.findall(r'aria-label="([^"]*)"', render(made))]
    seen = [one for label in labels for one in NUMBER.findall(label)]
    assert len(seen) > 20
    allowed = known(made)
    assert sorted({one for one in seen if one.strip() not in allowed}) == []


def test_settings_are_what_the_scenarios_have(made: Outcomes) -> None:
    checked = 0
    for path, cells in rows_of_settings(render(made)):
        values = [scenario.get(path) for scenario in made.scenarios]
        values = values[:1] if values[0] == values[1] else values
        plain = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        said = [
            float(one.replace(",", "").replace("\N{MINUS SIGN}", "-")) for cell in cells for one in PLAIN.findall(cell)
        ]
        if plain:
            assert said[: len(plain)] == pytest.approx(plain, rel=5e-3), (path, cells)
            checked += 1
    assert checked > 100


PLAIN = re.compile(r"[-\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?")
