"""Closed forms of customers who differ: how much they talk, how often they need help, what they have bought."""

import numpy as np
import pytest
from scipy.stats import norm

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical


def talkers(quiet, network, **word):
    """Half a market that speaks, for one week; the simulation after it."""
    company = quiet(
        horizon_weeks=1,
        market={
            "accounts": 60_000,
            "initial_customers": 30_000,
            "initial_advocates": 1.0,
            "network": network,
        },
        word_of_mouth={"rate": 0.2, "negative": 0.0, "normalise": "per_friend", **word},
    )
    simulation = Simulation([load(company).model], [(0, 3, 0)])
    speaks = simulation.state.status[:60_000] != 0
    simulation.advance(1)
    referrer = simulation.state.referrer[:60_000]
    brought = np.bincount(referrer[referrer >= 0], minlength=60_000)
    return simulation, brought[speaks], np.flatnonzero(speaks)


RING = {"kind": "ring", "degree": 10}


@pytest.mark.parametrize("spread", [0.6, 1.2])
def test_the_loudest_are_heard_for_their_share_of_a_lognormal(quiet, spread):
    """The top tenth of talkers says Phi(sigma - 1.2816) of all there is, and brings as much of the new customers."""
    simulation, brought, speakers = talkers(quiet, RING, talk_spread=spread)
    loud = simulation.state.talk[speakers]
    assert simulation.state.talk[:60_000].mean() == pytest.approx(1, abs=5 * np.sqrt(np.expm1(spread**2) / 60_000))
    top = loud >= np.quantile(loud, 0.9)
    said = loud[top].sum() / loud.sum()
    assert said == pytest.approx(norm.cdf(spread - norm.ppf(0.9)), abs=0.03)
    share, n = brought[top].sum() / brought.sum(), brought.sum()
    assert share == pytest.approx(said, abs=0.02 + 4 * np.sqrt(said * (1 - said) / n))


def test_what_an_account_hears_is_how_loud_its_friends_are(quiet):
    """Prospects join at the sum of their friends' talk over the mean number of friends."""
    simulation, *_ = talkers(quiet, {"kind": "configuration", "degree": 6}, talk_spread=1.2)
    state = simulation.state
    edge, friend = state.edge[:60_001], state.friend
    began = np.isin(state.source[:60_000], (0, 2, 3), invert=True)
    listener = np.repeat(np.arange(60_000), np.diff(edge))
    voice = np.where(began, state.talk[:60_000], 0.0)[friend[: edge[-1]]]
    heard = np.bincount(listener, voice, minlength=60_000)[~began] / (edge[-1] / 60_000)
    chance = -np.expm1(-0.2 * heard)
    joined = state.status[:60_000][~began] != 0
    for these in (heard < 0.2, (heard >= 0.2) & (heard < 1), heard >= 1):
        error = np.sqrt(np.sum(chance[these] * (1 - chance[these])))
        assert abs(joined[these].sum() - chance[these].sum()) < 4.5 * error


def test_talk_makes_no_demand(quiet):
    """However unequal voices are, they bring as many as before, less what is said twice to the same friend."""
    alike, unlike = (talkers(quiet, RING, talk_spread=spread, rate=0.02)[1].sum() for spread in (0.0, 0.8))
    assert unlike == pytest.approx(alike, abs=5 * np.sqrt(2 * alike))


def test_who_has_more_friends_brings_more_in_proportion(quiet):
    simulation, brought, speakers = talkers(quiet, {"kind": "configuration", "degree": 6}, rate=0.05)
    degree = np.diff(simulation.state.edge[:60_001])[speakers]
    few, many = degree <= 4, degree >= 10
    found = brought[many].mean() / brought[few].mean()
    assert found == pytest.approx(degree[many].mean() / degree[few].mean(), rel=0.15)


def test_where_all_have_as_many_friends_a_circle_is_an_average_circle(quiet, same_bits):
    def company(normalise):
        return quiet(
            horizon_weeks=20,
            market={"initial_customers": 300, "initial_advocates": 0.5, "network": {"kind": "ring", "degree": 4}},
            word_of_mouth={"rate": 0.2, "normalise": normalise},
        )

    same_bits(company("per_speaker"), company("per_friend"))


def helped(quiet, weeks=52, **service):
    """Customers with an issue a fortnight on average, and nothing else."""
    return quiet(
        horizon_weeks=weeks,
        market={"accounts": 20_000, "initial_customers": 20_000},
        ledger={"cost_of_revenue": 0.0},
        service={"fit_effect": 0, "first_contact_resolution": 1.0, "live_cost": 1.0, **service},
    )


@pytest.mark.parametrize("spread", [0.7, 1.4142135])
def test_issues_of_a_year_are_negative_binomial(quiet, once, spread):
    """A Gamma of rates with coefficient of variation v: mean m, variance m (1 + m v^2).  Cost counts the handled."""
    issues = once(helped(quiet, 53, issues=0.1, issue_spread=spread)).customers["cost"]
    mean = 0.1 * 52
    assert issues.mean() == pytest.approx(mean, rel=4 * np.sqrt((1 / mean + spread**2) / 20_000))
    # the kurtosis of such counts is about 3 + 6 v^2
    error = np.sqrt((2 + 6 * spread**2) / 20_000)
    assert issues.var() == pytest.approx(mean * (1 + mean * spread**2), rel=5 * error)


def test_what_is_bought_adds_its_work(quiet):
    """Everybody buys once in week 1 for all practical purposes: from week 2 on issues are 1 + w times as many."""
    expansion = {"rate": 20.0, "step": 0.1, "wallet": 1.1, "relationship_effect": 0.0}
    plain, more = (
        runs[0].series("contacts")[4:].mean()
        for runs in batch(
            [helped(quiet, 30, issues=0.2, product_work=work) | {"expansion": expansion} for work in (0.0, 0.5)],
            replicates=1,
        )
    )
    assert more / plain == pytest.approx(1.5, rel=0.02)
