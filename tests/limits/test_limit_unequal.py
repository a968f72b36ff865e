"""Closed forms of customers who differ: how much they talk, how often they need help, what they have bought."""

import numba
import numpy as np
import pytest
from scipy.stats import norm

from flywheel_sim.engine.mechanisms import m24_measures
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical


@numba.njit
def who_replies(bond, z, e, silent):
    return np.array([m24_measures.replies(bond, z[i], e[i], silent) for i in range(z.size)])


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


# --- what is counted of every account ---------------------------------------------------------------------------------


def lived(quiet, **changes):
    """Customers who are touched, have issues, buy more and are asked, served by one team."""
    touch = {"stage": "use", "owner": "desk", "rate": 0.4, "hours": 0.5, "base_success": 0.8}
    help_desk = {"stage": "service", "owner": "desk", "hours": 2.0, "base_success": 0.8}
    return quiet(
        horizon_weeks=30,
        teams={"desk": {"headcount": 40, "craft": {"care": 1}, "salary": 52_000}},
        journey={"match_effect": 0.0, "touchpoints": {"visit": touch, "help": help_desk}},
        service={"issues": 0.2, "first_contact_resolution": 0.7},
        capacity={"staffing": False},
        expansion={"rate": 0.02},
        sensing={"survey_weeks": 5, "response_rate": 0.4},
        relationship={},
        ledger={"cost_of_revenue": 0.0},
        measures={"per_account": True},
        **changes,
    )


def test_what_is_counted_of_accounts_adds_up_to_the_weeks(quiet, once):
    run = once(lived(quiet))
    accounts = run.accounts
    assert accounts["contacts"].sum() == run.series("handled").sum()
    assert accounts["failures"].sum() == run.series("defects").sum() + run.series("repeat_contacts").sum()
    assert accounts["answers"].sum() == run.series("survey_answers").sum() > 0
    assert accounts["bought"].sum() == run.series("expansions").sum() > 0
    assert np.all(accounts["promoting"] + accounts["detracting"] <= accounts["answers"])
    assert accounts["relationship"].mean() == pytest.approx(run.series("relationship")[-1], rel=1e-6)
    assert accounts["hours"].sum() == pytest.approx(0.5 * accounts["touches"].sum() + 2 * accounts["contacts"].sum())


def test_counting_changes_no_bit_and_costs_no_column_where_it_is_not_asked_for(quiet, same_bits, once):
    asked = lived(quiet)
    plain = {**asked, "measures": {**asked["measures"], "per_account": False}}
    same_bits(asked, plain)
    assert "hours" not in once(plain).accounts and len(once(plain).accounts) == 15


def test_pay_that_is_charged_to_accounts_is_conserved(quiet, once):
    """All of the team's pay in every week with hours, by the hours: none of it is for winning customers."""
    plain = once(lived(quiet))
    charged = once({**lived(quiet), "ledger": {"enabled": True, "cost_of_revenue": 0.0, "allocate_payroll": True}})
    more = charged.accounts["cost"] - plain.accounts["cost"]
    assert more.sum() == pytest.approx(40 * 1000 * 30, rel=1e-5)
    hours = charged.accounts["hours"]
    assert np.corrcoef(more, hours)[0, 1] > 0.99 and np.all(more[hours == 0] == 0)


@pytest.mark.parametrize(("rate", "bond"), [(0.1, 0.5), (0.4, 0.5), (0.4, 0.8)])
def test_of_normal_relationships_those_who_answer_are_above_by_the_closed_form(rate, bond):
    """Mean z of who answers: rho phi(q)/r, q = Phi^-1(1 - r); a share r answers (S28)."""
    z, e = np.random.default_rng(1).standard_normal((2, 200_000)).astype(np.float32)
    q = np.float32(norm.ppf(1 - rate))
    answered = who_replies(np.float32(bond), z, e, q)
    assert answered.mean() == pytest.approx(rate, abs=0.005)
    assert z[answered].mean() == pytest.approx(bond * norm.pdf(q) / rate, abs=4 / np.sqrt(200_000 * rate))


def test_the_bias_of_a_survey_falls_with_its_response(quiet):
    """Surveyed less true score, where the good relationships answer: less with every further answer."""
    bias = []
    for rate in (0.05, 0.3, 0.9):
        sensing = {"survey_weeks": 5, "response_rate": rate, "response_bond": 0.7, "relationship_spread": 0.1}
        company = lived(quiet) | {"sensing": {"enabled": True, "need_drift": 0.0, **sensing}}
        runs = batch([company], replicates=4)[0]
        bias.append(np.mean([r.series("nps_survey")[9::5] - r.series("nps_true")[9::5] for r in runs]))
    assert bias[0] > bias[1] > bias[2]


def test_a_company_at_rest_begins_as_it_goes_on(quiet, once):
    bond = {"relationship_reference": 0.4, "effort_reference": 0.8, "experience_reference": 0.75, "start": 0.2}
    new, rested = (
        once({**lived(quiet), "relationship": {"enabled": True, **bond}, "market": {**lived(quiet)["market"], **rest}})
        for rest in ({}, {"at_rest": True})
    )
    assert new.initial["effort"] == 0 and rested.initial["effort"] == pytest.approx(0.8)
    assert rested.initial["relationship"] == pytest.approx(0.4) and rested.initial["experience"] == pytest.approx(0.75)
    assert new.series("handled")[0] == 0
    assert rested.series("handled")[0] == pytest.approx(0.2 * 1000, abs=4 * np.sqrt(200))


def test_a_company_at_rest_has_deals_that_wait_for_their_budgets(quiet):
    """Agreed at week 0: of each account the deals of a weeks since its window shut, p (1 - e^-ha)/(1 - e^-h)."""
    h, p, accounts, window = 0.03, 0.004, 40_000, 6
    funnel = {"enabled": True, "qualify": 0.5, "propose": 0.5, "close": 0.5, "onboard": 1.0}
    company = quiet(
        horizon_weeks=2,
        market={"accounts": accounts, "initial_customers": 10, "external": p, "at_rest": True, "funnel": funnel},
        contracts={"window_weeks": window, "window_effect": "timing", "agreed_loss": h, "involuntary": 0},
    )
    ages = np.arange(1, 53 - window)
    chance = 1 - np.exp(-p * (1 - np.exp(-h * ages)) / (1 - np.exp(-h)))
    run = batch([company], replicates=1)[0][0]
    assert run.initial["agreed"] == pytest.approx(accounts * chance.sum() / 52, rel=0.04)
    new = batch([{**company, "market": {**company["market"], "at_rest": False}}], replicates=1)[0][0]
    assert new.initial["agreed"] == 0
    # from the first week as many sign as will in a year that is like any other: those whose window opens
    signed = accounts * chance[-1] / 52
    assert run.series("new_customers")[0] == pytest.approx(signed + accounts * p * window / 52, rel=0.3)
