"""What it is worth to find something out: closed forms, what luck may not do, and how far the estimators are off."""

import math

import numpy as np
import pytest
from normal_difference import normal_information

from flywheel_sim.results.finding_out import _MECHANISMS, how_to_learn, plain_name
from flywheel_sim.results.world_draws import WorldDraws
from flywheel_sim.scenario import load
from flywheel_sim.scenario.schema import MECHANISMS
from flywheel_sim.study.worlds.prior import Prior
from flywheel_sim.study.worlds.shrinkage import shrink
from flywheel_sim.study.worlds.value_of_information import candidates, evpi, evppi, learn_first


def table(values, groups=None):
    """Draws with plain names; the groups are mechanisms of five inputs each where none are given."""
    p = values.shape[1]
    names = [f"block{k // 5}.input{k}" for k in range(p)]
    return WorldDraws(values, names, [f"input {k}" for k in range(p)], groups or [f"group {k // 5}" for k in range(p)])


def normal_worlds(seed, n, *, rho=0.7, mean=0.3, luck=0.0, inputs=15):
    """A normal difference of standard deviation 1 that correlates with input 0 by rho, with the last one else."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, inputs))
    d = mean + rho * x[:, 0] + math.sqrt(1 - rho**2) * x[:, -1]
    return table(x), d + luck * draw.normal(size=n)


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (1.0, 1.0), (-0.5, 2.0), (3.0, 1.0)])
def test_evpi_of_a_normal_difference_is_the_closed_form(mean, spread):
    n = 200_000
    d = np.random.default_rng(5).normal(mean, spread, n)
    error = np.std(np.maximum(d, 0.0) - (d if mean > 0 else 0.0)) / math.sqrt(n)
    assert abs(evpi(d) - normal_information(mean, spread)) < 3 * error


def test_evpi_counts_a_world_by_its_weight():
    d = np.array([-2.0, 1.0, 4.0])
    assert evpi(d, np.array([2.0, 1.0, 3.0])) == pytest.approx(evpi(np.repeat(d, [2, 1, 3])))


@pytest.mark.parametrize(("rho", "mean"), [(0.7, 0.3), (0.4, -0.1), (0.9, 0.8)])
def test_evppi_of_a_bivariate_normal_is_the_closed_form(rho, mean):
    """The mean over data sets is within three of its standard errors plus 2 % of a standard deviation for the bias,
    which is known to be downwards.
    """
    draws = [normal_worlds(seed, 1500, rho=rho, mean=mean) for seed in range(8)]
    found = [evppi(made.only([made.paths[0]]), y) for made, y in draws]
    true = normal_information(mean, rho)
    values = np.array([one.value for one in found])
    assert abs(values.mean() - true) < 3 * np.sqrt(np.mean([one.error**2 for one in found]) / len(found)) + 0.001
    assert all(abs(one.value - true) < 4 * one.error for one in found), "one in 16 000 each"


@pytest.mark.statistical
@pytest.mark.parametrize("n", [200, 1000])
def test_luck_alone_is_worth_nothing(n):
    """Of 20 data sets of luck, more than four with a find have a chance of 1 in 400 at 5 %."""
    finds, values = 0, []
    for seed in range(20):
        draw = np.random.default_rng([seed, 3])
        found = learn_first(table(draw.normal(size=(n, 10))), 0.05 + draw.normal(size=n), seed=seed)
        finds += any(one["distinguishable"] for one in found)
        values += [one["evppi"] for one in found]
    assert finds <= 4
    assert np.mean(values) < 0.01, "of a standard deviation; in sample the best three of cubic fits claim far more"


def test_luck_biases_downwards_and_never_upwards():
    """Luck twice as large as what is to be known: the estimate may lose a part of it, not gain one."""
    true = normal_information(0.3, 0.7)
    values = np.array([
        candidates(made, y, None, {"it": made.paths[:5]}, seed)[0].value
        for seed, (made, y) in enumerate(normal_worlds([seed, 7], 1000, luck=2.0) for seed in range(8))
    ])  # fmt: skip
    assert 0.4 * true < values.mean() < true + 2 * values.std(ddof=1) / math.sqrt(len(values))


def test_a_decision_that_hangs_on_two_inputs_together_is_found():
    """Neither input tells anything on its own; a line finds nothing."""
    draw = np.random.default_rng(11)
    x = draw.normal(size=(1000, 10))
    found = learn_first(table(x), x[:, 6] * x[:, 8] - 0.1)
    assert found[0]["name"] == "group 1" and found[0]["distinguishable"]
    assert set(found[0]["paths"]) >= {"block1.input6", "block1.input8"}
    assert not found[1]["distinguishable"]


def test_what_matters_comes_first_with_its_path_and_its_share():
    made, y = normal_worlds(1, 1000)
    found = learn_first(made, y)
    assert {one["name"] for one in found[:2]} == {"group 0", "group 2"}, "both tell about as much"
    assert {found[0]["path"], found[1]["path"]} == {"block0.input0", "block2.input14"}
    assert found[0]["evppi"] >= found[1]["evppi"] > 0
    assert 0 < found[1]["evpi_share"] <= 1
    assert not found[2]["distinguishable"]


def test_named_groups_may_cut_across_mechanisms():
    made, y = normal_worlds(2, 600)
    groups = {"what we know": made.paths[1:3], "what we do not": (made.paths[0], made.paths[14])}
    found = learn_first(made, y, groups=groups)
    assert [one["name"] for one in found] == ["what we do not", "what we know"]
    assert found[0]["evpi_share"] > 0.85, "both together are all there is"


def test_the_same_seed_gives_the_same_numbers_and_the_unit_does_not_matter():
    made, y = normal_worlds(3, 300)
    once = learn_first(made, y, seed=4)
    assert learn_first(made, y, seed=4) == once
    in_thousands = learn_first(made, 1000 * y, seed=4)
    assert [one["evppi"] for one in in_thousands] == pytest.approx([1000 * one["evppi"] for one in once])


def test_a_world_that_stands_twice_teaches_nothing_about_itself():
    """Resampled worlds come with copies; were they in two folds, luck would be learned by heart."""
    draw = np.random.default_rng(8)
    x, y = draw.normal(size=(150, 5)), draw.normal(size=150)
    rows = draw.integers(0, 150, 1200)
    assert not learn_first(table(x[rows]), y[rows])[0]["distinguishable"]


def test_too_few_worlds_and_no_difference_are_worth_nothing():
    made, y = normal_worlds(4, 12)
    assert {one["evppi"] for one in learn_first(made, y)} == {0.0}
    made, y = normal_worlds(4, 100)
    assert {one["evpi_share"] for one in learn_first(made, np.zeros(100))} == {0.0}


@pytest.mark.parametrize(
    ("effects", "weights"),
    [(np.ones(9), None), (np.full(10, np.nan), None), (np.ones(10), np.ones(9)), (np.ones(10), -np.ones(10))],
)
def test_what_does_not_fit_together_is_refused(effects, weights):
    with pytest.raises(ValueError):
        learn_first(table(np.random.default_rng(1).normal(size=(10, 5))), effects, weights)


class TestShrinkage:
    """Luck twice as large as the spread of the worlds."""

    @staticmethod
    def data(seed, n=200, again=60, make=None, luck=2.0):
        draw = np.random.default_rng(seed)
        truth = draw.normal(1.0, 1.0, n) if make is None else make(draw, n)
        world = np.r_[0:n, 0:again]
        return truth, truth[world] + luck * draw.normal(size=len(world)), world

    @pytest.mark.statistical
    def test_the_share_of_better_worlds_is_right_on_average(self):
        raw, shrunk, guessed = [], [], []
        for seed in range(200):
            _, runs, world = self.data(seed)
            found = shrink(runs, world)
            raw.append(np.mean(runs[:200] > 0))
            shrunk.append(np.mean(found.effects > 0))
            guessed.append(np.mean(found.guesses > 0))
        assert np.mean(raw) == pytest.approx(0.67, abs=0.01)
        # where the spread of worlds cannot be told from luck, all worlds count alike: a small bias, within two points
        assert np.mean(shrunk) == pytest.approx(0.841, abs=0.02)
        assert np.mean(guessed) > 0.9, "best guesses are too close together to be counted"

    def test_both_variances_come_back(self):
        _, runs, world = self.data(1, n=20_000, again=5_000)
        found = shrink(runs, world)
        assert (found.luck, found.worlds) == (pytest.approx(2.0, rel=0.03), pytest.approx(1.0, rel=0.1))
        assert np.std(found.effects) == pytest.approx(1.0, rel=0.1)

    def test_best_guesses_are_nearer_to_the_truth_than_what_was_seen(self):
        truth, runs, world = self.data(2, n=2000, again=500)
        found = shrink(runs, world)
        assert np.mean((found.guesses - truth) ** 2) < 0.5 * np.mean((found.means - truth) ** 2)

    def test_a_world_seen_more_often_is_believed_more(self):
        draw = np.random.default_rng(6)
        world = np.r_[0:400, np.repeat(np.arange(200), 4)]
        truth = draw.normal(size=400)
        found = shrink(truth[world] + 2 * draw.normal(size=len(world)), world)
        kept = (found.guesses - np.mean(found.guesses)) / (found.means - np.mean(found.guesses))
        assert np.median(kept[:200]) > np.median(kept[200:])

    @pytest.mark.statistical
    def test_luck_alone_is_worth_nothing_and_tells_next_to_nothing(self):
        """At 5 %, more than five of 30 data sets have a chance of 1 in 300."""
        made = [self.data(seed, make=lambda draw, n: np.zeros(n)) for seed in range(30)]
        found = [shrink(runs, world) for _, runs, world in made]
        assert sum(one.evpi() > 0 for one in found) <= 5
        assert np.median([one.n_eff for one in found]) < 15

    def test_worlds_that_differ_are_worth_what_the_closed_form_says(self):
        values = [shrink(runs, world).evpi() for _, runs, world in (self.data(s, 2000, 1000) for s in range(20))]
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values) - normal_information(1.0, 1.0)) < 3 * error < 0.02

    def test_worlds_that_agree_stay_sure_however_large_luck_is(self):
        _, runs, world = self.data(4, make=lambda draw, n: np.full(n, 2.0))
        found = shrink(runs, world)
        assert np.mean(found.effects > 0) > 0.95 and found.n_eff > 30

    def test_without_luck_every_world_counts_whole(self):
        truth, runs, world = self.data(5, luck=0.0)
        found = shrink(runs, world)
        assert found.effects == pytest.approx(truth) and found.n_eff == pytest.approx(200, rel=1e-9)

    def test_runs_without_repeats_stay_as_they_are_and_say_so(self):
        found = shrink(np.array([1.0, -1.0, 3.0, 2.0]), np.arange(4))
        assert found.effects.tolist() == [1.0, -1.0, 3.0, 2.0] and math.isnan(found.luck)
        assert "luck is part of its difference" in found.sentence

    @pytest.mark.parametrize("world", [[0, 2], [0, -1], [0]])
    def test_worlds_without_a_run_are_refused(self, world):
        with pytest.raises(ValueError):
            shrink(np.ones(2), np.array(world))


def test_every_mechanism_says_in_plain_words_what_it_is_and_how_to_find_out():
    names = set(MECHANISMS.values())
    assert names | {"structure", "teams", "segments"} == set(_MECHANISMS)
    numbers = Prior.of(load("b2b-saas")).numbers + Prior.of(load("everything-on")).numbers
    assert {one.group for one in numbers} <= set(_MECHANISMS), "whatever is drawn can be named"
    assert len({plain_name(name) for name in names}) == len(names)
    assert all(how_to_learn(f"{name}.x") for name in names)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("away", [0.5, 3.0, 7.0, 8.0, 9.0, 10.0, 12.0, 300.0])
def test_worlds_that_all_go_one_way_count_whichever_way(sign, away):
    """A share that rounds to 1 is as well known as one that rounds to 0: no answer gets open by being clear."""
    luck = np.random.default_rng(5)
    world = np.r_[0:200, 0:20]
    runs = away + luck.normal(size=200)[world] + 0.3 * luck.normal(size=220)
    one, other = shrink(sign * runs, world), shrink(-sign * runs, world)
    assert one.n_eff == pytest.approx(other.n_eff, rel=1e-6)
    assert 20 < one.n_eff < 200.001
    if away > 5:
        assert one.n_eff == pytest.approx(200)
