"""Choices of the model that nobody knows are drawn like numbers, the same in every plan."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reliability import see

import flywheel_sim as fs
from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.present.argue import argument, that_matter
from flywheel_sim.present.worlds import where_chart
from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.world_draws import WorldDraws
from flywheel_sim.results.worlds import Worlds, read_worlds
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.study.worlds.drawing import WorldDrawing
from flywheel_sim.study.worlds.failing import failing
from flywheel_sim.study.worlds.prior import Prior

KIND, TEAMS = "market.network.kind", "journey.directions"
STRUCTURE = {
    "network": {"path": KIND, "options": {"ring": 1, "watts-strogatz": 2, "blocks": 1}},
    "teams": {"path": TEAMS, "options": {"vector": 3, "additive": 1}},
}
SMALL = {"market.accounts": 120, "market.initial_customers": 30, "horizon_weeks": 60}


@pytest.fixture(scope="module")
def company() -> Scenario:
    return load("b2b-saas").with_({**SMALL, "doubt.structure": STRUCTURE}).settled()


def worlds_of(company: Scenario, count: int) -> WorldDrawing:
    base = company.base()
    every = Worlds("mine", Prior.of(base).hash, engine_hash(), 1, count, np.arange(count), {}, {}, fitting=count)
    return WorldDrawing(every, base)


def test_options_come_as_often_as_they_are_likely_and_apart_from_each_other(company: Scenario) -> None:
    prior, n = Prior.of(company), 20_000
    values = prior.values(prior.scores(np.arange(n), 1))
    column = {one.path: values[:, k] for k, one in enumerate(prior.numbers)}
    law = {one.path: one.law for one in prior.numbers}
    for path, weights in ((KIND, {"ring": 1, "watts-strogatz": 2, "blocks": 1}), (TEAMS, {"vector": 3, "additive": 1})):
        for place, option in enumerate(law[path].options):
            share = weights[option] / sum(weights.values())
            # 5 standard errors: a false alarm in a million
            assert abs(np.mean(column[path] == place) - share) < 5 * np.sqrt(share * (1 - share) / n)
    assert abs(np.corrcoef(column[KIND], column[TEAMS])[0, 1]) < 5 / np.sqrt(n)
    others = [k for k, one in enumerate(prior.numbers) if one.group == "market"]
    scores = prior.scores(np.arange(n), 1)
    own = scores[:, prior.paths.index(KIND)]
    assert max(abs(np.corrcoef(own, scores[:, k])[0, 1]) for k in others) < 5.5 / np.sqrt(n)


def test_a_draw_is_the_scenario_that_says_the_same(company: Scenario) -> None:
    prior = Prior.of(company)
    rows = prior.values(prior.scores(np.arange(12), 1))
    assert {prior.of_draw(row).get(KIND) for row in rows} == {"ring", "watts-strogatz", "blocks"}
    for row in rows:
        assert prior.of_draw(row) == company.with_(prior.entries(row))


def test_every_plan_has_the_choice_of_the_world_unless_it_makes_it_itself(company: Scenario) -> None:
    drawn = worlds_of(company, 16)
    plan, own = company.plus("flywheel-group"), company.plus({"market": {"network": "ring"}})
    kinds = [drawn.each(company, k).get(KIND) for k in range(16)]
    assert len(set(kinds)) == 3
    assert [drawn.each(plan, k).get(KIND) for k in range(16)] == kinds
    assert {drawn.each(own, k).get(KIND) for k in range(16)} == {"ring"}
    assert [drawn.each(own, k).get(TEAMS) for k in range(16)] == [drawn.each(plan, k).get(TEAMS) for k in range(16)]
    set_by_hand = company.with_({KIND: "complete", "word_of_mouth.talk_spread": 0})
    assert {drawn.each(set_by_hand, k).get(KIND) for k in range(16)} == {"complete"}


def test_what_is_known_is_not_drawn_and_nothing_else_moves(company: Scenario) -> None:
    known = company.with_({"doubt.known": [*company.model.doubt.known, KIND]}).settled()
    one, other = Prior.of(company), Prior.of(known)
    assert set(one.paths) - set(other.paths) == {KIND}
    assert one.hash != other.hash
    left = [k for k, path in enumerate(one.paths) if path != KIND]
    assert np.array_equal(one.scores(np.arange(5), 1)[:, left], other.scores(np.arange(5), 1))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (
            {"path": "market.network.knd", "options": {"ring": 1, "blocks": 1}},
            r"did you mean 'market\.network\.kind'\?",
        ),
        ({"path": "teams.sales.headcount", "options": {"a": 1, "b": 1}}, "there is no choice of the model at"),
        ({"path": KIND, "options": {"rig": 1, "blocks": 1}}, r"options\.rig: .*did you mean 'ring'\?"),
        ({"path": KIND, "options": {"ring": -1, "blocks": 1}}, "between 0 and 1000000.*got -1"),
        ({"path": KIND, "options": {"ring": 1, "blocks": 0}}, "two options or more"),
        ({"path": TEAMS, "options": {"vector": 1, "additive": 1}}, "is drawn in"),
    ],
    ids=["path", "number", "option", "weight", "one", "twice"],
)
def test_what_is_no_choice_is_refused_by_name(company: Scenario, choice: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        company.with_({"doubt.structure": {**STRUCTURE, "odd": choice}})


def test_a_decision_is_not_drawn_and_that_is_told(company: Scenario) -> None:
    style = {"path": "leadership.style", "options": {"collaborate": 1, "command": 1}}
    prior = Prior.of(company.with_({"doubt.structure.style": style}).settled())
    assert "leadership.style" not in prior.paths
    assert any("leadership.style is not drawn: it is a decision" in one for one in prior.told)


def test_a_choice_is_tied_to_nothing(company: Scenario) -> None:
    with pytest.raises(ScenarioError, match="drawn apart from everything else"):
        company.with_({"doubt.tied": {"both": [KIND, "market.price"]}})


def test_making_tells_what_was_drawn_and_what_is_left(company: Scenario, tmp_path: Path) -> None:
    bare = company.with_({"frozen": None, "doubt.known": ["teams", "ledger"]}).settled()
    found = fs.worlds(bare, draws=24, out=tmp_path / "made")
    again = read_worlds(tmp_path / "made")
    (kind,) = [one for one in again.learned if one.path == KIND]
    assert kind.options == ("blocks", "ring", "watts-strogatz")
    assert kind.prior == (0.25, 0.25, 0.5)
    assert sum(kind.worlds) == pytest.approx(1.0, abs=1e-3)
    prior = Prior.of(bare)
    place = prior.values(prior.scores(found.numbers, 1))[:, prior.paths.index(KIND)]
    assert kind.worlds == tuple(round(float(np.mean(place == k)), 4) for k in range(3))


def test_a_world_has_the_references_of_its_options(company: Scenario) -> None:
    """The length of what is served is a reference where vectors are added, and nowhere else."""
    path = "journey.length_reference"
    bare = company.with_({"frozen": None, "horizon_weeks": 30}).settled()
    found = fs.worlds(bare, draws=12)
    prior = Prior.of(bare)
    law = prior.numbers[prior.paths.index(TEAMS)].law
    place = prior.values(prior.scores(found.numbers, 1))[:, prior.paths.index(TEAMS)]
    added = place == law.options.index("additive")
    assert added.any() and not added.all()
    assert (found.references[path][~added] == bare.get(path)).all()
    assert not (found.references[path][added] == bare.get(path)).any()


def test_a_short_horizon_has_references_of_its_last_week(company: Scenario) -> None:
    short = company.with_({"frozen": None, "horizon_weeks": 5}).settled()
    found = fs.worlds(short, draws=3)
    assert all(np.isfinite(column).all() for column in found.references.values())


def test_a_comparison_tells_choices_in_words_and_keeps_them(company: Scenario, tmp_path: Path) -> None:
    drawn = worlds_of(company, 8)
    drawn.worlds.save(tmp_path / "worlds.json")
    (tmp_path / "mine.yaml").write_text(company.to_yaml())
    mine = load(tmp_path / "mine.yaml")
    Worlds(str(tmp_path / "mine.yaml"), Prior.of(mine.base()).hash, engine_hash(), 1, 8, np.arange(8), {}, {},
           fitting=8).save(tmp_path / "worlds.json")  # fmt: skip
    found = fs.compare([mine, mine.plus("flywheel-group")], worlds=8, worlds_from=tmp_path / "worlds.json")
    assert set(found.worlds[KIND]) <= {"ring", "watts-strogatz", "blocks"}
    assert set(found.worlds[TEAMS]) <= {"vector", "additive"}
    opened = fs.open(found.save(tmp_path / "kept"))
    assert opened.worlds.equals(found.worlds)


def table(count: int = 300) -> tuple[WorldDraws, np.ndarray]:
    luck = np.random.default_rng(1)
    values = np.column_stack((luck.integers(0, 3, count), luck.random(count)))
    draws = WorldDraws(
        values, (KIND, "cadence.pull"), ("Who knows whom", "Pull"), ("structure", "cadence"),
        options={KIND: ("blocks", "ring", "small-world")},
    )  # fmt: skip
    return draws, np.where(values[:, 0] == 1, -1.0, 1.0) + 0.1 * luck.normal(size=count)


def test_where_a_plan_fails_is_told_in_options() -> None:
    draws, effects = table()
    found = failing(draws, effects)
    assert found.limits == {KIND: ("ring",)}
    assert "where who knows whom is ring: in" in found.sentence
    assert FailsWhere.from_dict(found.to_dict()).sentence == found.sentence
    figure = where_chart(draws, effects, found)
    assert figure is not None
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["blocks", "ring", "small-world"]
    (region,) = [patch for patch in axes.patches if patch.get_alpha() == 0.12]
    assert region.get_x() == pytest.approx(0.6)
    assert region.get_width() == pytest.approx(0.8)


def test_a_reader_narrows_a_choice_by_its_options() -> None:
    draws, effects = table()
    found = argument(draws, effects, [KIND], lambda left: f"{int(left.sum())}")
    assert found is not None
    (one,) = found.assumptions
    assert [stop.text for stop in one.lows] == [stop.text for stop in one.highs] == ["blocks", "ring", "small-world"]
    assert found.under((1, 1)).left == int(np.sum(draws.column(KIND) == 1))
    assert KIND in that_matter(draws, effects)


def test_a_structure_that_truths_have_is_theirs_alone(company: Scenario) -> None:
    """What is set for truths is not drawn over."""
    ring = {KIND: "ring", TEAMS: "additive"}
    told = see(company, ["flywheel-group"], [0, 1], structure=ring, workers=1)
    sure = company.with_({**ring, "doubt.structure.network": None, "doubt.structure.teams": None}).settled()
    again = see(sure, ["flywheel-group"], [0, 1], workers=1)
    assert np.array_equal(told.differences, again.differences)
