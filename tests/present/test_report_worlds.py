"""A report over worlds: its first page speaks of worlds, and a reader argues with it, under the one content policy."""

import re
from dataclasses import replace

import numpy as np
import pytest
from page_links import Links
from random_walk_runs import runs

from flywheel_sim.present.report import render
from flywheel_sim.present.tables import comparison_table
from flywheel_sim.results import Outcomes
from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.words import signed_money
from flywheel_sim.results.world_answer import WorldRuns
from flywheel_sim.results.world_draws import ToLearn, WorldDraws
from flywheel_sim.study.worlds.failing import failing

N = 60


def over(outcomes: Outcomes, luck: float = 4e5, won: int | None = None) -> Outcomes:
    """The same runs, said to be of worlds that differ in four numbers; so many of them won, if that is said."""
    draw = np.random.default_rng(5)
    values = np.exp(0.3 * draw.normal(size=(N, 6))) * np.array([0.004, 0.3, 1000.0, 1.0, 8.0, 2.0])
    draws = WorldDraws(
        values, ("market.churn.mean", "cadence.pull", "market.price", "service.patience", "journey.memory", "m.x"),
        ("Chance that a customer leaves", "How far a meeting turns a team", "Price", "Patience", "Memory", "X"),
        ("market", "cadence", "market", "service", "journey", "m"), ("", "share", "$", "weeks", "weeks", ""),
    )  # fmt: skip
    effects = 1e6 * (1 + 6 * np.log(values[:, 0] / 0.004) + 5 * np.log(values[:, 1] / 0.3) + 0.4 * draw.normal(size=N))
    if won is not None:
        effects -= np.sort(effects)[[N - won - 1, N - won]].mean()
    learn = [
        ToLearn(name="How far meetings turn teams", path="cadence.pull", paths=["cadence.pull"], evppi=3e5,
                evpi_share=0.4, distinguishable=True, measure="start the meeting in some teams first"),
        ToLearn(name="Prices", path="market.price", paths=["market.price"], evppi=2e4, evpi_share=0.03,
                distinguishable=False),
    ]  # fmt: skip
    region = failing(draws, effects)
    made = WorldRuns(
        company="a company", source="made up", digest="0" * 64, seed=1, numbers=np.arange(N), draws=draws,
        again=np.zeros((2, 6)), effects=np.array([np.zeros(N), effects]), luck=np.array([0.0, luck]),
        n_eff=np.array([N, 0.9 * N]), evpi=7.5e5, learn_first=tuple(learn), fails_where=region.sentence, region=region,
    )  # fmt: skip
    return replace(outcomes, worlds_run=made)


@pytest.fixture(scope="module")
def found() -> Outcomes:
    return over(Outcomes.of(runs(N)))


@pytest.fixture(scope="module")
def page(found: Outcomes) -> str:
    return render(found)


def test_the_first_page_speaks_of_worlds(found: Outcomes, page: str) -> None:
    worlds = found.verdict.worlds
    assert worlds is not None
    body = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
    top = body[: body.index("Cumulative value")]
    assert found.verdict.sentence in top and found.basis in top
    assert f"{round(worlds.share * N)} of {N}" in top and signed_money(worlds.median) in top
    assert "Worlds in which it is better" in top and "Chance it is better" not in top
    assert "To know everything before deciding would be worth $750k on average" in top
    assert "First: how far meetings turn teams ($300k)." in top
    assert found.worlds_run is not None and found.worlds_run.fails_where in top
    assert "--swings" not in page, "one assumption at a time is another question"
    assert "Luck moves the difference of a run by $400k" in body
    assert "paired runs is known to" not in body


@pytest.mark.parametrize(("won", "said", "tile"), [(159, "79 of 100", "79"), (75, "62 of 100", "37")])
def test_worlds_won_are_one_number_on_sentence_tile_and_table(
    won: int, said: str, tile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """159 of 200 were 80 of 100 in the sentence and 79 in the table below it."""
    monkeypatch.setitem(globals(), "N", 200)
    outcomes = over(Outcomes.of(runs(200)), won=won)
    assert f"in {said} worlds" in str(outcomes.verdict.sentence)
    assert f">{tile} of 100<" in render(outcomes)
    cells = [list(column.cells) for column in comparison_table(outcomes).columns]
    assert cells[-1][[str(cell) for cell in cells[0]].index("better, of 100 worlds")] == tile


def test_the_order_is_verdict_dots_argument_charts(page: str) -> None:
    places = [page.index(f'id="{name}"') for name in ("worlds", "fails", "argue")]
    assert page.index('aria-label="Verdict"') < places[0] < places[1] < places[2] < page.index("Cumulative value")


def test_nothing_runs_and_nothing_is_fetched(page: str) -> None:
    links = Links(page)
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(links.tags)
    assert all(link.startswith(("#", "data:")) for link in links.found)
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert len(links.ids) == len(set(links.ids))
    assert len(page) < 1_000_000


def test_all_worlds_give_the_verdict_and_fewer_give_theirs(found: Outcomes, page: str) -> None:
    """What is shown before anything is narrowed is the verdict itself."""
    assert page.count(str(found.verdict.sentence).replace("'", "&#39;")) >= 2
    assert f"{N} of {N} worlds left." in page


def test_a_saved_comparison_makes_the_same_report(found: Outcomes, page: str, tmp_path) -> None:
    assert render(Outcomes.open(found.save(tmp_path / "x"))) == page


def test_as_assumed_has_none_of_it() -> None:
    text = render(Outcomes.of(runs(6)))
    assert 'id="argue"' not in text and 'id="worlds"' not in text and "#argue" not in text


def test_where_no_region_stands_out_it_is_said_and_the_first_chart_stands_beside(found: Outcomes, page: str) -> None:
    runs = found.worlds_run
    assert runs is not None
    none = FailsWhere(N, 7)
    text = render(replace(found, worlds_run=replace(runs, fails_where=none.sentence, region=none)))
    assert none.sentence in text and text.count('id="fails"') == 1
    for heading in ("Cumulative value", "Relationship", "Where it fails"):
        assert text.count(f">{heading}<") == page.count(f">{heading}<") == 1
    assert text.index(">Cumulative value<") < text.index('id="argue"') < page.index(">Cumulative value<")
